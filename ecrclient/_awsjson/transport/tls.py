"""TLS settings: one context for each CA bundle, shared by the process."""

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

    Reading a bundle takes tens of milliseconds: call this function in a worker thread.

    Without a bundle, the context trusts the same certificates as httpx: those of ``SSL_CERT_FILE``
    or ``SSL_CERT_DIR`` if set, otherwise certifi's. certifi is a dependency of httpx, so its
    certificates exist, and are the same, in every container and on every platform, unlike the
    system's. (httpx creates its context in the same way, but this does not import httpx.)

    Raises:
        ConfigurationError: The bundle cannot be read.
    """
    with _lock:  # so that concurrent callers build it once
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
    except OSError as error:  # ssl.SSLError is a subclass
        raise ConfigurationError(f"cannot read {which} {path}: {error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    # Python sets this option, with which a truncated response looks complete.
    context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)
    return context


def _find(ca_bundle: str | None) -> tuple[str, str, bool]:
    """A description of the certificates, their path, and whether that is a directory or several."""
    if ca_bundle is not None:
        return "the CA bundle", ca_bundle, os.path.isdir(ca_bundle)
    for variable, is_folder in (("SSL_CERT_FILE", False), ("SSL_CERT_DIR", True)):
        if path := os.environ.get(variable):
            return f"the certificates of {variable}", path, is_folder
    import certifi

    return "certifi's certificates", certifi.where(), False
