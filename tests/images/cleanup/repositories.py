"""Random repositories for the tests of cleanups, and what they contain according to the tests."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping
from typing import Any

from tests.images.graphs import PLATFORMS, Graph

__all__ = ["random_repository", "reachable"]


def random_repository(seed: int) -> Graph:
    """Return several images with everything that makes a deletion difficult.

    Tags, untagged images, indexes (also nested ones) that share children, OCI referrers (of images,
    of children, of referrers), signatures of cosign, and referrers whose subject is missing.
    """
    rng = random.Random(seed)
    graph = Graph()
    images = [
        graph.add_image([rng.randbytes(8)], platform=rng.choice(PLATFORMS), tag=_tag(rng, number))
        for number in range(rng.randint(1, 5))
    ]
    everything = list(images)
    for number in range(rng.randint(0, 4)):
        children = rng.sample(everything, rng.randint(1, min(3, len(everything))))
        everything.append(graph.add_index(children, tag=_tag(rng, 10 + number)))
    for _ in range(rng.randint(0, 4)):
        subject = rng.choice(everything)
        if rng.random() < 0.5:
            everything.append(graph.add_artifact(subject, rng.randbytes(8)))
        else:
            graph.add_cosign_signature(subject, rng.randbytes(8))
    if rng.random() < 0.3:
        absent = Graph().add_image([rng.randbytes(8)])
        graph.add_artifact(absent, rng.randbytes(8))
    return graph


def _tag(rng: random.Random, number: int) -> str | None:
    return rng.choice([None, f"v{number}", f"test-{number}"])


def reachable(graph: Graph, present: Iterable[str], roots: Iterable[str]) -> set[str]:
    """Return what some images need, read from the manifests themselves."""
    here = set(present)
    found = {digest for digest in roots if digest in here}
    while True:
        more = {
            digest
            for digest in here - found
            if any(digest in _children(graph, other) for other in found)
            or _subject(graph, digest) in found
        }
        if not more:
            return found
        found |= more


def _document(graph: Graph, digest: str) -> Mapping[str, Any]:
    document: Mapping[str, Any] = json.loads(graph.manifests[digest])
    return document


def _children(graph: Graph, digest: str) -> set[str]:
    return {item["digest"] for item in _document(graph, digest).get("manifests", [])}


def _subject(graph: Graph, digest: str) -> str | None:
    subject = _document(graph, digest).get("subject")
    if subject is not None:
        return str(subject["digest"])
    for tag, tagged in graph.tags.items():
        if tagged == digest and tag.startswith("sha256-"):
            return tag.partition(".")[0].replace("-", ":", 1)
    return None
