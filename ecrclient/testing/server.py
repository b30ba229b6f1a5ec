"""The service itself: from an HTTP request to an HTTP answer, without any I/O of its own."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ecrclient._runtime.credentials import Credentials
from ecrclient._runtime.errors import ServiceError
from ecrclient.client import ECRClient
from ecrclient.endpoints import resolve_endpoint
from ecrclient.operations import OPERATIONS, SERVICE

from .account_settings import AccountSettings
from .auth import Authenticator
from .backfills import Backfills
from .controls import LifecycleControls, ReplicationControls, ScanControls
from .creation_templates import CreationTemplates
from .dispatch import Handlers
from .errors import encode_error, refuse_common
from .images import Images
from .layer_downloads import LayerDownloads
from .layer_uploads import LayerUploads
from .layers import Layers
from .lifecycle_preview import LifecyclePreviews
from .pages import Pages
from .policies import Policies
from .pull_through import PullThroughCacheRules
from .pull_times import PullTimeExclusions
from .pushes import Pushes
from .referrers import Referrers
from .registry import RegistrySettings
from .replication import Replication
from .repositories import Repositories
from .scan_settings import ScanSettings
from .scans import Scans
from .seeds import add_image, add_layer
from .signing import Signing
from .storage_classes import StorageClasses
from .store import Clock, Registry, utc_now
from .tags import ResourceTags
from .tokens import AuthorizationTokens
from .transport import InMemoryTransport
from .wire import HttpAnswer, HttpRequest

if TYPE_CHECKING:
    import httpx

    from ecrclient._runtime.config import CallOptions
    from ecrclient._runtime.credentials import CredentialsProvider
    from ecrclient._runtime.middleware import Middleware
    from ecrclient._runtime.operation import Operation
    from ecrclient._runtime.retry import RetryPolicy

__all__ = ["InMemoryECR", "answer_everything"]

_CONTENT_TYPE = f"application/x-amz-json-{SERVICE.json_version}"
_ACCOUNT_ID = re.compile("[0-9]{12}")


class InMemoryECR:
    """The private ECR registry of one account in one region, in memory.

    Every request must be signed with :attr:`credentials`. Requests are answered one after the
    other, each one whole, so a concurrent test sees no half-done change. The state lives as long as
    the object.

    What this version leaves unchecked: permissions (policies are kept and given back, and forbid
    nothing).

    Args:
        region: The AWS Region; it is part of ARNs and URIs, and of what a signature is for.
        account_id: The account that the registry belongs to, and that callers are in.
        credentials: The one access key that is accepted; a made-up one by default.
        clock: The time of creations, pushes and expiries, and what scans, previews and
            replications go by. A test passes its own to move it.
        signing_clock: What the time of a signature is compared with. Clients sign by the clock of
            the machine, so this is another one than *clock*.

    Raises:
        ValueError: the account ID is not twelve digits.
    """

    def __init__(
        self,
        *,
        region: str = "us-east-1",
        account_id: str = "123456789012",
        credentials: Credentials | None = None,
        clock: Clock = utc_now,
        signing_clock: Clock = utc_now,
    ) -> None:
        if not _ACCOUNT_ID.fullmatch(account_id):
            raise ValueError(f"an account ID is twelve digits, not {account_id!r}")
        self.region = region
        """The AWS Region."""
        self.account_id = account_id
        """The account that the registry belongs to."""
        self.credentials: Credentials = credentials or Credentials(
            "AKIAINMEMORYECR", "in-memory-ecr-test-key"
        )
        """The access key that requests must be signed with."""
        self._targets = {operation.target: operation for operation in OPERATIONS.values()}
        self._authenticator = Authenticator(
            self.credentials, region=region, service=SERVICE.signing_name, clock=signing_clock
        )
        self._registry = Registry(account_id, region, clock)
        self._handlers = Handlers()
        self._downloads = LayerDownloads(self._registry)
        answer_everything(self._registry, self._handlers, self._downloads)

    @property
    def caller_arn(self) -> str:
        """The IAM principal that requests come from, as pull time exclusions name it."""
        return self._registry.caller_arn

    @property
    def scans(self) -> ScanControls:
        """What scans find, and how long they take."""
        return ScanControls(self._registry)

    @property
    def lifecycle(self) -> LifecycleControls:
        """When lifecycle policies apply, and what their previews come to."""
        return LifecycleControls(self._registry)

    @property
    def replication(self) -> ReplicationControls:
        """Which replications fail, and how long they take."""
        return ReplicationControls(self._registry)

    def __repr__(self) -> str:
        return f"<InMemoryECR of {self.account_id} in {self.region}>"

    def transport(self) -> httpx.AsyncBaseTransport:
        """A transport that brings requests here: ``ECRClient(transport=ecr.transport(), ...)``."""
        return InMemoryTransport(self.handle)

    def client(
        self,
        *,
        credentials: Credentials | CredentialsProvider | None = None,
        retry: RetryPolicy | None = None,
        options: CallOptions | None = None,
        middleware: Sequence[Middleware] = (),
    ) -> ECRClient:
        """A client of this registry; nothing of it comes from the environment.

        Args:
            credentials: What to sign with; what is accepted by default.
            retry: As for :class:`~ecrclient.ECRClient`.
            options: As for :class:`~ecrclient.ECRClient`.
            middleware: As for :class:`~ecrclient.ECRClient`.
        """
        endpoint_url = resolve_endpoint(
            region=self.region, use_fips=False, use_dualstack=False, endpoint=None
        )
        return ECRClient(
            region=self.region,
            credentials=credentials or self.credentials,
            endpoint_url=endpoint_url,
            use_fips=False,
            use_dualstack=False,
            retry=retry,
            options=options,
            transport=self.transport(),
            middleware=middleware,
        )

    def add_layer(self, repository_name: str, content: bytes) -> str:
        """Put a layer, or an image's configuration, into a repository, as an upload would.

        Args:
            repository_name: The repository; it is created if it is not there.
            content: The bytes of the layer.

        Returns:
            The digest.
        """
        return add_layer(self._registry, repository_name, content)

    def add_image(
        self,
        repository_name: str,
        layers: Sequence[bytes],
        *,
        tags: Sequence[str] = (),
        artifact_type: str | None = None,
        subject: str | None = None,
        annotations: Mapping[str, str] | None = None,
    ) -> str:
        """Put an image with its layers into a repository, as a push would.

        The same arguments make the same image.

        Args:
            repository_name: The repository; it is created if it is not there.
            layers: The bytes of each layer. Any will do, they need not be archives.
            tags: The tags of the image.
            artifact_type: The media type of what is no image to run, such as an SBOM.
            subject: The digest of the image that this one is attached to.
            annotations: The manifest's annotations.

        Returns:
            The digest.

        Raises:
            ServiceError: PutImage refuses it; a tag may be immutable, or the image there already.
            ValueError: the subject is not there.
        """
        return add_image(
            self._registry,
            repository_name,
            layers,
            tags=tags,
            artifact_type=artifact_type,
            subject=subject,
            annotations=annotations,
        )

    def handle(self, request: HttpRequest) -> HttpAnswer:
        """Answer one request: a call of the API, or a GET of a layer's download URL.

        An exception that is no refusal is a bug here, and passes.
        """
        if self._downloads.serves(request):
            return self._downloads.answer(request)
        headers = {"x-amzn-requestid": str(uuid.uuid4()), "content-type": _CONTENT_TYPE}
        try:
            return HttpAnswer(200, headers, self._answer(request))
        except ServiceError as error:
            return HttpAnswer(error.status, headers, encode_error(error))

    def _answer(self, request: HttpRequest) -> bytes:
        operation = self._operation(request)
        self._authenticator.verify(request)
        return self._handlers.answer(operation, request.body)

    def _operation(self, request: HttpRequest) -> Operation[Any]:
        target = request.headers.get("x-amz-target", "")
        operation = self._targets.get(target)
        content_type = request.headers.get("content-type", "").partition(";")[0].strip()
        # The content type tells AWS which protocol is spoken, so no other one has operations.
        speaks = (request.method, request.path, content_type) == ("POST", "/", _CONTENT_TYPE)
        if operation is None or not speaks:
            raise refuse_common(
                "UnknownOperationException", f"there is no operation {target!r} in this protocol"
            )
        return operation


def answer_everything(registry: Registry, handlers: Handlers, downloads: LayerDownloads) -> None:
    """Let every resource of the registry answer its operations."""
    pages = Pages()
    Repositories(registry, pages).register(handlers)
    LayerUploads(registry).register(handlers)
    Layers(registry, downloads).register(handlers)
    Pushes(registry).register(handlers)
    Images(registry, pages).register(handlers)
    Referrers(registry, pages).register(handlers)
    StorageClasses(registry).register(handlers)
    ResourceTags(registry).register(handlers)
    Policies(registry).register(handlers)
    LifecyclePreviews(registry, pages).register(handlers)
    RegistrySettings(registry).register(handlers)
    Replication(registry).register(handlers)
    Backfills(registry, pages).register(handlers)
    PullThroughCacheRules(registry, pages).register(handlers)
    CreationTemplates(registry, pages).register(handlers)
    AccountSettings(registry).register(handlers)
    ScanSettings(registry).register(handlers)
    Scans(registry, pages).register(handlers)
    Signing(registry).register(handlers)
    PullTimeExclusions(registry, pages).register(handlers)
    AuthorizationTokens(registry).register(handlers)
