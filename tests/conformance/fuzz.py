"""Coverage-guided fuzzing with Atheris: ``nox -s fuzz``.

There are two targets. The LAP parser must read a text and print it unchanged, or refuse it with a
position in the text. The decoding of responses must return a model, or raise one of two errors.
Anything else is a crash, which Atheris prints, and it keeps the input.
"""

from __future__ import annotations

import importlib
import json
import sys
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

TARGETS = ("lap", "responses")
_SPEC = Path(__file__).parents[2] / "codegen/spec/amazonaws-com-ecr.lap"


def read_lap(data: bytes) -> None:
    """Check what the parser guarantees."""
    from tests.codegen.test_lap import check_total

    check_total(data.decode("utf-8", "surrogateescape"))


def read_response(data: bytes) -> None:
    """Check what the codec guarantees; the first byte chooses the operation."""
    from ecrclient import ResponseDecodeError, ServiceError
    from ecrclient._awsjson.protocol.codec import decode_error, decode_response
    from ecrclient.operations import OPERATIONS

    operations = list(OPERATIONS.values())
    operation, body = operations[(data[:1] or b"\0")[0] % len(operations)], data[1:]
    with suppress(ResponseDecodeError):
        response = decode_response(operation, body, status=200, request_id=None)
        assert type(response) is operation.response
        assert repr(response)
    assert isinstance(decode_error(operation, body, {}, status=400), ServiceError)


def _seed(target: str, corpus: Path) -> None:
    """Write the first inputs: the endpoints of the spec, and the most complete responses."""
    if target == "lap":
        head, *endpoints = _SPEC.read_text(encoding="utf-8").split("\n\n@endpoint")
        head = head.replace("49", "1")
        for number, endpoint in enumerate(endpoints):
            text = f"{head}\n\n@endpoint{endpoint.partition('@end')[0]}\n\n@end\n"
            (corpus / f"{number}.lap").write_text(text, encoding="utf-8")
        return
    from ecrclient.operations import OPERATIONS
    from tests.tools.operation_examples import wire_output

    for number, operation in enumerate(OPERATIONS.values()):
        body = json.dumps(wire_output(operation)).encode()
        (corpus / f"{operation.name}.json").write_bytes(bytes([number]) + body)


def main() -> None:
    """``python -m tests.conformance.fuzz TARGET CORPUS [libFuzzer's options]``."""
    target, corpus, *options = sys.argv[1:]
    folder = Path(corpus)
    folder.mkdir(parents=True, exist_ok=True)
    atheris: Any = importlib.import_module("atheris")
    warnings.simplefilter("ignore")
    with atheris.instrument_imports(include=["codegen", "ecrclient"]):
        importlib.import_module("codegen.lap")
        importlib.import_module("ecrclient.operations")
        importlib.import_module("ecrclient._awsjson.protocol.codec")
    _seed(target, folder)
    atheris.Setup([sys.argv[0], corpus, *options], read_lap if target == "lap" else read_response)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
