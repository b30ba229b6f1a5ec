"""The pause of the cyclic collector, and the decoding of large responses with it."""

from __future__ import annotations

import gc
import json
import os
import sys
import threading
from collections.abc import Generator

import pytest

from ecrclient._awsjson.protocol import codec, collector
from ecrclient._awsjson.protocol.collector import CollectorPause
from ecrclient._awsjson.protocol.errors import ResponseDecodeError
from ecrclient.operations import LIST_IMAGES

ON_3_11 = sys.implementation.name == "cpython" and sys.version_info < (3, 12)
only_3_11 = pytest.mark.skipif(not ON_3_11, reason="Python does so itself from 3.12 on")


@pytest.fixture(autouse=True)
def settings() -> Generator[tuple[int, int, int]]:
    """The settings of the process, which every test must leave as they were."""
    before = gc.get_threshold()
    enabled = gc.isenabled()
    yield before
    after = gc.get_threshold()
    gc.set_threshold(*before)
    (gc.enable if enabled else gc.disable)()
    assert after == before


def is_paused() -> bool:
    return gc.get_threshold()[0] > 1_000_000_000


def body(count: int) -> bytes:
    return json.dumps({"imageIds": [{"imageTag": str(n)} for n in range(count)]}).encode()


def decode(content: bytes) -> object:
    return codec.decode_response(LIST_IMAGES, content, status=200, request_id=None)


def collections_during(content: bytes) -> int:
    decode(content)
    seen: list[str] = []

    def note(phase: str, _: object) -> None:
        seen.append(phase)

    gc.collect()
    gc.callbacks.append(note)
    try:
        kept = decode(content)
        during = seen.count("start")
    finally:
        gc.callbacks.remove(note)
    del kept
    return during


@only_3_11
def test_decoding_a_large_page_runs_at_most_one_collection() -> None:
    content = body(5000)
    assert len(content) > 100_000
    assert collections_during(content) <= 1


@only_3_11
def test_without_the_pause_there_are_several(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector, "COLLECTS_DURING_CALLS", False)
    assert collections_during(body(5000)) > 5


@pytest.mark.skipif(ON_3_11, reason="the pause is for Python 3.11")
def test_newer_versions_of_python_do_not_pause() -> None:
    with collector.collector_paused():
        assert not is_paused()


def test_a_page_is_the_same_with_and_without_the_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    content = body(1000)
    monkeypatch.setattr(collector, "COLLECTS_DURING_CALLS", True)
    paused = decode(content)
    monkeypatch.setattr(collector, "COLLECTS_DURING_CALLS", False)
    assert decode(content) == paused


def test_an_error_ends_the_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector, "COLLECTS_DURING_CALLS", True)
    with pytest.raises(ResponseDecodeError):
        decode(b'{"imageIds": 1' + b" " * 20_000 + b"}")
    assert not is_paused()


def test_an_interrupt_ends_the_pause() -> None:
    pause = CollectorPause()
    with pytest.raises(KeyboardInterrupt), pause:
        assert is_paused()
        raise KeyboardInterrupt
    assert not is_paused()


def test_the_last_thread_ends_the_pause(settings: tuple[int, int, int]) -> None:
    pause = CollectorPause()
    entered, leave, left = threading.Event(), threading.Event(), threading.Event()

    def decode_in_thread() -> None:
        with pause:
            entered.set()
            assert leave.wait(30)
        left.set()

    thread = threading.Thread(target=decode_in_thread)
    with pause:
        thread.start()
        assert entered.wait(30)
    assert is_paused(), "the other thread still decodes"
    leave.set()
    assert left.wait(30)
    thread.join(30)
    assert gc.get_threshold() == settings


def test_threads_that_decode_at_the_same_time_leave_the_settings(
    monkeypatch: pytest.MonkeyPatch, settings: tuple[int, int, int]
) -> None:
    monkeypatch.setattr(collector, "COLLECTS_DURING_CALLS", True)
    content = body(1000)

    def work() -> None:
        for _ in range(50):
            decode(content)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert gc.get_threshold() == settings


def test_a_disabled_collector_stays_disabled() -> None:
    pause = CollectorPause()
    gc.disable()
    with pause:
        assert not gc.isenabled()
    assert not gc.isenabled()
    gc.enable()
    with pause:
        gc.disable()  # as another thread of the application may
    assert not gc.isenabled()


@pytest.mark.parametrize("chosen", [0, 50, 5000])
def test_a_threshold_of_the_application_is_kept(
    chosen: int, settings: tuple[int, int, int]
) -> None:
    pause = CollectorPause()
    gc.set_threshold(chosen)
    with pause:
        pass
    assert gc.get_threshold()[0] == chosen
    gc.set_threshold(*settings)
    with pause:
        gc.set_threshold(chosen, 7, 8)
    assert gc.get_threshold()[:2] == (chosen, 7)
    gc.set_threshold(*settings)


def test_an_entry_that_an_interrupt_left_behind_is_removed_by_the_next_use(
    settings: tuple[int, int, int],
) -> None:
    pause = CollectorPause()
    pause.__enter__()  # interrupted before the block
    assert is_paused()
    with pause:
        pass
    assert gc.get_threshold() == settings


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_a_child_process_is_not_paused() -> None:
    pause = CollectorPause()
    entered, leave = threading.Event(), threading.Event()

    def decode_in_thread() -> None:
        with pause:
            entered.set()
            leave.wait(30)

    thread = threading.Thread(target=decode_in_thread)
    thread.start()
    assert entered.wait(30)
    child = os.fork()
    if not child:
        with pause:
            was_paused = is_paused()
        os._exit(0 if was_paused and not is_paused() else 1)
    leave.set()
    thread.join(30)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
