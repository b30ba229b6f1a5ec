"""skopeo and crane: pushes and pulls of the same layer, as processes whose CPU time is measured."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import shlex
import shutil
import subprocess
import time
from pathlib import Path

from benchmarks.transfer_cases import Zeros

__all__ = ["TOOLS", "find", "run_tool"]

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = b'{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}'

_PUSH = {
    "skopeo": "--insecure-policy copy --preserve-digests --dest-tls-verify=false "
    "oci:{layout}:v1 docker://{image}",
    "crane": "push --insecure {layout} {image}",
}
_PULL = {
    "skopeo": "--insecure-policy copy --preserve-digests --src-tls-verify=false "
    "docker://{image} oci:{out}:v1",
    "crane": "pull --insecure --format=oci {image} {out}",
}
TOOLS = [f"{way} {tool}" for way in ("push", "pull") for tool in _PUSH]


def find(tool: str) -> list[str] | None:
    """Return the command of a tool: from a variable such as SKOPEO, or on the PATH."""
    given = os.environ.get(tool.upper())
    path = shutil.which(tool)
    if given:
        return shlex.split(given)
    return None if path is None else [path]


def run_tool(case: str, registry: str, login: str, folder: Path, size: int) -> dict[str, float]:
    """Push a layer, or pull the one that was pushed; return what the process used.

    Raises:
        CalledProcessError: The tool failed.
    """
    way, tool = case.split()
    command = find(tool)
    assert command is not None
    layout, image = folder / "layout", f"{registry}/team/{tool}:v1"
    if not layout.exists():
        _write_layout(layout, Zeros(folder, size))
    (folder / "config.json").write_text(login)
    template = _PUSH[tool] if way == "push" else _PULL[tool]
    arguments = template.format(layout=layout, image=image, out=folder / f"out-{tool}")
    variables = {"DOCKER_CONFIG": str(folder), "REGISTRY_AUTH_FILE": str(folder / "config.json")}
    started = time.perf_counter()
    subprocess.run(  # noqa: S603
        [*command, *arguments.split()],
        check=True,
        env={**os.environ, **variables, "TMPDIR": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "cpu": used.ru_utime + used.ru_stime,
        "seconds": time.perf_counter() - started,
        "memory": used.ru_maxrss / 1024,
    }


def _write_layout(layout: Path, layer: Zeros) -> None:
    blobs = layout / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    layer.path.rename(blobs / layer.digest.partition(":")[2])
    described = {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "config": _add(blobs, _CONFIG, "application/vnd.oci.image.config.v1+json"),
        "layers": [
            {
                "mediaType": "application/vnd.oci.image.layer.v1.tar",
                "digest": layer.digest,
                "size": layer.size,
            }
        ],
    }
    entry = _add(blobs, json.dumps(described).encode(), _MANIFEST)
    entry["annotations"] = {"org.opencontainers.image.ref.name": "v1"}
    (layout / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))
    (layout / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')


def _add(blobs: Path, content: bytes, media_type: str) -> dict[str, object]:
    digest = hashlib.sha256(content).hexdigest()
    (blobs / digest).write_bytes(content)
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}
