"""The graph of a repository: which calls it takes, and what it has."""

from __future__ import annotations

from collections import Counter

import pytest

from ecrclient import ECRClient
from ecrclient.images import ImageNode, RepositoryGraph
from ecrclient.testing import InMemoryECR
from tests.images.calls import Calls
from tests.images.graphs import Graph

pytestmark = pytest.mark.anyio


async def test_only_the_manifests_of_indexes_are_read(ecr: InMemoryECR, client: ECRClient) -> None:
    graph = Graph()
    children = [graph.add_image([str(number).encode()], tag=f"v{number}") for number in range(5)]
    graph.add_index(children, tag="all")
    await graph.push(client, "team/app")
    calls = Calls(ecr)
    read = await client.images("team/app").graph()
    assert calls.new() == Counter(DescribeImages=1, BatchGetImage=1)
    assert all(read.nodes[child["digest"]].pulled_at is None for child in children)
    index = read.nodes[read.tags["all"]]
    assert (index.kind, len(index.children), len(read.roots)) == ("index", 5, 1)
    assert read.missing == {}


async def test_sizes_of_an_index_are_those_of_its_children(client: ECRClient) -> None:
    graph = Graph()
    one, two = (graph.add_image([b"x" * size]) for size in (1_000, 3_000))
    graph.add_index([one, two], tag="both")
    graph.add_index([one], tag="one")
    await graph.push(client, "team/app")
    read = await client.images("team/app").graph()
    sizes = [read.nodes[child["digest"]].size or 0 for child in (one, two)]
    both = read.sizes(read.tags["both"])
    assert (both.total, both.shared, both.unique) == (sum(sizes), sizes[0], sizes[1])
    assert read.sizes(one["digest"]).unique == sizes[0]


async def test_indexes_are_read_in_batches_of_100(ecr: InMemoryECR, client: ECRClient) -> None:
    graph = Graph()
    child = graph.add_image([b"layer"])
    for number in range(101):
        graph.add_index([child, graph.add_image([str(number).encode()])], tag=f"v{number}")
    await graph.push(client, "team/app")
    calls = Calls(ecr)
    read = await client.images("team/app").graph()
    assert calls.new() == Counter(DescribeImages=1, BatchGetImage=2)
    assert len(read.nodes[child["digest"]].parents) == 101


def test_missing_children_are_visible() -> None:
    nodes = {
        "index": ImageNode(digest="index", kind="index", children=("child", "gone")),
        "child": ImageNode(digest="child", parents=("index",)),
    }
    graph = RepositoryGraph(nodes)
    assert graph.missing == {"index": ("gone",)}
    assert graph.reachable(["index"]) == {"index": None, "child": "index"}


async def test_what_belongs_to_an_image_is_visible(client: ECRClient) -> None:
    graph, other = Graph(), Graph()
    image = graph.add_image([b"image"], tag="v1")
    referrer = graph.add_artifact(image, b"signature")
    graph.add_cosign_signature(image, b"cosign")
    graph.add_artifact(other.add_image([b"absent"]), b"signature of an absent image")
    await graph.push(client, "team/app")
    read = await client.images("team/app").graph()
    node = read.nodes[image["digest"]]
    assert (node.name, node.subject, len(node.referrers)) == ("v1", None, 2)
    assert referrer["digest"] in node.referrers
    assert read.nodes[referrer["digest"]].kind == "artifact"
    assert {root.kind for root in read.roots} == {"image", "artifact"}
    assert len(read.roots) == 2, "the image, and the signature of an absent one"
