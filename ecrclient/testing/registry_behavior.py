"""Where the served registry can behave in several ways: the choices, and their defaults."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["RegistryBehavior"]


@dataclass(slots=True)
class RegistryBehavior:
    """How the registry's ``/v2/`` API behaves; a test can change it at any time.

    ::

        ecr.registry_behavior.redirect_blobs = False
        ecr.registry_behavior.imitate_deviations()

    The defaults follow the OCI distribution specification and the rules that AWS documents. ECR's
    ``/v2/`` API deviates from the specification in ways that users have reported and that AWS does
    not document; each of these deviations is off by default, because AWS may correct it. Sources:
    issues 2306 and 2831 of aws/containers-roadmap, 690 of oras-project/oras, and 34 of
    ChangemakerStudios/Docker.Registry.DotNet, on GitHub.
    """

    local_uris: bool = True
    """Whether ``proxyEndpoint`` and ``repositoryUri`` name the server's address in responses over
    HTTP, so that tools can use them; otherwise they name AWS's host, as in the process."""
    redirect_blobs: bool = True
    """Whether ``GET`` for a blob redirects (307) to a download URL, as ECR does; otherwise the
    response contains the blob."""
    serve_unreferenced_blobs: bool = False
    """Whether blobs that no image references can be downloaded. GetDownloadUrlForLayer refuses
    them. The conformance tests of the OCI distribution specification download such blobs."""
    patch_responds_201: bool = False
    """Deviation: a chunk is accepted with the status 201 instead of 202."""
    stale_range: bool = False
    """Deviation: the ``Range`` header of an upload stays at the end of its first chunk."""
    refuse_semicolons: bool = False
    """Deviation: a manifest is refused if the media type of its artifact or of a part contains a
    semicolon, by PutImage too."""
    invalid_manifest_is_unsupported: bool = False
    """Deviation: an invalid manifest is refused with 405 ``UNSUPPORTED`` instead of 400
    ``MANIFEST_INVALID``."""
    omit_manifest_digest: bool = False
    """Deviation: the response to ``GET`` for a manifest has no ``Docker-Content-Digest``."""

    def imitate_deviations(self) -> None:
        """Turn on all deviations that users have reported."""
        self.patch_responds_201 = True
        self.stale_range = True
        self.refuse_semicolons = True
        self.invalid_manifest_is_unsupported = True
        self.omit_manifest_digest = True
