"""Proxies and certificates: names of variables, and never what stands in them."""

from __future__ import annotations

from pathlib import Path

import certifi
import pytest

from runway_nb.doctor.finding import Finding
from runway_nb.doctor.network import look_at_certificates, look_at_proxies

PASSWORD = "hunter2"


def proxies(**given: str) -> Finding:
    found = {name.lower().removesuffix("_proxy"): value for name, value in given.items()}
    (finding,) = look_at_proxies(given.get, found)
    return finding


def certificates(**given: str) -> Finding:
    (finding,) = look_at_certificates(given.get)
    return finding


def test_a_machine_without_a_proxy_is_fine() -> None:
    assert proxies() == Finding("proxy", "ok", "none is set")


def test_proxies_are_named_by_their_variables_only() -> None:
    finding = proxies(HTTPS_PROXY=f"http://me:{PASSWORD}@proxy.test:3128", no_proxy="localhost")
    assert finding == Finding("proxy", "ok", "HTTPS_PROXY, no_proxy: set, and can be used")


def test_a_proxy_of_the_system_has_no_variable() -> None:
    (finding,) = look_at_proxies(lambda _: None, {"https": "http://proxy.test:3128"})
    assert finding == Finding("proxy", "ok", "set in the system's own settings")


@pytest.mark.parametrize(
    "address", [f"ftp://me:{PASSWORD}@host", f"http://me:{PASSWORD}@host:x", "http://", "http://127.0.0.1:99999"]
)
def test_a_proxy_that_names_no_host_is_wrong_without_its_address(address: str) -> None:
    finding = proxies(HTTPS_PROXY=address)
    assert finding.state == "wrong"
    assert "HTTPS_PROXY" in finding.text
    assert finding.advice == "give http://host:port, or unset it"
    assert PASSWORD not in repr(finding)


def test_by_default_the_certificates_are_those_of_certifi() -> None:
    assert certificates() == Finding("certificates", "ok", "those of certifi")


def test_a_variable_of_other_programs_is_named_as_one_that_is_not_read() -> None:
    assert certificates(REQUESTS_CA_BUNDLE="/x.pem").text.endswith(
        "REQUESTS_CA_BUNDLE is not read here: SSL_CERT_FILE is"
    )


def test_certificates_that_can_be_read_are_named_by_their_variable() -> None:
    assert certificates(SSL_CERT_FILE=certifi.where()).text == "SSL_CERT_FILE: set, and can be read"


def test_certificates_that_cannot_be_read_are_wrong(tmp_path: Path) -> None:
    for name, value in (("SSL_CERT_FILE", __file__), ("SSL_CERT_DIR", str(tmp_path / "none"))):
        finding = certificates(**{name: value})
        assert finding.state == "wrong"
        assert name in finding.text
        assert "unset it" in finding.advice
