"""The resources of a registry: one module each, which handles its operations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .account_settings import AccountSettings
from .backfills import Backfills
from .creation_templates import CreationTemplates
from .images import Images
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
from .signing import Signing
from .storage_classes import StorageClasses
from .tags import ResourceTags
from .tokens import AuthorizationTokens

if TYPE_CHECKING:
    from ..dispatch import Handlers
    from ..logins import Logins
    from ..store import Registry
    from .layer_downloads import LayerDownloads

__all__ = ["register_resources"]


def register_resources(
    registry: Registry, handlers: Handlers, downloads: LayerDownloads, logins: Logins
) -> None:
    """Register the handlers of every resource of the registry."""
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
    AuthorizationTokens(registry, logins).register(handlers)
