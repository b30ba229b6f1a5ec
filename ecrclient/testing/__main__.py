"""``python -m ecrclient.testing``: an in-memory ECR over HTTP, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import argparse
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


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until a signal comes; the exit status."""
    stop = threading.Event()

    def ask_to_stop(*_: object) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask_to_stop)
    options = _parser().parse_args(arguments)
    try:
        _serve(options, stop)
    except (ModuleNotFoundError, OSError, ValueError) as error:
        print(f"python -m ecrclient.testing: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ecrclient.testing", description="An in-memory Amazon ECR over HTTP."
    )
    parser.add_argument("--host", default="127.0.0.1", help="the address (default: %(default)s)")
    parser.add_argument(
        "--port", type=int, default=5001, help="the port, 0 for any free one (default: %(default)s)"
    )
    parser.add_argument("--region", help="the AWS Region (default: us-east-1, or the state's)")
    parser.add_argument(
        "--account-id", help="the account, twelve digits (default: 123456789012, or the state's)"
    )
    parser.add_argument(
        "--state",
        type=Path,
        metavar="FILE",
        help="load the state from FILE, and save it at the end",
    )
    parser.add_argument(
        "--layers-dir",
        type=Path,
        metavar="FOLDER",
        help="keep the bytes of layers in files of FOLDER, not in memory and in the state",
    )
    parser.add_argument(
        "--part-size",
        type=int,
        default=PART_SIZE,
        metavar="BYTES",
        help="the size of layer parts to advertise (default: %(default)s)",
    )
    return parser


def _serve(options: argparse.Namespace, stop: threading.Event) -> None:
    ecr = _registry(options)
    # Nobody can look at them.
    ecr.calls.keep(0)
    with ecr.serve(options.host, options.port) as server:
        print(f"# {ecr!r} at {server.url}; stop it with Ctrl-C. To use it:")
        for name, value in server.environment().items():
            print(f"export {name}={shlex.quote(value)}")
        sys.stdout.flush()
        # In pieces: where signals do not interrupt a wait (Windows), one has to end.
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
            # Else it would be at the end that the state cannot be saved.
            raise FileNotFoundError(f"there is no folder {state.parent} to save {state.name} in")
        return InMemoryECR(**given, layers_dir=options.layers_dir, part_size=options.part_size)
    ecr = InMemoryECR.load(state, layers_dir=options.layers_dir, part_size=options.part_size)
    for name, value in given.items():
        if getattr(ecr, name) != value:
            raise ValueError(f"the {name} of {state} is {getattr(ecr, name)}, not {value}")
    return ecr


if __name__ == "__main__":
    sys.exit(main())
