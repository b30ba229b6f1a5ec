"""Check what a built sdist and a built wheel contain.

``python -m tests.packaging.distributions dist/*`` is part of ``nox -s package``.
"""

from __future__ import annotations

import re
import sys
import tarfile
import tomllib
import zipfile
from email import message_from_string
from pathlib import Path

__all__ = ["problems_of"]

ROOT = Path(__file__).resolve().parents[2]
_IN_WHEEL = ("ecrclient/__init__.py", "ecrclient/py.typed", "ecrclient/testing/__init__.py")
_IN_SDIST = (
    *_IN_WHEEL,
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "codegen/spec/amazonaws-com-ecr.lap",
    "examples/quickstart.py",
    "noxfile.py",
    "pyproject.toml",
    "requirements-dev.txt",
    "tests/packaging/distributions.py",
)
_LINK = re.compile(r"\]\((?P<target>[^)]+)\)")


def problems_of(path: Path) -> list[str]:
    """Describe what is wrong with an sdist or a wheel; an empty list if nothing is."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            names = wheel.namelist()
            [metadata] = (name for name in names if name.endswith(".dist-info/METADATA"))
            text = wheel.read(metadata).decode()
        folders = {name.partition("/")[0] for name in names}
        found = [
            f"unexpected folder {folder}"
            for folder in sorted(folders - {"ecrclient", metadata.partition("/")[0]})
        ]
        return found + _missing(_IN_WHEEL, names) + _wrong_metadata(text)
    with tarfile.open(path) as sdist:
        top = path.name.removesuffix(".tar.gz")
        names = [name.removeprefix(f"{top}/") for name in sdist.getnames()]
        file = sdist.extractfile(f"{top}/PKG-INFO")
        assert file is not None
        return _missing(_IN_SDIST, names) + _wrong_metadata(file.read().decode())


def _missing(wanted: tuple[str, ...], names: list[str]) -> list[str]:
    return [f"{name} is missing" for name in wanted if name not in names]


def _wrong_metadata(text: str) -> list[str]:
    metadata = message_from_string(text)
    description = str(metadata.get_payload())
    found = [
        f"the link to {target} works in the repository only"
        for target in _LINK.findall(description)
        if not target.startswith(("https://", "#"))
    ]
    if "<!-- test:" in description:
        found.append("the description contains comments for the tests")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    urls = dict(url.split(", ", 1) for url in metadata.get_all("Project-URL", []))
    if urls != project["urls"]:
        found.append(f"the URLs are {urls}, not {project['urls']}")
    return found


def main() -> None:
    """Check the files that the command line names."""
    found = [f"{name}: {problem}" for name in sys.argv[1:] for problem in problems_of(Path(name))]
    print("\n".join(found) or "The distributions are complete.")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
