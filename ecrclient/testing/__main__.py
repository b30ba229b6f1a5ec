"""``python -m ecrclient.testing``: serve an in-memory ECR over HTTP until Ctrl-C or SIGTERM."""

from __future__ import annotations

import argparse
import json
import logging
import shlex
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from .in_memory_ecr import InMemoryECR
from .store import PART_SIZE

__all__ = ["main"]

_POLL = 0.5
_PROGRAM = "python -m ecrclient.testing"


def main(arguments: Sequence[str] | None = None, *, program: str = _PROGRAM) -> int:
    """Serve until SIGINT or SIGTERM arrives, and return the exit status.

    Args:
        arguments: The arguments; None for those of the process.
        program: The name of the program in messages.
    """
    stop = threading.Event()

    def request_stop(*_: object) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, request_stop)
    options = _parser().parse_args(arguments)
    try:
        _serve(options, stop)
    except (ModuleNotFoundError, OSError, ValueError) as error:
        print(f"{program}: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=_PROGRAM, description="Serve an in-memory Amazon ECR over HTTP."
    )
    parser.add_argument(
        "--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)"
    )
    parser.add_argument(
        "--port",
        type=int,
        default=5001,
        help="the port to listen on; 0 means any free port (default: %(default)s)",
    )
    parser.add_argument("--region", help="the AWS Region (default: the state's, or us-east-1)")
    parser.add_argument(
        "--account-id",
        help="the account ID, twelve digits (default: the state's, or 123456789012)",
    )
    parser.add_argument(
        "--state",
        type=Path,
        metavar="FILE",
        help="load the state from FILE if it exists, and save it to FILE on exit",
    )
    parser.add_argument(
        "--layers-dir",
        type=Path,
        metavar="FOLDER",
        help="store layers as files in FOLDER, instead of in memory and in the state file",
    )
    parser.add_argument(
        "--part-size",
        type=int,
        default=PART_SIZE,
        metavar="BYTES",
        help="the part size that InitiateLayerUpload advertises (default: %(default)s)",
    )
    parser.add_argument(
        "--deviations",
        action="store_true",
        help="imitate the deviations from the OCI distribution specification that users report",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="print the URL and the environment variables as one line of JSON",
    )
    return parser


def _serve(options: argparse.Namespace, stop: threading.Event) -> None:
    ecr = _registry(options)
    # Tools for images try TLS first, which uvicorn logs as a warning about an invalid request.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    # No code can read the recorded calls here.
    ecr.calls.keep(0)
    if options.deviations:
        ecr.registry_behavior.imitate_deviations()
    with ecr.serve(options.host, options.port) as server:
        if options.json:
            print(json.dumps({"url": server.url, "environment": server.environment()}))
        else:
            print(f"# {ecr!r} at {server.url}; press Ctrl-C to stop. To use it:")
            for name, value in server.environment().items():
                print(f"export {name}={shlex.quote(value)}")
        sys.stdout.flush()
        # On Windows, signals do not interrupt a wait, so each wait must end soon.
        while not stop.wait(_POLL):
            pass
    if options.state is not None:
        ecr.save(options.state)


def _registry(options: argparse.Namespace) -> InMemoryECR:
    given = {"region": options.region, "account_id": options.account_id}
    given = {name: value for name, value in given.items() if value is not None}
    state: Path | None = options.state
    if state is None or not state.exists():
        if state is not None and not state.parent.is_dir():
            # Otherwise saving would fail on exit, and the state would be lost.
            raise FileNotFoundError(
                f"cannot save {state.name}: the folder {state.parent} does not exist"
            )
        return InMemoryECR(**given, layers_dir=options.layers_dir, part_size=options.part_size)
    ecr = InMemoryECR.load(state, layers_dir=options.layers_dir, part_size=options.part_size)
    for name, value in given.items():
        if getattr(ecr, name) != value:
            raise ValueError(f"{name} in {state} is {getattr(ecr, name)}, not {value}")
    return ecr


if __name__ == "__main__":
    sys.exit(main())
