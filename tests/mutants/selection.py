"""The modules of a full run, and the tests that are tried on the mutants of a module."""

from __future__ import annotations

from pathlib import Path

_RUNTIME = Path("ecrclient/_awsjson")
_FULL = ["transport/*", "attempts/*", "calling/*", "over_httpx/sender.py", "credentials/*"]

MODULES = [
    str(file)
    for pattern in _FULL
    for file in sorted(_RUNTIME.glob(pattern))
    if file.suffix == ".py" and "def " in file.read_text(encoding="utf-8")
]
"""Transport, sending and credentials."""

_READINESS = ["transport/test_readiness.py", "transport/test_closing.py"]
_PARSER = ["transport/test_parser.py"]

_TESTS = {
    "transport/anyio_readiness": _READINESS,
    "transport/asyncio_readiness": _READINESS,
    "transport/readiness": _READINESS,
    "transport/body": ["transport/test_body.py", "transport/test_content_encoding.py"],
    "transport/h11_parser": _PARSER,
    "transport/httptools_parser": _PARSER,
    "transport/parser_choice": _PARSER,
    "transport/origin": ["over_httpx/test_pooled_transport.py"],
    "transport/response": ["over_httpx/test_pooled_transport.py", "transport/test_errors.py"],
    "transport/pool": [
        "transport/test_pool.py",
        "transport/test_pool_timeout.py",
        "transport/test_cancellation.py",
        "transport/test_closing.py",
    ],
    "transport/byte_transport": [
        "transport/test_byte_transport.py",
        "transport/test_pool.py",
        "transport/test_resend.py",
        "transport/test_faults.py",
        "over_httpx/test_pooled_transport.py",
    ],
    "calling/call": [
        "calling/test_call.py",
        "calling/test_retry_client.py",
        "calling/test_budget.py",
        "calling/test_clock.py",
        "calling/test_telemetry.py",
        "credentials/test_renewal.py",
        "test_client.py",
    ],
    "calling/retry": [
        "calling/test_retry.py",
        "calling/test_retry_state.py",
        "calling/test_retry_deviations.py",
    ],
    "calling/client_state": [
        "calling/test_client_state.py",
        "test_client_lifecycle.py",
        "transport/test_closing.py",
    ],
    "credentials/base": ["credentials/test_base.py", "credentials/test_selection.py"],
    "credentials/pending_refresh": [
        "credentials/test_pending_refresh.py",
        "credentials/test_refresh.py",
    ],
    "credentials/refresh": [
        "credentials/test_refresh.py",
        "credentials/test_refresh_thread.py",
        "credentials/test_renewal.py",
        "credentials/test_timeouts.py",
    ],
    "credentials/selection": [
        "credentials/test_default_provider.py",
        "credentials/test_selection.py",
    ],
    "credentials/user_provider": [
        "credentials/test_user_provider.py",
        "credentials/test_timeouts.py",
    ],
    "over_httpx/sender": ["over_httpx/test_sender.py", "test_client.py"],
}
"""The tests of modules that more than the files with their name test."""


_CHUNKS = "tests/awsjson/transport/test_body.py::test_a_response_has_at_most_65536_chunks"
_SLOW = [f"--deselect={_CHUNKS}", "--ignore=tests/awsjson/transport/test_bombs.py"]
"""Left out: these take seconds, mostly in other processes, which run the original code."""


def tests_of(file: str) -> list[str]:
    """The arguments with which pytest runs the tests of a module."""
    return _tests_of(Path(file)) + _SLOW


def _tests_of(file: Path) -> list[str]:
    if file.is_relative_to("codegen/lap"):
        return [str(path) for path in sorted(Path("tests/codegen").glob("test_lap*.py"))]
    tests, module = Path("tests/awsjson"), file.relative_to(_RUNTIME).with_suffix("")
    if str(module) in _TESTS:
        return [str(tests / path) for path in _TESTS[str(module)]]
    mirrored = sorted((tests / module.parent).glob(f"test_{module.name}*.py"))
    return [str(path) for path in mirrored] or [str(tests / module.parent)]
