"""A server that assumes roles, as AWS STS does."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import parse_qs

from ecrclient import Credentials

__all__ = ["FAR", "sts_server"]

FAR = datetime(2999, 1, 1, tzinfo=UTC)
_RESPONSE = """\
<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>\
<AssumedRoleUser><Arn>{arn}</Arn><AssumedRoleId>ARO:x</AssumedRoleId></AssumedRoleUser>\
<Credentials><AccessKeyId>{key.access_key_id}</AccessKeyId>\
<SecretAccessKey>{key.secret_access_key}</SecretAccessKey>\
<SessionToken>{token}</SessionToken><Expiration>{expiration}</Expiration></Credentials>\
</AssumeRoleResult></AssumeRoleResponse>"""


@contextmanager
def sts_server(key: Credentials) -> Generator[tuple[str, list[dict[str, str]]]]:
    """Run a server that returns *key* for every role; provide its URL and its requests."""
    requests: list[dict[str, str]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            request = {name: values[0] for name, values in parse_qs(body).items()}
            requests.append(request)
            text = _RESPONSE.format(
                arn=request["RoleArn"],
                key=key,
                token=key.session_token or "",
                expiration=(key.expires_at or FAR).strftime("%Y-%m-%dT%H:%M:%SZ"),
            ).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: object) -> None: ...

    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{httpd.server_port}", requests
    finally:
        httpd.shutdown()
        thread.join()
        httpd.server_close()
