"""Cleanup of a repository: rules that keep images, a plan of what goes, and its execution."""

from __future__ import annotations

from ecrclient.images.cleanup.execution import (
    CleanupProgress,
    CleanupReport,
    ImageLeft,
    OnCleanupProgress,
)
from ecrclient.images.cleanup.in_use import (
    images_in_functions,
    images_in_manifests,
    images_in_task_definitions,
    images_in_tasks,
)
from ecrclient.images.cleanup.plan import CleanupPlan, ImageToDelete, ImageToKeep
from ecrclient.images.cleanup.rules import (
    CleanupRule,
    KeepNewest,
    KeepPulledWithin,
    KeepReferenced,
    KeepTagged,
    SpareYoungerThan,
)
from ecrclient.images.deletion import DeletionFailure

__all__ = [
    "CleanupPlan",
    "CleanupProgress",
    "CleanupReport",
    "CleanupRule",
    "DeletionFailure",
    "ImageLeft",
    "ImageToDelete",
    "ImageToKeep",
    "KeepNewest",
    "KeepPulledWithin",
    "KeepReferenced",
    "KeepTagged",
    "OnCleanupProgress",
    "SpareYoungerThan",
    "images_in_functions",
    "images_in_manifests",
    "images_in_task_definitions",
    "images_in_tasks",
]
