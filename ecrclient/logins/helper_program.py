"""Other credential helpers: a password is stored in one, or erased, as docker does."""

from __future__ import annotations

import json
import re
import subprocess
from contextlib import suppress

import anyio

from ecrclient.logins.credentials import RegistryCredentials
from ecrclient.logins.errors import LoginFileError

__all__ = ["erase", "is_helper_name", "store"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SECONDS = 60
_MAX_SHOWN = 200
_MAX_OUTPUT = 65_536


def is_helper_name(name: str) -> bool:
    """Whether a text can follow ``docker-credential-`` in the name of a program."""
    return _NAME.fullmatch(name) is not None


async def store(path: str, helper: str, registry: str, credentials: RegistryCredentials) -> None:
    """Store the credentials of a registry in a helper.

    Args:
        path: The file that names the helper, for errors.
        helper: The name of the helper.
        registry: The host of the registry.
        credentials: The credentials.

    Raises:
        LoginFileError: The helper is not installed, or failed.
    """
    secret = credentials.password.get_secret_value()
    sent = {"ServerURL": registry, "Username": credentials.username, "Secret": secret}
    await _run(path, helper, "store", json.dumps(sent), secret)


async def erase(path: str, helper: str, registry: str) -> None:
    """Erase the credentials of a registry in a helper.

    Args:
        path: The file that names the helper, for errors.
        helper: The name of the helper.
        registry: The host of the registry.

    Raises:
        LoginFileError: The helper is not installed, or failed.
    """
    await _run(path, helper, "erase", registry, "")


async def _run(path: str, helper: str, action: str, given: str, secret: str) -> None:
    program = f"docker-credential-{helper}"
    if not is_helper_name(helper):
        raise LoginFileError(path, "names a credential helper that cannot be a program")
    try:
        with anyio.fail_after(_SECONDS):
            code, output = await _converse([program, action], given.encode())
    except FileNotFoundError:
        raise LoginFileError(path, f"names {program}, which is not installed") from None
    except TimeoutError:
        raise LoginFileError(path, f"{program} did not end within {_SECONDS} seconds") from None
    except OSError as error:
        raise LoginFileError(path, f"{program}: {error.strerror or error}") from None
    if code:
        # A helper should not print what it was given.
        is_shown = output and given not in output and not (secret and secret in output)
        shown = f": {output[:_MAX_SHOWN]}" if is_shown else ""
        raise LoginFileError(path, f"{program} {action} failed with exit code {code}{shown}")


async def _converse(command: list[str], given: bytes) -> tuple[int, str]:
    """Run a program with an input that fits into a pipe; return its exit code and its output."""
    async with await anyio.open_process(command, stderr=subprocess.DEVNULL) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        # A program may end without reading its input.
        with suppress(anyio.BrokenResourceError, OSError):
            await process.stdin.send(given)
        with suppress(anyio.BrokenResourceError, OSError):
            await process.stdin.aclose()
        output = b""
        async for piece in process.stdout:
            output = (output + piece)[:_MAX_OUTPUT]
        code = await process.wait()
    return code, " ".join(output.decode(errors="replace").split())
