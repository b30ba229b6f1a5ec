"""Random repositories for the tests of cleanups, and what they contain according to the tests."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping
from typing import Any

from tests.images.graphs import PLATFORMS, Graph

__all__ = [
    "belongs_to_none",
    "images_of",
    "random_repository",
    "reachable",
    "with_subjects",
    "without_parts",
]

SUFFIXES = ("sig", "att", "sbom")


def random_repository(seed: int) -> Graph:
    """Return several images with everything that makes a deletion difficult.

    Tags, untagged images, indexes (also nested ones) that share children, OCI referrers (of images,
    of children, of referrers), signatures of cosign (also one for several images, and tags that
    make a cycle), and referrers whose subject is missing.
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
    for number in range(rng.randint(0, 4)):
        subject = rng.choice(everything)
        if rng.random() < 0.5:
            artifact = graph.add_artifact(subject, rng.randbytes(8))
            everything.append(artifact)
            if (tag := _tag(rng, 20 + number)) is not None:
                graph.tags[tag] = artifact["digest"]
        else:
            graph.add_cosign_signature(subject, rng.randbytes(8))
    for _ in range(rng.choice([0, 0, 1, 2])):
        belongs = f"{rng.choice(everything)['digest'].replace(':', '-')}.{rng.choice(SUFFIXES)}"
        graph.tags[belongs] = rng.choice(sorted(graph.manifests))
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
            or _subjects(graph, digest) & found
        }
        if not more:
            return found
        found |= more


def with_subjects(graph: Graph, digests: Iterable[str]) -> set[str]:
    """Return some images and what they belong to, directly or not."""
    found: set[str] = set()
    pending = [digest for digest in digests if digest in graph.manifests]
    while pending:
        digest = pending.pop()
        if digest not in found:
            found.add(digest)
            pending += _subjects(graph, digest) & graph.manifests.keys()
    return found


def images_of(graph: Graph, digest: str) -> set[str]:
    """Return an image, or the images of an index and of the indexes in it."""
    children = _children(graph, digest)
    if "manifests" not in _document(graph, digest):
        return {digest}
    return set[str]().union(*(images_of(graph, child) for child in children))


def without_parts(graph: Graph, digests: set[str]) -> set[str]:
    """Leave out the children of some images, and the artifacts whose ``subject`` is one of them."""
    listed = set[str]().union(*(_children(graph, digest) for digest in digests))
    subjects = {digest: _document(graph, digest).get("subject") for digest in digests}
    return {
        digest
        for digest, subject in subjects.items()
        if digest not in listed and (subject is None or subject["digest"] not in digests)
    }


def belongs_to_none(graph: Graph, digest: str) -> bool:
    """Whether an image is a child of no index, and no subject of it is in the graph."""
    listed = any(digest in _children(graph, other) for other in graph.manifests)
    return not listed and _subjects(graph, digest).isdisjoint(graph.manifests)


def _document(graph: Graph, digest: str) -> Mapping[str, Any]:
    document: Mapping[str, Any] = json.loads(graph.manifests[digest])
    return document


def _children(graph: Graph, digest: str) -> set[str]:
    return {item["digest"] for item in _document(graph, digest).get("manifests", [])}


def _subjects(graph: Graph, digest: str) -> set[str]:
    subject = _document(graph, digest).get("subject")
    return {
        *([] if subject is None else [subject["digest"]]),
        *(
            tag.partition(".")[0].replace("-", ":", 1)
            for tag, tagged in graph.tags.items()
            if tagged == digest and tag.startswith("sha256-")
        ),
    }
