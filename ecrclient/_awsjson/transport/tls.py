"""TLS settings: one context for each CA bundle, shared by the whole process."""

from __future__ import annotations

import os
import ssl
import threading

from ecrclient._awsjson.protocol.errors import ConfigurationError

__all__ = ["shared_context"]

_contexts: dict[str | None, ssl.SSLContext] = {}
_lock = threading.Lock()


def shared_context(ca_bundle: str | None = None) -> ssl.SSLContext:
    """The context that trusts *ca_bundle* (a PEM file, or a directory of hashed certificates).

    Reading a bundle takes tens of milliseconds: call it in a worker thread.

    Without a bundle it trusts what httpx trusts: ``SSL_CERT_FILE`` or ``SSL_CERT_DIR`` where set,
    else certifi's certificates. httpx brings them along, so they are there, and the same, in
    every container and on every platform, which cannot be said of the system's own. (httpx makes
    the context in the same way, but this does not need it imported.)

    Raises:
        ConfigurationError: the bundle cannot be read.
    """
    with _lock:  # as many callers as there may be at the start, one of them builds it
        context = _contexts.get(ca_bundle)
        if context is None:
            context = _contexts[ca_bundle] = _build(ca_bundle)
        return context


def _build(ca_bundle: str | None) -> ssl.SSLContext:
    which, path, is_folder = _find(ca_bundle)
    try:
        context = ssl.create_default_context(
            cafile=None if is_folder else path, capath=path if is_folder else None
        )
    except OSError as error:  # ssl.SSLError is one
        raise ConfigurationError(f"cannot read {which} {path}: {error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    # Python switches this on: with it, a cut connection looks like a regular end of the answer.
    context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)
    return context


def _find(ca_bundle: str | None) -> tuple[str, str, bool]:
    """What it is, where it is, and whether that is a folder, or several."""
    if ca_bundle is not None:
        return "the CA bundle", ca_bundle, os.path.isdir(ca_bundle)
    for variable, is_folder in (("SSL_CERT_FILE", False), ("SSL_CERT_DIR", True)):
        if path := os.environ.get(variable):
            return f"the certificates of {variable}", path, is_folder
    import certifi

    return "certifi's certificates", certifi.where(), False
