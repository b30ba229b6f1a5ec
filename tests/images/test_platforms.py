"""The choice of an image for a platform."""

from __future__ import annotations

import pytest

from ecrclient import RequestValidationError
from ecrclient.images import Descriptor, Platform
from ecrclient.images.platforms import choose, parse_platform


def images(*platforms: str) -> list[Descriptor]:
    return [
        Descriptor(
            media_type="m",
            digest=f"sha256:{number:064x}",
            size=1,
            platform=parse_platform("test", platform) if platform else None,
        )
        for number, platform in enumerate(platforms)
    ]


@pytest.mark.parametrize(
    ("wanted", "available", "chosen"),
    [
        ("linux/amd64", ["linux/arm64", "linux/amd64"], "linux/amd64"),
        ("linux/arm64", ["linux/arm64/v8"], "linux/arm64/v8"),
        ("linux/arm64/v8", ["linux/arm64"], "linux/arm64"),
        ("linux/aarch64", ["linux/arm64/8"], "linux/arm64/8"),
        ("linux/x86_64", ["linux/amd64"], "linux/amd64"),
        ("linux/arm/v7", ["linux/arm/v5", "linux/arm/v6"], "linux/arm/v6"),
        ("linux/arm/v6", ["linux/arm/v7", "linux/arm/v5"], "linux/arm/v5"),
        ("linux/arm/v6", ["linux/arm/v7"], None),
        ("linux/arm", ["linux/arm/v6", "linux/arm/v7"], "linux/arm/v7"),
        ("linux/armhf", ["linux/arm/v7"], "linux/arm/v7"),
        ("linux/amd64/v3", ["linux/amd64", "linux/amd64/v2"], "linux/amd64/v2"),
        ("linux/amd64", ["linux/amd64/v3"], None),
        ("linux/arm64", ["linux/arm/v7"], None),
        ("windows/amd64", ["linux/amd64"], None),
        ("LINUX/AMD64", ["linux/amd64"], "linux/amd64"),
        ("linux/riscv64", ["linux/riscv64"], "linux/riscv64"),
        ("linux/mips/soft", ["linux/mips/soft"], "linux/mips/soft"),
        ("linux/mips/soft", ["linux/mips/hard"], None),
        ("linux/amd64", ["", "linux/amd64"], "linux/amd64"),
        ("linux/amd64", [], None),
    ],
)
def test_choice(wanted: str, available: list[str], chosen: str | None) -> None:
    found = choose(images(*available), parse_platform("test", wanted))
    assert (str(found.platform) if found else None) == chosen


def test_the_version_of_windows_must_match_if_it_is_given() -> None:
    old, new = (
        Platform(os="windows", architecture="amd64", os_version=version)
        for version in ("10.0.17763.1", "10.0.20348.1")
    )
    listed = [image.model_copy(update={"platform": old}) for image in images("")]
    assert choose(listed, old) is listed[0]
    assert choose(listed, new) is None
    assert choose(listed, Platform(os="windows", architecture="amd64")) is listed[0]


@pytest.mark.parametrize(
    "text", ["", "linux", "linux/", "/amd64", "a/b/c/d", "linux/am d64", 7, None]
)
def test_a_text_that_is_no_platform_is_refused(text: object) -> None:
    with pytest.raises(RequestValidationError, match=r"resolve: platform: must be a Platform"):
        parse_platform("resolve", text)
