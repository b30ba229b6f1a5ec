"""The last results of each module, in ``.cache/mutants``."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

_FOLDER = Path(".cache/mutants")


@dataclass
class Result:
    """What was tried on one module."""

    module: str
    mutants: int
    tried: int
    timed_out: int
    """The number of mutants with which a test took too long."""
    survivors: dict[str, str]
    """The changed lines, by the name of the mutant."""

    @property
    def killed(self) -> int:
        """The number of mutants that failed a test, or made one run too long."""
        return self.tried - len(self.survivors)

    def line(self) -> str:
        """The module's line of the table."""
        score = 100 * self.killed // max(self.tried, 1)
        counts = self.mutants, self.tried, self.killed, len(self.survivors)
        numbers = " | ".join(map(str, counts))
        return f"| `{self.module}` | {numbers} | {score} % |"

    def save(self) -> None:
        """Replace the last result."""
        _FOLDER.mkdir(parents=True, exist_ok=True)
        _file(self.module).write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")

    @classmethod
    def load(cls, path: str) -> Result:
        """Return the last result of a module, given its name or its file."""
        module = path.removesuffix(".py").replace("/", ".")
        return cls(**json.loads(_file(module).read_text(encoding="utf-8")))

    @classmethod
    def total(cls, results: Iterable[Result]) -> Result:
        """The sum of several results."""
        total = cls("all", 0, 0, 0, {})
        for result in results:
            total.mutants += result.mutants
            total.tried += result.tried
            total.timed_out += result.timed_out
            total.survivors |= {f"{result.module}.{k}": v for k, v in result.survivors.items()}
        return total


def _file(module: str) -> Path:
    return _FOLDER / f"{module}.json"
