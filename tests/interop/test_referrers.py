"""Signatures and other referrers survive a copy of this client, directly or through a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecrclient.images import Layout, OCIArchive
from tests.interop.combinations import LAYOUT, OCI_ARCHIVE, Combination
from tests.interop.conftest import Start
from tests.interop.files import write
from tests.interop.registry import Registry
from tests.interop.tools import Cosign, Oras

FORMS = ("-", LAYOUT, OCI_ARCHIVE)


def copy(registry: Registry, tmp_path: Path, form: str) -> None:
    """Copy an image with its referrers to another repository."""
    if form == "-":
        registry.copy("team/app", "team/copy")
        return
    store = (Layout if form == LAYOUT else OCIArchive)(tmp_path / "file")
    registry.pull("team/app", store, referrers=True)
    registry.push(store, "team/copy", referrers=True)


@pytest.mark.parametrize(
    "combination",
    [
        Combination("cosign", "ecrclient copies the signature", form, image)
        for form in FORMS
        for image in ("image", "index")
    ],
    ids=str,
)
def test_signatures(
    registry: Registry, start: Start, tmp_path: Path, combination: Combination
) -> None:
    cosign = start(Cosign)
    written = write(tmp_path / "written", LAYOUT, combination.image)
    registry.push(Layout(written.layout), "team/app")
    cosign.sign(registry.address(f"team/app@{written.digest}"))
    copy(registry, tmp_path, combination.file)
    # The signature names the repository in which it was made, which cosign does not compare.
    claims = cosign.verify(registry.address(f"team/copy@{written.digest}"))
    assert written.digest in claims


@pytest.mark.parametrize(
    "combination",
    [Combination("cosign", "ecrclient copies the attestation", form, "index") for form in FORMS],
    ids=str,
)
def test_attestations(
    registry: Registry, start: Start, tmp_path: Path, combination: Combination
) -> None:
    cosign = start(Cosign)
    written = write(tmp_path / "written", LAYOUT, combination.image)
    registry.push(Layout(written.layout), "team/app")
    cosign.attest(registry.address(f"team/app@{written.digest}"))
    copy(registry, tmp_path, combination.file)
    found = cosign.verify_attestation(registry.address(f"team/copy@{written.digest}"))
    assert "payload" in found


@pytest.mark.parametrize(
    "combination",
    [
        Combination("oras", "ecrclient copies the referrers", form, image)
        for form in FORMS
        for image in ("image", "index", "artifact")
    ],
    ids=str,
)
def test_referrers(
    registry: Registry, start: Start, tmp_path: Path, combination: Combination
) -> None:
    oras = start(Oras)
    written = write(tmp_path / "written", LAYOUT, combination.image)
    registry.push(Layout(written.layout), "team/app")
    (oras.home / "sbom.json").write_text('{"packages": []}')
    kinds = ("application/vnd.test.sbom", "application/vnd.test.signature")
    for kind in kinds:
        oras.attach(registry.address("team/app:v1"), kind, "sbom.json")
    copy(registry, tmp_path, combination.file)
    found = oras.discover(registry.address("team/copy:v1"))
    assert all(kind in found for kind in kinds)
