"""TLS settings: one context for each CA bundle, shared by the whole process."""

from __future__ import annotations

import os
import ssl
import threading

from ecrclient._runtime.errors import ConfigurationError

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
    try:
        context = _trusting(ca_bundle)
    except OSError as error:  # ssl.SSLError is one
        which = "CA certificates" if ca_bundle is None else f"CA bundle {ca_bundle}"
        raise ConfigurationError(f"cannot read the {which}: {error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    # Python switches this on: with it, a cut connection looks like a regular end of the answer.
    context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)
    return context


def _trusting(ca_bundle: str | None) -> ssl.SSLContext:
    if ca_bundle is None:
        ca_bundle = os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR")
    if ca_bundle is None:
        import certifi

        ca_bundle = certifi.where()
    if os.path.isdir(ca_bundle):
        return ssl.create_default_context(capath=ca_bundle)
    return ssl.create_default_context(cafile=ca_bundle)
