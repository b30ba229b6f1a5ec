"""The public interface of the in-memory ECR; its behavior is in the other modules."""

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
from .layer_stores import layer_store
from .permissions import Denial, Permissions
from .registry_behavior import RegistryBehavior
from .running_server import ServedECR
from .seeds import add_image, add_layer
from .service import Service
from .state import load_state, save_state
from .store import PART_SIZE, Registry
from .transport import InMemoryTransport

if TYPE_CHECKING:
    import httpx

    from ecrclient._awsjson.credentials import CredentialsSource
    from ecrclient._awsjson.over_httpx.middleware import Middleware
    from ecrclient._awsjson.settings.options import CallOptions
    from ecrclient._awsjson.settings.retry_policy import RetryPolicy

__all__ = ["InMemoryECR"]

_ACCOUNT_ID = re.compile("[0-9]{12}")
_PRINCIPAL = re.compile("arn:[^:]+:(iam|sts)::[0-9]{12}:.+")
_REGION = re.compile("[0-9a-z-]{2,25}")


class InMemoryECR:
    """The private ECR registry of one account in one Region, in memory.

    Every call of the ECR API must be signed with :attr:`credentials`; requests to the registry's
    ``/v2/`` API need an authorization token. Requests are executed one at a time and atomically, so
    concurrent tests never see partial changes. The state lasts as long as the object; :meth:`save`
    and :meth:`load` store it in a file.

    Every operation is allowed unless it is denied, by a rule of the test (:meth:`deny`) or by a
    repository policy statement with the effect ``Deny``. ``Allow``, conditions and registry
    policies are not evaluated.

    Args:
        region: The AWS Region; ARNs, URIs and the scope of signatures contain it.
        account_id: The account that owns the registry, and that callers belong to.
        credentials: One or several access keys to accept; a made-up one by default. Credentials
            with ``expires_at`` are refused from that time on.
        clock: The clock that :attr:`clock` follows: the time of creations, pushes and expiries, and
            of scans, previews and replications. A :class:`~ecrclient.testing.MovableClock` is used
            itself, so several registries can share one.
        signing_clock: The clock for checking the times of signatures, and for the ``Date`` header.
            Clients sign by the machine's clock, so this is separate from *clock*.
        layers_dir: A folder for the bytes of layers; in memory by default. Only one registry may
            use it at a time. It is created if necessary. Uploads are written to it part by part,
            and downloads are read from it piece by piece.
        part_size: The size of layer parts that InitiateLayerUpload advertises, in bytes, from 1 to
            20,971,520. A value below 5 MiB also becomes the minimum size of a part, so a test can
            upload a small layer in many parts.

    Raises:
        OSError: the folder cannot be created.
        ValueError: the account ID is not twelve digits, the region does not have the form of a
            Region's name, *credentials* is an empty sequence, or the part size is out of range.
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
            raise ValueError(f"account_id must be twelve digits, not {account_id!r}")
        if not _REGION.fullmatch(region):
            raise ValueError(f"region must be a name such as 'us-east-1', not {region!r}")
        self.region = region
        """The AWS Region."""
        self.account_id = account_id
        """The account that owns the registry."""
        if credentials is None:
            credentials = Credentials("AKIAINMEMORYECR", "in-memory-ecr-test-key")
        accepted = [credentials] if isinstance(credentials, Credentials) else credentials
        if not accepted:
            raise ValueError("credentials must contain at least one access key")
        self.credentials: Credentials = accepted[0]
        """The accepted access key; if there are several, the first."""
        self.clock: MovableClock = as_movable(clock)
        """The service's clock, which a test can move: ``ecr.clock.advance(days=31)``."""
        self.faults: Faults = Faults(self.clock, self.credentials)
        """The faults that a test injects."""
        self.calls: Calls = Calls()
        """The requests that arrived, including refused ones."""
        if not 1 <= part_size <= PART_SIZE:
            raise ValueError(f"part_size must be from 1 to {PART_SIZE}, not {part_size}")
        self._registry = Registry(
            account_id,
            region,
            self.clock,
            layer_store=layer_store(layers_dir),
            part_size=part_size,
        )
        self.registry_behavior: RegistryBehavior = self._registry.behavior
        """How the registry's ``/v2/`` API behaves."""
        self._permissions = Permissions(self._registry)
        self._service = Service(
            self._registry, self.faults, self.calls, self._permissions, signing_clock
        )
        for one in accepted:
            self.accept(one)

    @property
    def caller_arn(self) -> str:
        """The ARN of the IAM user that access keys belong to by default, see :meth:`accept`.

        Repository policies and pull time exclusions identify principals by ARN.
        """
        return self._registry.caller_arn

    @property
    def scans(self) -> ScanControls:
        """The findings and the duration of scans."""
        return ScanControls(self._registry)

    @property
    def lifecycle(self) -> LifecycleControls:
        """The application of lifecycle policies, and the outcome of their previews."""
        return LifecycleControls(self._registry)

    @property
    def replication(self) -> ReplicationControls:
        """The failures and the duration of replications."""
        return ReplicationControls(self._registry)

    def __repr__(self) -> str:
        return f"<InMemoryECR of {self.account_id} in {self.region}>"

    def accept(self, credentials: Credentials, *, principal_arn: str | None = None) -> None:
        """Accept another access key, for example after a rotation or for another principal.

        Args:
            credentials: The access key. If it is already accepted, its principal changes.
            principal_arn: The ARN of the IAM user or role session that it belongs to;
                :attr:`caller_arn` by default.

        Raises:
            ValueError: *principal_arn* is not the ARN of an IAM or STS principal.
        """
        if principal_arn is not None and not _PRINCIPAL.fullmatch(principal_arn):
            raise ValueError(
                f"principal_arn must be an ARN such as '{self.caller_arn}', not {principal_arn!r}"
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

        Names and ARNs may contain IAM's wildcards: ``*`` for any text, ``?`` for any character.

        Args:
            actions: The actions, such as ``ecr:DeleteRepository``, in any case.
            access_key_id: The access key to deny; every access key by default.
            resource: One or several repository ARNs. Operations that do not apply to a repository,
                such as GetAuthorizationToken, have the resource ``*``, which only the pattern ``*``
                matches.

        Returns:
            The rule. It is in effect until its ``remove()`` is called or, if it is used as a
            context manager, until the end of the block.

        Raises:
            ValueError: there is no action or no resource, or an action is not an ECR action.
        """
        resources = [resource] if isinstance(resource, str) else resource
        return self._permissions.deny(actions, access_key_id, resources)

    def transport(self) -> httpx.AsyncBaseTransport:
        """Return a transport to this registry: ``ECRClient(transport=ecr.transport(), ...)``."""
        return InMemoryTransport(self.handle, self._service.spool)

    def client(
        self,
        *,
        credentials: CredentialsSource | None = None,
        retry: RetryPolicy | None = None,
        options: CallOptions | None = None,
        middleware: Sequence[Middleware] = (),
    ) -> ECRClient:
        """Return a client of this registry; its settings do not depend on the environment.

        Args:
            credentials: The credentials to sign with; :attr:`credentials` by default.
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
        """Store a layer, or an image configuration, in a repository, as an upload would.

        ECR may remove layers that no image references. The in-memory ECR removes them after 24
        hours of :attr:`clock`.

        Args:
            repository_name: The repository; it is created if it does not exist.
            content: The bytes of the layer, at least one.

        Returns:
            The digest.

        Raises:
            RequestValidationError: the repository name is invalid.
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
        """Store an image with its layers in a repository, as a push would.

        The same arguments produce the same image.

        Args:
            repository_name: The repository; it is created if it does not exist.
            layers: The bytes of each layer. They do not need to be archives.
            tags: The tags of the image.
            artifact_type: The media type of an artifact that is not a container image, such as an
                SBOM.
            subject: The digest of the image that this one is attached to.
            annotations: The manifest's annotations.
            pushed_at: The time of the push, with a timezone; now by default. It is also the start
                of the scans and replications that the push causes, and the creation time of the
                repository if this call creates it.
            last_pulled_at: The time of the last pull, with a timezone; never by default.

        Returns:
            The digest.

        Raises:
            RequestValidationError: the repository name is invalid.
            ServiceError: PutImage refuses the image, for example because a tag is immutable or the
                image already exists.
            TypeError: *layers* is a single layer, or *tags* a single tag.
            ValueError: the subject does not exist, a layer is empty, a time has no timezone, or the
                last pull is before the push.
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
        """Return an HTTP server, for boto3, the AWS CLI or any SDK; needs the extra ``testing``.

        ::

            with ecr.serve() as server:      # or: async with
                boto3.client("ecr", endpoint_url=server.url, ...)

        Args:
            host: The address to listen on.
            port: The port; 0 means any free port.
        """
        return ServedECR(self, host, port)

    def asgi_app(self) -> ASGIApp:
        """Return an ASGI 3 application, to run with another server."""
        return ASGIApp(self.handle, self._service.spool)

    # -- in a file --------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the whole state to a JSON file, without credentials, faults, calls and page tokens.

        The file is replaced atomically. It contains the bytes of layers, unless a ``layers_dir``
        contains them.
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
        """Return the registry, with its account and Region, from a file that :meth:`save` wrote.

        Args:
            path: The file.
            credentials: As for the class.
            clock: As for the class.
            signing_clock: As for the class.
            layers_dir: As for the class. Layers in the file are moved to the folder. A state that
                was saved with a folder needs the same folder.
            part_size: As for the class.

        Raises:
            OSError: the file cannot be read.
            StateError: the state is damaged, has another version, contains a document that ECR
                would refuse (a policy, a lifecycle policy or a manifest), or lacks a layer; the
                message names the position in the file.
        """
        clock = as_movable(clock)
        loaded = load_state(Path(path), clock, layer_store(layers_dir))
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
        """Respond to a call of the ECR API or the ``/v2/`` API, or to the download of a layer.

        Raises:
            Exception: the predicate of a fault raised it; any other exception is a bug.
        """
        return self._service.handle(request)
