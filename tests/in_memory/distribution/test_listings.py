"""Lists of tags, repositories and referrers."""

from __future__ import annotations

import httpx
import pytest

from ecrclient import ECRClient
from ecrclient.testing import InMemoryECR
from tests.in_memory.builders import HandClock, image_manifest
from tests.in_memory.distribution.registry_client import (
    APP,
    OTHER_DIGEST,
    code_of,
    create,
    push,
    put,
)

pytestmark = pytest.mark.anyio

SBOM = "application/vnd.test.sbom+json"
SIGNATURE = "application/vnd.test.signature;version=1"
INDEX = "application/vnd.oci.image.index.v1+json"


class TestTags:
    async def test_without_tags(self, http: httpx.AsyncClient) -> None:
        response = await http.get(f"{APP}/tags/list")
        assert response.json() == {"name": "team/app", "tags": []}
        assert "link" not in response.headers

    async def test_in_order(self, any_http: httpx.AsyncClient) -> None:
        for tag in ("v2", "V1", "v10", "latest"):
            await push(any_http, tag)
        response = await any_http.get(f"{APP}/tags/list")
        assert response.json()["tags"] == ["V1", "latest", "v10", "v2"]
        assert response.headers["content-type"] == "application/json"

    async def test_pages(self, http: httpx.AsyncClient) -> None:
        for number in range(5):
            await push(http, f"v{number}")
        pages: list[list[str]] = []
        url = f"{APP}/tags/list?n=2"
        while url:
            response = await http.get(url)
            pages.append(response.json()["tags"])
            url = response.links.get("next", {}).get("url", "")
        assert pages == [["v0", "v1"], ["v2", "v3"], ["v4"]]

    async def test_parameters(self, http: httpx.AsyncClient) -> None:
        for tag in ("a", "b", "c"):
            await push(http, tag)
        for query, expected in (
            ("n=0", []),
            ("last=a", ["b", "c"]),
            ("last=aa", ["b", "c"]),
            ("last=z", []),
            ("n=1&last=b", ["c"]),
            ("n=3", ["a", "b", "c"]),
            ("n=100000", ["a", "b", "c"]),
        ):
            response = await http.get(f"{APP}/tags/list?{query}")
            assert response.json()["tags"] == expected, query
            assert "link" not in response.headers, query

    @pytest.mark.parametrize("number", ["-1", "x", "", "1.5"])
    async def test_an_invalid_number(self, http: httpx.AsyncClient, number: str) -> None:
        response = await http.get(f"{APP}/tags/list?n={number}")
        assert code_of(response) == (400, "PAGINATION_NUMBER_INVALID")

    async def test_a_page_has_at_most_1000_tags(
        self, ecr: InMemoryECR, http: httpx.AsyncClient
    ) -> None:
        ecr.add_image("team/app", [b"x"], tags=[f"t{number:04}" for number in range(1002)])
        for query in ("", "?n=2000"):
            response = await http.get(f"{APP}/tags/list{query}")
            assert len(response.json()["tags"]) == 1000
            rest = await http.get(response.links["next"]["url"])
            assert rest.json()["tags"] == ["t1000", "t1001"]

    async def test_tags_of_archived_images_are_not_listed(
        self, http: httpx.AsyncClient, client: ECRClient, clock: HandClock
    ) -> None:
        digest = await push(http)
        await client.update_image_storage_class(
            repository_name="team/app",
            image_id={"image_digest": digest},
            target_storage_class="ARCHIVE",
        )
        clock.advance(hours=1)
        assert (await http.get(f"{APP}/tags/list")).json()["tags"] == []


class TestCatalog:
    async def test_in_order_and_in_pages(
        self, any_http: httpx.AsyncClient, client: ECRClient
    ) -> None:
        await create(client, "base")
        response = await any_http.get("/v2/_catalog")
        assert response.json() == {"repositories": ["base", "team/app", "team/copy"]}
        response = await any_http.get("/v2/_catalog?n=2")
        assert response.json() == {"repositories": ["base", "team/app"]}
        response = await any_http.get(response.links["next"]["url"])
        assert response.json() == {"repositories": ["team/copy"]}
        assert "next" not in response.links


class TestReferrers:
    async def test_without_referrers(self, http: httpx.AsyncClient) -> None:
        response = await http.get(f"{APP}/referrers/{OTHER_DIGEST}")
        assert response.status_code == 200
        assert response.headers["content-type"] == INDEX
        assert response.json() == {"schemaVersion": 2, "mediaType": INDEX, "manifests": []}

    async def test_descriptors(self, ecr: InMemoryECR, any_http: httpx.AsyncClient) -> None:
        digest = await push(any_http)
        subject = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "size": 1}
        manifest = image_manifest(subject={**subject, "digest": digest}, artifactType=SBOM)
        await put(any_http, "sbom", manifest)
        page = await any_http.get(f"{APP}/referrers/{digest}")
        (descriptor,) = page.json()["manifests"]
        assert descriptor["artifactType"] == SBOM
        assert descriptor["annotations"] == {"content": "app"}
        found = await any_http.get(f"{APP}/manifests/{descriptor['digest']}")
        assert found.text == manifest
        assert len(found.content) == descriptor["size"]
        assert found.headers["content-type"] == descriptor["mediaType"]
        assert "oci-filters-applied" not in page.headers

    async def test_a_filter(self, ecr: InMemoryECR, http: httpx.AsyncClient) -> None:
        subject = await push(http)
        attached = {
            kind: ecr.add_image("team/app", [b"x"], artifact_type=kind, subject=subject)
            for kind in (SBOM, SIGNATURE)
        }
        for kind, digest in attached.items():
            response = await http.get(f"{APP}/referrers/{subject}", params={"artifactType": kind})
            assert [one["digest"] for one in response.json()["manifests"]] == [digest]
            assert response.headers["oci-filters-applied"] == "artifactType"

    async def test_all_are_returned(self, ecr: InMemoryECR, http: httpx.AsyncClient) -> None:
        subject = await push(http)
        for number in range(45):
            ecr.add_image("team/app", [b"x"], subject=subject, annotations={"number": str(number)})
        response = await http.get(f"{APP}/referrers/{subject}")
        assert len({one["digest"] for one in response.json()["manifests"]}) == 45

    async def test_a_malformed_digest(self, http: httpx.AsyncClient) -> None:
        assert code_of(await http.get(f"{APP}/referrers/v1")) == (400, "DIGEST_INVALID")
