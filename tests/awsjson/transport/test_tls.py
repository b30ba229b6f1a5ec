"""The settings of the TLS contexts that the transport creates."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import certifi
import pytest

from ecrclient._awsjson.protocol.errors import ConfigurationError
from ecrclient._awsjson.transport import tls
from ecrclient._awsjson.transport.tls import shared_context

OTHER_OPTION = 1 << 3 | 1


class Context:
    """Records how it is configured."""

    options = ssl.OP_IGNORE_UNEXPECTED_EOF | OTHER_OPTION

    def __init__(self, cafile: str | None, capath: str | None) -> None:
        self.cafile, self.capath = cafile, capath
        self.minimum_version: object = None
        self.protocols: list[str] = []

    def set_alpn_protocols(self, protocols: list[str]) -> None:
        self.protocols = protocols


@pytest.fixture(autouse=True)
def nothing_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls, "_contexts", {})
    for variable in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(variable, raising=False)


def build(monkeypatch: pytest.MonkeyPatch, ca_bundle: str | None) -> Any:
    monkeypatch.setattr(ssl, "create_default_context", Context)
    return shared_context(ca_bundle)


def test_the_settings_of_a_context(monkeypatch: pytest.MonkeyPatch) -> None:
    context = build(monkeypatch, "ca.pem")
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.protocols == ["http/1.1"]
    assert context.options == OTHER_OPTION


def test_without_the_option_of_new_openssl(monkeypatch: pytest.MonkeyPatch) -> None:
    both = ssl.OP_IGNORE_UNEXPECTED_EOF | OTHER_OPTION
    monkeypatch.delattr(ssl, "OP_IGNORE_UNEXPECTED_EOF")
    monkeypatch.setattr(Context, "options", both)
    assert build(monkeypatch, "ca.pem").options == both


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR", None])
def test_an_argument_has_priority(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str | None
) -> None:
    if variable is not None:
        monkeypatch.setenv(variable, "elsewhere")
    context = build(monkeypatch, "ca.pem")
    assert (context.cafile, context.capath) == ("ca.pem", None)
    context = build(monkeypatch, str(tmp_path))
    assert (context.cafile, context.capath) == (None, str(tmp_path))


def test_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "")
    monkeypatch.setenv("SSL_CERT_DIR", "one:two")
    context = build(monkeypatch, None)
    assert (context.cafile, context.capath) == (None, "one:two")
    monkeypatch.setattr(tls, "_contexts", {})
    monkeypatch.setenv("SSL_CERT_FILE", "ca.pem")
    context = build(monkeypatch, None)
    assert (context.cafile, context.capath) == ("ca.pem", None)


def test_without_settings_certifi_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    context = build(monkeypatch, None)
    assert (context.cafile, context.capath) == (certifi.where(), None)


def test_each_bundle_has_one_context(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, default = (build(monkeypatch, name) for name in ("a.pem", "b.pem", None))
    assert build(monkeypatch, "a.pem") is first
    assert build(monkeypatch, "b.pem") is second is not first
    assert build(monkeypatch, None) is shared_context() is default
    assert (first.cafile, second.cafile) == ("a.pem", "b.pem")


@pytest.mark.parametrize(
    ("argument", "environment", "named"),
    [
        ("none.pem", {}, "the CA bundle none.pem"),
        (None, {"SSL_CERT_FILE": "none.pem"}, "the certificates of SSL_CERT_FILE none.pem"),
        (None, {"SSL_CERT_DIR": "nowhere"}, "the certificates of SSL_CERT_DIR nowhere"),
        (None, {}, f"certifi's certificates {certifi.where()}"),
    ],
)
def test_unreadable_certificates_are_named(
    monkeypatch: pytest.MonkeyPatch, argument: str | None, environment: dict[str, str], named: str
) -> None:
    def fail(**_: object) -> None:
        raise FileNotFoundError(2, "No such file or directory")

    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(ssl, "create_default_context", fail)
    with pytest.raises(ConfigurationError) as caught:
        shared_context(argument)
    assert str(caught.value) == f"cannot read {named}: [Errno 2] No such file or directory"
    assert isinstance(caught.value.__cause__, FileNotFoundError)
