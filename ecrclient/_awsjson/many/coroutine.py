"""The base class of what paginated and batch methods return: an object that is also a coroutine.

Event loops accept a coroutine, not any awaitable: ``asyncio.create_task`` and trio's ``start_soon``
require a ``collections.abc.Coroutine``, and anyio before 4.14 the type of ``async def`` functions.
asyncio, anyio and trio also read the ``cr_*`` attributes of the coroutine that a task runs.
"""

from __future__ import annotations

import asyncio
import inspect
import sys
import warnings
from abc import abstractmethod
from collections.abc import Coroutine, Generator
from types import CodeType, CoroutineType, FrameType
from typing import TYPE_CHECKING, Any, TypeVar

__all__ = ["ReusableCoroutine"]

T_co = TypeVar("T_co", covariant=True)

_NO_TASK = object()


class ReusableCoroutine(Coroutine[Any, Any, T_co]):
    """A coroutine that starts again each time it is awaited or run as a task.

    One task at a time may run it; ``await`` has no such limit. An object that is neither awaited
    nor iterated causes a ``RuntimeWarning``, as a forgotten coroutine does.
    """

    __slots__ = ("__name__", "__qualname__", "__weakref__", "_is_used", "_run", "_task")
    __name__: str
    __qualname__: str

    def __init__(self, qualname: str) -> None:
        """Subclasses call this last, so that an object that was not made causes no warning.

        Args:
            qualname: The method that returns the object, as ``Client.method``.
        """
        self.__qualname__ = qualname
        self.__name__ = qualname.rpartition(".")[2]
        self._run: Coroutine[Any, Any, T_co] | None = None
        self._task: object = _NO_TASK
        """The task that runs it; None if that is not a task of asyncio or trio."""
        self._is_used = False

    @abstractmethod
    def _start(self) -> Coroutine[Any, Any, T_co]:
        """Call the ``async def`` function that does the work."""

    if not TYPE_CHECKING:

        @property
        def __class__(self) -> type:
            # inspect.iscoroutine, which anyio before 4.14 calls, compares the class.
            return CoroutineType

    def __await__(self) -> Generator[Any, Any, T_co]:
        self._is_used = True
        return self._start().__await__()

    def __del__(self) -> None:
        # The attributes are missing if the object was not made.
        run = getattr(self, "_run", None)
        if run is not None and self._task is _NO_TASK:
            run.close()
        if not getattr(self, "_is_used", True) and not sys.is_finalizing():
            warnings.warn(
                f"{self.__qualname__}(...) was never awaited or iterated",
                RuntimeWarning,
                stacklevel=2,
                source=self,
            )

    # -- the methods that an event loop calls -----------------------------------------------------

    def send(self, value: Any, /) -> Any:
        """Start or resume the work, as ``send`` of a coroutine does.

        Raises:
            RuntimeError: Another task runs it.
        """
        run = self._running()
        try:
            return run.send(value)
        except BaseException:
            self._task = _NO_TASK
            raise

    def throw(self, *error: Any) -> Any:
        """Raise an exception in the work, as ``throw`` of a coroutine does.

        Raises:
            RuntimeError: Another task runs it.
        """
        run = self._running()
        try:
            return run.throw(*error)
        except BaseException:
            self._task = _NO_TASK
            raise

    def close(self) -> None:
        """End the work, if it has started; an object that was closed causes no warning."""
        self._is_used = True
        self._task = _NO_TASK
        if self._run is not None:
            self._run.close()

    def _running(self) -> Coroutine[Any, Any, T_co]:
        task = _current_task()
        if self._task is _NO_TASK:
            self._is_used = True
            run: Coroutine[Any, Any, T_co] = self._coroutine()
            if inspect.getcoroutinestate(run) != inspect.CORO_CREATED:
                run = self._run = self._start()
            self._task = task
            return run
        if self._task is not task:
            raise RuntimeError(
                f"another task runs this {self.__qualname__}(...): call the method for each task"
            )
        running: Coroutine[Any, Any, T_co] = self._coroutine()
        return running

    # -- the attributes that event loops and debuggers read ----------------------------------------

    @property
    def cr_await(self) -> Any:
        """What the work waits for."""
        return self._coroutine().cr_await

    @property
    def cr_code(self) -> CodeType:
        """The code of the work."""
        value: CodeType = self._coroutine().cr_code
        return value

    @property
    def cr_frame(self) -> FrameType | None:
        """The frame of the work; None after its end."""
        value: FrameType | None = self._coroutine().cr_frame
        return value

    @property
    def cr_origin(self) -> tuple[tuple[str, int, str], ...] | None:
        """Where the work was started, if Python tracks that."""
        value: tuple[tuple[str, int, str], ...] | None = self._coroutine().cr_origin
        return value

    @property
    def cr_running(self) -> bool:
        """Whether the work is running now."""
        value: bool = self._coroutine().cr_running
        return value

    @property
    def cr_suspended(self) -> bool:
        """Whether the work has started and waits."""
        value: bool = self._coroutine().cr_suspended
        return value

    def _coroutine(self) -> Any:
        """The coroutine of the last run, or of the first one, not yet started."""
        if self._run is None:
            self._run = self._start()
        return self._run


def _current_task() -> object:
    """The task of asyncio or trio that runs this code, or None."""
    try:
        return asyncio.current_task()
    except RuntimeError:
        trio: Any = sys.modules.get("trio")
    try:
        return trio and trio.lowlevel.current_task()
    except RuntimeError:
        return None
