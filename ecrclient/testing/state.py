"""The state as JSON: written from the store's own dataclasses, and read back into them.

No record and no member is named here: what the store's types say is what is written.
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
"""Of the format. What a newer store adds, it gives a default to; any other change is a new one."""


class _Document(BaseModel):
    """What is common to all versions; the registry's members follow."""

    model_config = ConfigDict(
        extra="forbid", ser_json_bytes="base64", val_json_bytes="base64", hide_input_in_errors=True
    )

    version: Literal[1]


def save_state(registry: Registry, file: Path) -> None:
    """Write the state to a file, which is replaced as a whole or not at all."""
    part = file.with_name(f"{file.name}.part")
    part.write_text(dump(registry), encoding="utf-8")
    part.replace(file)


def load_state(file: Path, clock: Clock, layer_store: LayerStore) -> Registry:
    """The registry of a file.

    Args:
        file: The file.
        clock: The service's clock.
        layer_store: Where the bytes of layers are, or are put.

    Raises:
        OSError: the file cannot be read.
        StateError: see :func:`parse`.
    """
    try:
        return parse(file.read_bytes(), clock, layer_store)
    except StateError as error:
        raise StateError(f"{file}: {error}") from None


def dump(registry: Registry) -> str:
    """The state as JSON text. It holds no credentials."""
    members = {name: getattr(registry, name) for name in _members()}
    # Values as they are: the store's records need no validation.
    document = _document_type().model_construct(version=VERSION, **members)
    # A model that is kept tells what was not set from what is empty, and its answers show it.
    return document.model_dump_json(exclude_unset=True, indent=1)


def parse(text: str | bytes, clock: Clock, layer_store: LayerStore | None = None) -> Registry:
    """The registry of a state.

    Args:
        text: What :func:`dump` gave.
        clock: The service's clock.
        layer_store: Where the bytes of layers are, or are put; in memory by default.

    Raises:
        StateError: The text is damaged or of another version, a document in it is one that the
            service would have refused, or a layer is missing.
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
    """Find the bytes of layers and uploads, or put them where they belong.

    Raises:
        StateError: they are missing.
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
