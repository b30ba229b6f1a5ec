"""The state as JSON: written from the store's dataclasses, and read back into them.

The format follows from the store's types; this module does not name any record or member.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Any, Literal, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from .layer_stores import LayerMemory, MissingLayerError
from .state_checks import StateError, check_state
from .store import NOT_STATE, Registry, RepositoryRecord

if TYPE_CHECKING:
    from pathlib import Path

    from .clock import Clock
    from .layer_stores import LayerStore

__all__ = ["StateError", "dump", "load_state", "parse", "save_state"]

VERSION = 1
"""The version of the format. A new member with a default does not change it; other changes do."""


class _Document(BaseModel):
    """The members common to all versions; the registry's members are added to them."""

    model_config = ConfigDict(
        extra="forbid", ser_json_bytes="base64", val_json_bytes="base64", hide_input_in_errors=True
    )

    version: Literal[1]


def save_state(registry: Registry, file: Path) -> None:
    """Write the state to a file, which is replaced atomically."""
    part = file.with_name(f"{file.name}.part")
    part.write_text(dump(registry), encoding="utf-8")
    part.replace(file)


def load_state(file: Path, clock: Clock, layer_store: LayerStore) -> Registry:
    """Read the registry from a file.

    Args:
        file: The file.
        clock: The service's clock.
        layer_store: The store of the bytes of layers; layers in the file are moved to it.

    Raises:
        OSError: the file cannot be read.
        StateError: see `parse`.
    """
    try:
        return parse(file.read_bytes(), clock, layer_store)
    except StateError as error:
        raise StateError(f"{file}: {error}") from None


def dump(registry: Registry) -> str:
    """Return the state as JSON text, which does not contain credentials."""
    members = {name: getattr(registry, name) for name in _members()}
    # The store's records are valid, so validation is unnecessary.
    document = _document_type().model_construct(version=VERSION, **members)
    # Stored models distinguish unset members from empty ones, and so do the responses.
    return document.model_dump_json(exclude_unset=True, indent=1)


def parse(text: str | bytes, clock: Clock, layer_store: LayerStore | None = None) -> Registry:
    """Read the registry from JSON text.

    Args:
        text: The text that `dump` returned.
        clock: The service's clock.
        layer_store: The store of the bytes of layers; in memory by default.

    Raises:
        StateError: the text is damaged, has another version, contains a document that ECR would
            refuse, or lacks a layer.
    """
    try:
        document = _document_type().model_validate_json(text, extra="forbid")
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        place = ".".join(str(step) for step in problem["loc"]) or "the text"
        raise StateError(f"{place}: {problem['msg']}") from None
    registry = Registry(
        clock=clock,
        layer_store=layer_store or LayerMemory(),
        **{name: getattr(document, name) for name in _members()},
    )
    check_state(registry)
    for repository in registry.repositories.values():
        _adopt_layers(repository, registry.layer_store)
    return registry


def _members() -> list[str]:
    return [one.name for one in dataclasses.fields(Registry) if one.name not in NOT_STATE]


@functools.cache
def _document_type() -> type[_Document]:
    types = get_type_hints(Registry, include_extras=True)
    members: dict[str, Any] = {
        one.name: (types[one.name], _default(one))
        for one in dataclasses.fields(Registry)
        if one.name not in NOT_STATE
    }
    return create_model("Document", __base__=_Document, **members)


def _default(member: dataclasses.Field[Any]) -> Any:
    if member.default_factory is not dataclasses.MISSING:
        return Field(default_factory=member.default_factory)
    return Field() if member.default is dataclasses.MISSING else Field(default=member.default)


def _adopt_layers(repository: RepositoryRecord, layer_store: LayerStore) -> None:
    """Move the bytes of layers and uploads to the store, or check that it contains them.

    Raises:
        StateError: the bytes of a layer or an upload are missing.
    """
    place = f"repositories.{repository.name}"
    try:
        for digest, layer in repository.layers.items():
            place = f"repositories.{repository.name}.layers.{digest}"
            repository.layers[digest] = layer_store.adopt_layer(layer)
        for upload_id, upload in repository.uploads.items():
            place = f"repositories.{repository.name}.uploads.{upload_id}"
            layer_store.adopt_upload(upload)
    except MissingLayerError as error:
        raise StateError(f"{place}: {error}") from None
