"""Indexes and the images that they list, which they protect from lifecycle rules.

Source: the evaluation rules in "Automate the cleanup of images by using lifecycle policies in
Amazon ECR". They state that an image in a manifest list is not expired or archived before the list
is deleted or archived.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ecrclient.lifecycle.image_facts import LifecycleImage
from ecrclient.lifecycle.outcomes import Action

__all__ = ["Indexes"]


class Indexes:
    """Which images are listed by which indexes."""

    def __init__(
        self,
        images: Sequence[LifecycleImage],
        children: Mapping[str, Iterable[str]] | None,
    ) -> None:
        known = children or {}
        self._listing: dict[str, list[LifecycleImage]] = {}
        self._unread: list[str] = []
        for image in images:
            if image.digest in known:
                for child in dict.fromkeys(known[image.digest]):
                    self._listing.setdefault(child, []).append(image)
            elif image.is_index is not False:
                self._unread.append(image.digest)

    def listing(self, image: LifecycleImage) -> Sequence[LifecycleImage]:
        """Return the indexes that are known to list the image."""
        return self._listing.get(image.digest, ())

    def protecting(self, image: LifecycleImage, action: Action) -> list[LifecycleImage]:
        """Return the indexes that prevent the action: all, or for archival those not archived."""
        return [
            index
            for index in self.listing(image)
            if action == "expire" or index.storage_class != "archive"
        ]

    def protects(self, action: Action, image: LifecycleImage) -> bool:
        """Whether an index prevents the action."""
        return bool(self.protecting(image, action))

    def may_be_listed(self, image: LifecycleImage) -> bool:
        """Whether an index of which the manifests were not read may list the image."""
        # An index does not list itself, so another one may list each image if there are two.
        return len(self._unread) > 1 or self._unread[:1] not in ([], [image.digest])
