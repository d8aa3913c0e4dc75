"""Certificates nobody has signed but their owner, made by openssl for one test run."""

from __future__ import annotations

import ssl
from pathlib import Path

from tests.deploy.tools import needed, run


def self_signed(folder: Path, host: str) -> tuple[ssl.SSLContext, Path]:
    """A server's side of TLS for a host, and the certificate a client would have to trust."""
    openssl, cert, key = needed("openssl", "openssl"), folder / "cert.pem", folder / "key.pem"
    run(
        openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
        "-nodes", "-days", "2", "-subj", f"/CN={host}",
        "-addext", f"subjectAltName=DNS:{host},IP:127.0.0.1",
        "-keyout", str(key), "-out", str(cert),
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context, cert
