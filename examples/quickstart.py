"""The main features of ecrclient: what a service does with a registry.

Runs against an in-memory ECR unless a Region or a profile is given::

    python examples/quickstart.py
    python examples/quickstart.py --region eu-west-1 --profile dev
"""

from __future__ import annotations

import argparse
import json
import tempfile
from hashlib import sha256
from pathlib import Path

import anyio
from demo import build_image

from ecrclient import ECRClient, RequestValidationError
from ecrclient.errors import ImageAlreadyExistsException, RepositoryNotEmptyException
from ecrclient.models import Tag
from ecrclient.testing import InMemoryECR

REPOSITORY = "ecrclient-quickstart/app"
INDEX = "application/vnd.oci.image.index.v1+json"


def step(title: str) -> None:
    print(f"\n{title}\n{'-' * len(title)}")


def index(version: str) -> str:
    """An empty image index: the smallest manifest that every registry accepts."""
    annotations = {"org.opencontainers.image.version": version}
    return json.dumps(
        {"schemaVersion": 2, "mediaType": INDEX, "manifests": [], "annotations": annotations}
    )


async def run(ecr: ECRClient) -> None:
    step("Create a repository")
    made = await ecr.create_repository(
        repository_name=REPOSITORY,
        tags=[Tag(key="env", value="demo"), {"key": "owner", "value": "quickstart"}],
        image_scanning_configuration={"scan_on_push": True},
    )
    repository = made.repository
    print(f"uri         {repository.repository_uri}")
    print(f"created at  {repository.created_at:%Y-%m-%d %H:%M:%S %Z}")
    print(f"request id  {made.response_metadata.request_id}")

    try:
        await work(ecr, repository.repository_arn)
    finally:
        step("Delete the repository")
        # Clean up even if the program is interrupted.
        with anyio.CancelScope(shield=True):
            await ecr.delete_repository(repository_name=REPOSITORY, force=True)
        print(f"deleted     {REPOSITORY}")


async def work(ecr: ECRClient, repository_arn: str) -> None:
    step("Push two images")
    for version in ("v1", "v2"):
        put = await ecr.put_image(
            repository_name=REPOSITORY,
            image_manifest=index(version),
            image_manifest_media_type=INDEX,
            image_tag=version,
        )
        digest = put.image.image_id.image_digest if put.image.image_id else None
        print(f"{version}          {digest}")
        assert digest == f"sha256:{sha256(index(version).encode()).hexdigest()}"

    step("List the images")
    page = await ecr.list_images(repository_name=REPOSITORY, max_results=1)
    print(f"one page    {len(page.image_ids)} image, more to come: {page.next_token is not None}")
    async for image in ecr.describe_images(repository_name=REPOSITORY):
        print(f"{', '.join(image.image_tags):<11} pushed {image.image_pushed_at:%H:%M:%S}")

    step("Push a small image, read it, and copy it to another tag")
    images = ecr.images(REPOSITORY)
    with tempfile.TemporaryDirectory() as folder:
        layout = build_image(Path(folder, "app"), {"hello.txt": b"Hello!"}, "v3")
        pushed = await images.push(layout, "v3")
    print(f"pushed      {pushed.digest[:19]}..., {pushed.bytes_copied} bytes")
    config = await images.config("v3")
    print(f"config      {config.platform}, runs {' '.join(config.command)}")
    copied = await images.copy("v3", to=images, tags=["stable"])
    print(f"copied      to {', '.join(copied.tags)}, {copied.bytes_copied} bytes")

    step("Tag the repository")
    await ecr.tag_resource(resource_arn=repository_arn, tags=[{"key": "team", "value": "platform"}])
    tagged = await ecr.list_tags_for_resource(resource_arn=repository_arn)
    print("tags        " + ", ".join(f"{tag.key}={tag.value}" for tag in tagged.tags))

    step("Read an authorization token")
    token = await ecr.get_authorization_token()
    for login in token.authorization_data:
        print(f"registry    {login.proxy_endpoint}, until {login.expires_at:%Y-%m-%d %H:%M %Z}")
        print(f"repr        {login}")

    step("Handle errors")
    try:
        await ecr.put_image(repository_name=REPOSITORY, image_manifest=index("v1"), image_tag="v1")
    except ImageAlreadyExistsException as error:
        print(f"service     {error.code} (HTTP {error.status}): {error.message}")
    try:
        await ecr.delete_repository(repository_name=REPOSITORY)
    except RepositoryNotEmptyException as error:
        print(f"service     {error.code} (HTTP {error.status}): {error.message}")
    try:
        await ecr.create_repository(repository_name="Team/App")
    except RequestValidationError as error:
        print(f"not sent    {error}")


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--region", help="run against AWS in this Region")
    parser.add_argument("--profile", help="run against AWS with this profile's credentials")
    options = parser.parse_args()
    if options.region or options.profile:
        client = ECRClient(region=options.region, profile=options.profile)
    else:
        print("Using the in-memory ECR: no AWS account is needed, and no network is used.")
        client = InMemoryECR(region="eu-west-1").client()
    async with client as ecr:
        await run(ecr)
    print("\nDone.")


if __name__ == "__main__":
    anyio.run(main)
