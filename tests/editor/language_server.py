"""A client of pyright's language server, for completions and hover texts.

Source: "Language Server Protocol Specification - 3.17".
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

__all__ = ["Editor", "open_editor"]

_SETTINGS: dict[str, Any] = {
    "python": {"pythonPath": sys.executable},
    # No work other than for the requests of the tests.
    "python.analysis": {"diagnosticMode": "openFilesOnly", "indexing": False},
}


class Editor:
    """An editor with one cursor, whose position ``|`` marks in the code."""

    def __init__(self, folder: Path, to: IO[bytes], of: IO[bytes]) -> None:
        self._folder = folder
        self._to = to
        self._of = of
        self._ids = itertools.count(1)
        self._files = itertools.count(1)

    def start(self) -> None:
        """Initialize the server."""
        uri = self._folder.as_uri()
        self._request(
            "initialize",
            {
                "processId": None,
                "rootUri": uri,
                "workspaceFolders": [{"uri": uri, "name": "user"}],
                "capabilities": {
                    "workspace": {"configuration": True, "workspaceFolders": True},
                    "textDocument": {"hover": {"contentFormat": ["markdown"]}},
                },
            },
        )
        self._notify("initialized", {})

    def stop(self) -> None:
        """Shut the server down."""
        self._request("shutdown", None)
        self._notify("exit", None)

    def completions(self, code: str) -> set[str]:
        """The labels of the completions at the cursor."""
        found = self._at_cursor("textDocument/completion", code)
        assert found is not None, "no completions"
        return {str(item["label"]) for item in found["items"]}

    def hover(self, code: str) -> str:
        """The hover text of the name before the cursor, as Markdown."""
        found = self._at_cursor("textDocument/hover", code, back=1)
        return "" if found is None else str(found["contents"]["value"])

    def _at_cursor(self, method: str, code: str, back: int = 0) -> Any:
        before, mark, after = code.partition("|")
        assert mark, "the code has no cursor"
        uri = (self._folder / f"file{next(self._files)}.py").as_uri()
        document = {"uri": uri, "languageId": "python", "version": 1, "text": before + after}
        self._notify("textDocument/didOpen", {"textDocument": document})
        position = {
            "line": before.count("\n"),
            "character": len(before.rpartition("\n")[2]) - back,
        }
        result = self._request(method, {"textDocument": {"uri": uri}, "position": position})
        self._notify("textDocument/didClose", {"textDocument": {"uri": uri}})
        return result

    # -- the protocol ----------------------------------------------------------------------------

    def _request(self, method: str, params: Any) -> Any:
        number = next(self._ids)
        self._send({"id": number, "method": method, "params": params})
        while True:
            message = self._receive()
            if message.get("id") == number and "method" not in message:
                assert "error" not in message, message
                return message["result"]
            if "method" in message and "id" in message:
                self._send({"id": message["id"], "result": _respond(message)})

    def _notify(self, method: str, params: Any) -> None:
        self._send({"method": method, "params": params})

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._to.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._to.flush()

    def _receive(self) -> dict[str, Any]:
        length = 0
        while (line := self._of.readline()) not in {b"\r\n", b""}:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        assert length, "the server has ended"
        message: dict[str, Any] = json.loads(self._of.read(length))
        return message


def _respond(request: dict[str, Any]) -> Any:
    """The result of a request from the server to the editor."""
    if request["method"] == "workspace/configuration":
        return [_SETTINGS.get(item["section"], {}) for item in request["params"]["items"]]
    return None


@contextmanager
def open_editor(folder: Path) -> Generator[Editor]:
    """Open *folder* in an editor."""
    command = [sys.executable, "-m", "pyright.langserver", "--stdio"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            editor = Editor(folder, server.stdin, server.stdout)
            editor.start()
            yield editor
            editor.stop()
        finally:
            server.terminate()
