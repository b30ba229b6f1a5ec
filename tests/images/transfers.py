"""Transfers between any two stores."""

from __future__ import annotations

from collections.abc import Sequence

from ecrclient.images import ImageStore, OnProgress, TransferReport
from ecrclient.images.arguments import check_selection, check_transfer


async def transfer(
    source: ImageStore,
    destination: ImageStore,
    reference: str | None,
    *,
    tags: Sequence[str] | None = None,
    platforms: Sequence[str] | None = None,
    referrers: bool = False,
    on_progress: OnProgress | None = None,
) -> TransferReport:
    """Transfer an image, as the methods of ``Images`` do for a repository and another store."""
    selection = check_selection(
        "transfer", source, reference, tags, platforms, referrers=referrers, foreign=False
    )
    return await check_transfer("transfer", source, destination, 4, on_progress).run(selection)
