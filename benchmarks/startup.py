"""The time and the memory of ecrclient's first response, by step.

Run as ``python -m benchmarks.startup URL``. It imports the libraries one after the other, each
with its dependencies. The last two steps are this package's share, and the sum is a whole start.
"""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module
from typing import Any

from benchmarks.coldstart import floor, resident

__all__ = ["Step"]

Step = tuple[float, float]
"""CPU seconds and resident bytes of a step."""


class _Steps:
    def __init__(self) -> None:
        self.done: dict[str, Step] = {}
        self._before = (0.0, 0.0)

    def end(self, name: str) -> None:
        """Record the step since the previous call."""
        now = (time.process_time(), resident())
        self.done[name] = (now[0] - self._before[0], now[1] - self._before[1])
        self._before = now


def _main(url: str) -> dict[str, Step]:
    steps = _Steps()
    steps.end("Python, typing, json")
    for step in floor():
        steps.end(step)
    ecrclient: Any = import_module("ecrclient")
    steps.end("import ecrclient, the rest")

    async def first() -> None:
        async with ecrclient.ECRClient(endpoint_url=url) as ecr:
            await ecr.get_authorization_token()
            steps.end("construction and first call")

    import_module("asyncio").run(first())
    return steps.done


if __name__ == "__main__":
    print(json.dumps(_main(sys.argv[1])))
