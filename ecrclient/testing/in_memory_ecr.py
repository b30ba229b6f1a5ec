"""The in-memory ECR as tests see it; what it does is in the other files."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self

from ecrclient._awsjson.credentials import Credentials
from ecrclient.client import ECRClient
from ecrclient.endpoints import resolve_endpoint

from .asgi import ASGIApp
from .calls import Calls
from .clock import Clock, MovableClock, as_movable, utc_now
from .controls import LifecycleControls, ReplicationControls, ScanControls
from .faults import Faults
from .http_messages import HttpRequest, HttpResponse
from .layer_stores import LayerFolder, LayerMemory
from .permissions import Denial, Permissions
from .running_server import ServedECR
from .seeds import add_image, add_layer
from .service import Service
from .state import load_state, save_state
from .store import PART_SIZE, Registry
from .transport import InMemoryTransport

if TYPE_CHECKING:
    import httpx

    from ecrclient._awsjson.credentials import CredentialsProvider
    from ecrclient._awsjson.over_httpx.middleware import Middleware
    from ecrclient._awsjson.settings.options import CallOptions
    from ecrclient._awsjson.settings.retry_policy import RetryPolicy

    from .layer_stores import LayerStore

__all__ = ["InMemoryECR"]

_ACCOUNT_ID = re.compile("[0-9]{12}")
_PRINCIPAL = re.compile("arn:[^:]+:(iam|sts)::[0-9]{12}:.+")
_REGION = re.compile("[0-9a-z-]{2,25}")


class InMemoryECR:
    """The private ECR registry of one account in one region, in memory.

    Every request must be signed with :attr:`credentials`. Requests are answered one after the
    other, each one whole, so a concurrent test sees no half-done change. The state lives as long as
    the object, or in a file: :meth:`save` and :meth:`load`.

    Every caller is allowed everything that nothing denies: a rule of the test (:meth:`deny`) or a
    statement of a repository policy with the effect ``Deny``. ``Allow``, conditions and registry
    policies are not evaluated.

    Args:
        region: The AWS Region; it is part of ARNs and URIs, and of what a signature is for.
        account_id: The account that the registry belongs to, and that callers are in.
        credentials: The access key that is accepted, or several; a made-up one by default. Those
            with ``expires_at`` are refused from then on.
        clock: What :attr:`clock` runs with: the time of creations, pushes and expiries, and of
            scans, previews and replications. A :class:`~ecrclient.testing.MovableClock` is used as
            it is, so several registries may share one.
        signing_clock: What the time of a signature is compared with, and what ``Date`` reports.
            Clients sign by the clock of the machine, so this is separate from *clock*.
        layers_dir: A folder for the bytes of layers, which are in memory otherwise. It is for one
            registry at a time, and is created if need be. Uploads are written to it part by part,
            and downloads are read from it piece by piece.
        part_size: The size of layer parts that InitiateLayerUpload advertises, in bytes, from 1 to
            20,971,520. A size below 5 MiB lowers the smallest part that is accepted with it, so a
            test can upload a small layer in many parts.

    Raises:
        OSError: the folder cannot be created.
        ValueError: the account ID is not twelve digits, the region has no name of a Region's form,
            there are no credentials in a sequence, or the part size is out of range.
    """

    def __init__(
        self,
        *,
        region: str = "us-east-1",
        account_id: str = "123456789012",
        credentials: Credentials | Sequence[Credentials] | None = None,
        clock: Clock = utc_now,
        signing_clock: Clock = utc_now,
        layers_dir: str | os.PathLike[str] | None = None,
        part_size: int = PART_SIZE,
    ) -> None:
        if not _ACCOUNT_ID.fullmatch(account_id):
            raise ValueError(f"an account ID is twelve digits, not {account_id!r}")
        if not _REGION.fullmatch(region):
            raise ValueError(f"a region is named as in 'us-east-1', not {region!r}")
        self.region = region
        """The AWS Region."""
        self.account_id = account_id
        """The account that the registry belongs to."""
        if credentials is None:
            credentials = Credentials("AKIAINMEMORYECR", "in-memory-ecr-test-key")
        accepted = [credentials] if isinstance(credentials, Credentials) else credentials
        if not accepted:
            raise ValueError("a service that accepts no credentials answers nobody")
        self.credentials: Credentials = accepted[0]
        """The access key that is accepted; of several, the first."""
        self.clock: MovableClock = as_movable(clock)
        """The time of the service, which a test can move: ``ecr.clock.advance(days=31)``."""
        self.faults: Faults = Faults(self.clock, self.credentials)
        """What goes wrong on demand."""
        self.calls: Calls = Calls()
        """What was asked, refused requests too."""
        if not 1 <= part_size <= PART_SIZE:
            raise ValueError(f"part_size must be from 1 to {PART_SIZE}, not {part_size}")
        self._registry = Registry(
            account_id,
            region,
            self.clock,
            layer_store=_layer_store(layers_dir),
            part_size=part_size,
        )
        self._permissions = Permissions(self._registry)
        self._service = Service(
            self._registry, self.faults, self.calls, self._permissions, signing_clock
        )
        for one in accepted:
            self.accept(one)

    @property
    def caller_arn(self) -> str:
        """The ARN of the IAM user that access keys belong to, unless :meth:`accept` says another.

        Repository policies and pull time exclusions name principals so.
        """
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

    def accept(self, credentials: Credentials, *, principal_arn: str | None = None) -> None:
        """Accept another access key, as after a rotation or of another principal.

        Args:
            credentials: The access key. One that is accepted already changes its principal.
            principal_arn: The ARN of the IAM user, or of the session of a role, that it belongs to;
                :attr:`caller_arn` by default.

        Raises:
            ValueError: the ARN is not that of a principal of IAM or STS.
        """
        if principal_arn is not None and not _PRINCIPAL.fullmatch(principal_arn):
            raise ValueError(
                f"a principal is named as in '{self.caller_arn}', not {principal_arn!r}"
            )
        self._service.accept(credentials, principal_arn or self.caller_arn)

    def deny(
        self,
        *actions: str,
        access_key_id: str | None = None,
        resource: str | Sequence[str] = "*",
    ) -> Denial:
        """Deny operations with ``AccessDeniedException``, as an identity-based policy would.

        ::

            with ecr.deny("ecr:Delete*", "ecr:BatchDeleteImage"):
                ...
            ecr.deny("ecr:*", access_key_id="AKIACI", resource="arn:aws:ecr:*:*:repository/prod/*")

        Names and ARNs may have IAM's wildcards: ``*`` for any text, ``?`` for any character.

        Args:
            actions: The actions, such as ``ecr:DeleteRepository``; case does not matter.
            access_key_id: The access key that is denied; every one by default.
            resource: The ARN of a repository, or several. Operations that are not about a
                repository, such as GetAuthorizationToken, have the resource ``*``, which only the
                pattern ``*`` matches.

        Returns:
            The rule. It is in force until its ``remove()`` is called or, if it is used as a context
            manager, until the end of the block.

        Raises:
            ValueError: there is no action or no resource, or an action is not one of ECR's.
        """
        resources = [resource] if isinstance(resource, str) else resource
        return self._permissions.deny(actions, access_key_id, resources)

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

        ECR may remove layers that no image references. Here they go after 24 hours of the clock.

        Args:
            repository_name: The repository; it is created if it is not there.
            content: The bytes of the layer, at least one.

        Returns:
            The digest.

        Raises:
            RequestValidationError: the name is not a repository name.
            ValueError: the layer is empty.
        """
        with self._registry.lock:
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
        pushed_at: datetime | None = None,
        last_pulled_at: datetime | None = None,
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
            pushed_at: When it was pushed, with a timezone; now by default. Scans and replications
                that the push starts begin then, and so does a repository that is created for it.
            last_pulled_at: When it was last pulled, with a timezone; never by default.

        Returns:
            The digest.

        Raises:
            RequestValidationError: the name is not a repository name.
            ServiceError: PutImage refuses it; a tag may be immutable, or the image there already.
            TypeError: the layers or the tags are a single one.
            ValueError: the subject is not there, a layer is empty, a time has no timezone, or the
                pull was before the push.
        """
        with self._registry.lock:
            return add_image(
                self._registry,
                repository_name,
                layers,
                tags=tags,
                artifact_type=artifact_type,
                subject=subject,
                annotations=annotations,
                pushed_at=pushed_at,
                last_pulled_at=last_pulled_at,
            )

    # -- over HTTP --------------------------------------------------------------------------------

    def serve(self, host: str = "127.0.0.1", port: int = 0) -> ServedECR:
        """A real HTTP server, for boto3, the AWS CLI or any SDK; needs the extra ``testing``.

        ::

            with ecr.serve() as server:      # or: async with
                boto3.client("ecr", endpoint_url=server.url, ...)

        Args:
            host: The address to listen on.
            port: The port; 0: any that is free.
        """
        return ServedECR(self, host, port)

    def asgi_app(self) -> ASGIApp:
        """An ASGI 3 application, to be run by a server of your own."""
        return ASGIApp(self.handle)

    # -- in a file --------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the whole state to a JSON file, without credentials, faults, calls and page tokens.

        The file is replaced as a whole or not at all. It has the bytes of layers, unless they are
        in the files of a ``layers_dir``.
        """
        with self._registry.lock:
            save_state(self._registry, Path(path))

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        credentials: Credentials | Sequence[Credentials] | None = None,
        clock: Clock = utc_now,
        signing_clock: Clock = utc_now,
        layers_dir: str | os.PathLike[str] | None = None,
        part_size: int = PART_SIZE,
    ) -> Self:
        """A registry, its account and region too, from a file that :meth:`save` wrote.

        Args:
            path: The file.
            credentials: As for the class.
            clock: As for the class.
            signing_clock: As for the class.
            layers_dir: As for the class. Layers that are in the file are moved to the folder; a
                state that was saved with a folder needs the same one.
            part_size: As for the class.

        Raises:
            OSError: the file cannot be read.
            StateError: It is damaged, of another version, has a document that ECR would refuse (a
                policy, a lifecycle policy, a manifest), or a layer is missing from the folder; the
                message names the place.
        """
        clock = as_movable(clock)
        loaded = load_state(Path(path), clock, _layer_store(layers_dir))
        ecr = cls(
            region=loaded.region,
            account_id=loaded.account_id,
            credentials=credentials,
            clock=clock,
            signing_clock=signing_clock,
            layers_dir=layers_dir,
            part_size=part_size,
        )
        ecr._registry.take_over(loaded)
        return ecr

    # -- the service ------------------------------------------------------------------------------

    def handle(self, request: HttpRequest) -> HttpResponse:
        """Respond to one request: a call of the API, or the download of a layer.

        Raises:
            Exception: whatever a predicate of a fault raises; anything else is a bug.
        """
        return self._service.handle(request)


def _layer_store(layers_dir: str | os.PathLike[str] | None) -> LayerStore:
    return LayerMemory() if layers_dir is None else LayerFolder(Path(layers_dir))
