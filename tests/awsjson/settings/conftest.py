"""The environment and the configuration files of a test."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

import pytest


class Aws:
    """The AWS variables and the two files of the process, without those of the developer."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
        self._monkeypatch = monkeypatch
        self.home = home
        self.ca_bundle = home / "ca.pem"
        self.ca_bundle.touch()
        monkeypatch.setenv("HOME", str(home))
        monkeypatch.setenv("USERPROFILE", str(home))
        monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    def configure(self, environ: Mapping[str, str] | None = None, /, **files: str) -> None:
        """Set variables and write the files config and credentials.

        ``{ca}`` in a value is replaced with the path of an existing file.
        """
        for name, value in (environ or {}).items():
            self._monkeypatch.setenv(name, value.format(ca=self.ca_bundle))
        for name, text in files.items():
            if text:
                (self.home / ".aws").mkdir(exist_ok=True)
                written = dedent(text).replace("{ca}", str(self.ca_bundle))
                (self.home / ".aws" / name).write_text(written)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Aws:
    return Aws(monkeypatch, tmp_path)
