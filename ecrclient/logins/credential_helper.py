"""``docker-credential-ecrclient``: a credential helper for docker, podman, skopeo and others.

It fetches a new password for each request, with the AWS credentials and settings of its
environment, and stores nothing. The protocol is that of ``docker/docker-credential-helpers``: the
action is the argument, the input is read from standard input, and the output or the error goes to
standard output. The exit code is 0, or 1 after an error.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import anyio
import anyio.to_thread

from ecrclient._awsjson.settings.options import CallOptions
from ecrclient._awsjson.settings.resolution import ClientArguments, resolve_settings
from ecrclient._awsjson.version import __version__
from ecrclient.client import ECRClient
from ecrclient.errors import ECRClientError
from ecrclient.operations import SERVICE
from ecrclient.references import ImageReferenceError, RegistryHost

__all__ = ["find_registry", "main"]

_NAME = "docker-credential-ecrclient"
_USAGE = f"usage: {_NAME} get|list|store|erase|version"
# The texts by which docker recognizes these errors.
_NOT_FOUND = "credentials not found in native keychain"
_NO_SERVER = "no credentials server URL"
_NO_USER = "no credentials username"
_MAX_INPUT = 1024 * 1024
_DEADLINE_SECONDS = 60


class _HelperError(Exception):
    """An error whose message is the output."""


class _Registry(NamedTuple):
    """A registry that the helper can log in to."""

    client: ECRClient
    registry_id: str | None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one action, and return the exit code.

    Args:
        arguments: The arguments; None for those of the process.
    """
    given = sys.argv[1:] if arguments is None else arguments
    try:
        output = _run(given)
    except _HelperError as error:
        output, code = str(error), 1
    except ECRClientError as error:
        output, code = " ".join(f"{type(error).__name__}: {error}".split()), 1
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001 - a traceback could show secrets
        output, code = f"unexpected error: {type(error).__name__}", 1
    else:
        code = 0
    if output:
        print(output)
    return code


def _run(arguments: Sequence[str]) -> str:
    match arguments:
        case ["get"]:
            return anyio.run(_get, _read_server())
        case ["list"]:
            return anyio.run(_list)
        case ["store"]:
            return anyio.run(_store, _read())
        case ["erase"]:
            # There is nothing to erase; "docker logout" must not fail.
            _read_server()
            return ""
        case ["version" | "--version"]:
            return f"{_NAME} (ecrclient) {__version__}"
        case _:
            raise _HelperError(_USAGE)


async def _get(server: str) -> str:
    registry = await find_registry(server)
    if registry is None:
        raise _HelperError(_NOT_FOUND)
    async with registry.client as ecr:
        login = await ecr.registry_credentials(registry.registry_id)
    secret = login.password.get_secret_value()
    return json.dumps({"ServerURL": server, "Username": login.username, "Secret": secret})


async def _list() -> str:
    """The registry of the caller's account in the configured Region."""
    try:
        async with ECRClient(options=_options()) as ecr:
            login = await ecr.registry_credentials()
    except ECRClientError as error:
        # docker lists all registries before it builds an image, which may need no registry of ECR.
        print(f"{_NAME}: {type(error).__name__}: {error}", file=sys.stderr)
        return "{}"
    return json.dumps({login.registry: login.username})


async def _store(content: str) -> str:
    """Accept a password for a registry of ECR without storing it, so that "docker login" works."""
    try:
        members: object = json.loads(content)
    except (ValueError, RecursionError):
        members = None
    if not isinstance(members, dict):
        raise _HelperError("the input must be a JSON object with ServerURL, Username and Secret")
    sent = cast("dict[str, Any]", members)
    server, username = sent.get("ServerURL"), sent.get("Username")
    if not isinstance(server, str) or not server:
        raise _HelperError(_NO_SERVER)
    if not isinstance(username, str) or not username:
        raise _HelperError(_NO_USER)
    registry = await find_registry(server)
    if registry is None:
        raise _HelperError("not implemented: only passwords of ECR are provided, none are stored")
    await registry.client.aclose()
    note = "the password was not stored: a new one is fetched when it is needed"
    print(f"{_NAME}: {note}", file=sys.stderr)
    return ""


async def find_registry(server: str) -> _Registry | None:
    """The registry that a server's URL names; None if it is none of ECR."""
    host = _host(server)
    try:
        parsed = RegistryHost.parse(host)
    except ImageReferenceError:
        parsed = None
    region = None if parsed is None else parsed.region
    endpoint = await anyio.to_thread.run_sync(_configured_endpoint, region)
    if parsed is None:
        # The registry of an in-memory ECR has the host of its API.
        if endpoint is None or not host or _host(endpoint) != host:
            return None
        return _Registry(ECRClient(options=_options()), None)
    client = ECRClient(
        region=parsed.region,
        # The API's endpoint of the same kind: a machine may reach only IPv6 addresses, for example.
        use_fips=True if parsed.fips and endpoint is None else None,
        use_dualstack=True if parsed.dual_stack and endpoint is None else None,
        options=_options(),
    )
    return _Registry(client, parsed.account_id)


def _configured_endpoint(region: str | None) -> str | None:
    """The endpoint URL of the environment or the profile; it blocks while files are read."""
    arguments = ClientArguments(region, None, None, None, None)
    try:
        configured = resolve_settings(arguments, SERVICE.service_id).endpoint.configured
    except ECRClientError:
        return None  # a client for this host reports it
    return None if configured is None else configured.text


def _host(server: str) -> str:
    """The host and port of a server's URL, which need not have a scheme."""
    address = server.partition("://")[2] or server
    return address.partition("/")[0].lower()


def _options() -> CallOptions:
    return CallOptions(deadline=_DEADLINE_SECONDS)


def _read_server() -> str:
    server = _read().strip()
    if not server:
        raise _HelperError(_NO_SERVER)
    return server


def _read() -> str:
    content = sys.stdin.buffer.read(_MAX_INPUT + 1)
    if len(content) > _MAX_INPUT:
        raise _HelperError(f"the input is longer than {_MAX_INPUT} bytes")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise _HelperError("the input is not UTF-8") from None


if __name__ == "__main__":
    sys.exit(main())
