"""Manifests, indexes and configurations: the bytes are kept, and nonsense is an error."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecrclient.images import ImageIndex, ImageManifest, ManifestError, OpaqueManifest
from ecrclient.images.digests import sha256
from ecrclient.images.manifests import is_foreign, parse_config, parse_manifest

A = f"sha256:{'a' * 64}"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": A, "size": 2}
IMAGE: dict[str, Any] = {"schemaVersion": 2, "mediaType": MANIFEST, "config": CONFIG, "layers": []}


def encode(document: object) -> bytes:
    return json.dumps(document, indent=1).encode()


def test_the_bytes_are_kept_exactly() -> None:
    raw = b'{ "layers":[], "schemaVersion":2,\t"config":%b, "z":{"b":1,"a":null} }\n' % encode(
        CONFIG
    )
    manifest = parse_manifest(raw)
    assert isinstance(manifest, ImageManifest)
    assert manifest.raw == raw
    assert manifest.digest == sha256(raw)
    assert manifest.media_type == MANIFEST
    assert manifest.model_extra == {"z": {"b": 1, "a": None}}
    assert (manifest.descriptor.digest, manifest.descriptor.size) == (sha256(raw), len(raw))
    assert "raw" not in manifest.model_dump()
    assert "raw" not in repr(manifest)


def test_a_member_named_raw_is_not_the_bytes() -> None:
    raw = encode({**IMAGE, "raw": "x"})
    assert parse_manifest(raw).raw == raw


def test_models_cannot_be_changed() -> None:
    manifest = parse_manifest(encode(IMAGE))
    with pytest.raises(ValueError, match="frozen"):
        manifest.media_type = "x"


def test_members_of_oci_1_1() -> None:
    subject = {"mediaType": MANIFEST, "digest": A, "size": 7}
    manifest = parse_manifest(
        encode({**IMAGE, "artifactType": "a/b", "subject": subject, "annotations": {"k": "v"}})
    )
    assert isinstance(manifest, ImageManifest)
    assert manifest.artifact_type == manifest.descriptor.artifact_type == "a/b"
    assert manifest.subject is not None
    assert (manifest.subject.digest, manifest.annotations) == (A, {"k": "v"})


def test_an_index_lists_its_platforms_without_attestations() -> None:
    def entry(**platform: str) -> dict[str, Any]:
        return {"mediaType": MANIFEST, "digest": A, "size": 1, "platform": platform}

    manifests = [
        entry(os="linux", architecture="arm64", variant="v8"),
        entry(os="unknown", architecture="unknown"),
        entry(os="windows", architecture="amd64", **{"os.version": "10.0.1"}),
    ]
    index = parse_manifest(encode({"schemaVersion": 2, "manifests": manifests}))
    assert isinstance(index, ImageIndex)
    assert index.platforms == ("linux/arm64/v8", "windows/amd64")
    assert index.manifests[2].platform is not None
    assert index.manifests[2].platform.os_version == "10.0.1"


@pytest.mark.parametrize(
    ("document", "media_type", "expected"),
    [
        (IMAGE, None, ImageManifest),
        ({**IMAGE, "mediaType": INDEX, "manifests": []}, None, ImageIndex),
        ({"schemaVersion": 2, "manifests": []}, None, ImageIndex),
        ({"schemaVersion": 1, "fsLayers": []}, None, OpaqueManifest),
        ({"schemaVersion": 1, "signatures": []}, None, OpaqueManifest),
        ({"anything": 1}, "application/vnd.example+json", OpaqueManifest),
        ({"mediaType": "application/vnd.oci.artifact.manifest.v1+json"}, None, OpaqueManifest),
    ],
)
def test_the_kind_of_a_manifest(
    document: object, media_type: str | None, expected: type[object]
) -> None:
    manifest = parse_manifest(encode(document), media_type)
    assert type(manifest) is expected
    assert manifest.raw == encode(document)


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "not a JSON object"),
        (encode({**IMAGE, "layers": [dict[str, Any]()]}), r"layers\.0\.mediaType: Field required"),
        (encode({**IMAGE, "config": {**CONFIG, "digest": "sha256:short"}}), r"config\.digest"),
        (encode({**IMAGE, "config": {**CONFIG, "digest": "md5:" + "0" * 32}}), r"config\.digest"),
        (encode({**IMAGE, "config": {**CONFIG, "digest": "../../etc"}}), r"config\.digest"),
        (encode({**IMAGE, "config": {**CONFIG, "size": -1}}), r"config\.size"),
        (encode({**IMAGE, "config": {**CONFIG, "size": "2"}}), r"config\.size"),
        (encode({**IMAGE, "config": {**CONFIG, "size": 2.0}}), r"config\.size"),
        (encode({**IMAGE, "mediaType": 7}), "mediaType is not a string"),
        (encode({**IMAGE, "annotations": {"k": 1}}), r"annotations\.k"),
        (encode({"schemaVersion": 2, "mediaType": INDEX}), "manifests: Field required"),
        (b'{"a":"' + b"x" * 4 * 1024 * 1024 + b'"}', "longer than 4194304 bytes"),
    ],
)
def test_nonsense_is_an_error_that_names_the_place(raw: bytes, problem: str) -> None:
    with pytest.raises(ManifestError, match=problem) as caught:
        parse_manifest(raw)
    assert caught.value.what == f"manifest {sha256(raw)}"


def test_a_media_type_that_contradicts_the_manifest_is_refused() -> None:
    with pytest.raises(ManifestError, match="it was stored as"):
        parse_manifest(encode(IMAGE), INDEX)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=8,
)
members = st.sampled_from(
    ["schemaVersion", "mediaType", "config", "layers", "manifests", "subject", "annotations", "raw"]
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(members, json_values | st.just(CONFIG) | st.just([CONFIG]) | st.just(2)))
def test_any_json_is_a_manifest_or_a_manifest_error(document: dict[str, Any]) -> None:
    raw = encode(document)
    for parse in (parse_manifest, parse_config):
        with suppress(ManifestError):
            assert parse(raw).raw == raw


def test_a_configuration() -> None:
    config = parse_config(
        encode(
            {
                "architecture": "arm64",
                "os": "linux",
                "variant": "v8",
                "created": "2026-01-02T03:04:05.678901234Z",
                "config": {
                    "Env": ["PATH=/bin:/usr/bin", "A=b=c", "EMPTY="],
                    "Entrypoint": ["/app"],
                    "Cmd": None,
                    "Labels": {"org.example": "1"},
                    "User": "1000",
                    "WorkingDir": "/srv",
                    "ExposedPorts": {"80/tcp": {}},
                    "OnBuild": None,
                },
                "rootfs": {"type": "layers", "diff_ids": [A]},
                "history": [{"created_by": "COPY", "empty_layer": True}],
                "moby.buildkit": "x",
            }
        )
    )
    assert config.environment == {"PATH": "/bin:/usr/bin", "A": "b=c", "EMPTY": ""}
    assert (config.entry_point, config.command) == (("/app",), ())
    assert config.labels == {"org.example": "1"}
    assert config.created == datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    assert str(config.platform) == "linux/arm64/v8"
    assert config.diff_ids == (A,)
    assert (config.container.user, config.container.working_directory) == ("1000", "/srv")
    assert config.model_extra == {"moby.buildkit": "x"}


def test_an_artifact_has_no_configuration() -> None:
    with pytest.raises(ManifestError, match="architecture: Field required"):
        parse_config(b"{}")


def test_foreign_layers() -> None:
    manifest = parse_manifest(
        encode(
            {
                **IMAGE,
                "layers": [
                    {"mediaType": kind, "digest": A, "size": 1}
                    for kind in (
                        "application/vnd.oci.image.layer.v1.tar+gzip",
                        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
                        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
                    )
                ],
            }
        )
    )
    assert isinstance(manifest, ImageManifest)
    assert [is_foreign(layer) for layer in manifest.layers] == [False, True, True]
    assert [blob.digest for blob in manifest.blobs] == [A]
