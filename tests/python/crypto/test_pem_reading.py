"""load_certificate and use_certificate_file read a PEM text as OpenSSL's own reader does.

What OpenSSL's reader makes of a text is told by `X509Store.load_locations`, which hands the file to OpenSSL.
"""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from pki import pki

from OpenSSL import SSL, crypto

BEGIN, END = b"-----BEGIN CERTIFICATE-----\n", b"-----END CERTIFICATE-----\n"


def texts() -> dict[str, bytes]:
    pem = pki().pem("leaf")
    lines = pem[pem.index(BEGIN) + len(BEGIN) : pem.index(END)].split(b"\n")[:-1]
    der = base64.b64decode(b"".join(lines))
    body, digits = b"\n".join(lines) + b"\n", base64.b64encode(der)

    def text(body: bytes) -> bytes:
        return BEGIN + body + END

    def lines_of(size: int) -> bytes:
        return b"".join(digits[at : at + size] + b"\n" for at in range(0, len(digits), size))

    return {
        "plain": text(body),
        "CRLF": text(body).replace(b"\n", b"\r\n"),
        "words before": b"words\n\nmore words\n" + text(body),
        "a NUL before": b"words\0\n" + text(body),
        "a NUL right before": b"\0" + text(body),
        "a blank line after BEGIN": text(b"\n" + body),
        "a blank line inside": text(b"\n".join(lines[:3]) + b"\n\n" + b"\n".join(lines[3:]) + b"\n"),
        "a blank line before END": text(body + b"\n"),
        "a NUL inside": text(lines[0] + b"\0\n" + b"\n".join(lines[1:]) + b"\n"),
        "a short line first": text(lines[0][:20] + b"\n" + lines[0][20:] + b"\n" + b"\n".join(lines[1:]) + b"\n"),
        "lines of 76": text(lines_of(76)),
        "lines of 32": text(lines_of(32)),
        "one line": text(digits + b"\n"),
        "blanks at the ends": text(b"  \n".join(lines) + b"\n"),
        "blanks in front": text(b"\n".join(b" " + line for line in lines) + b"\n"),
        "no END": BEGIN + body,
        "another END": BEGIN + body + END.replace(b"CERTIFICATE", b"X509 CRL"),
        "TRUSTED": text(body).replace(b"CERTIFICATE", b"X509 CERTIFICATE"),
        "a header": text(b"Proc: 4\n\n" + body),
    }


def is_read(call: object, *args: object) -> bool:
    try:
        call(*args)  # type: ignore[operator]
    except (crypto.Error, SSL.Error):
        return False
    return True


@pytest.mark.parametrize("kind", texts())
def test_one_reader_everywhere(kind: str, tmp_path: Path) -> None:
    pem, file = texts()[kind], tmp_path / "cert.pem"
    file.write_bytes(pem)
    openssl = is_read(crypto.X509Store().load_locations, str(file))
    assert is_read(crypto.load_certificate, crypto.FILETYPE_PEM, pem) == openssl
    assert is_read(SSL.Context(SSL.TLS_METHOD).use_certificate_file, str(file)) == openssl
    if openssl:
        loaded = crypto.load_certificate(crypto.FILETYPE_PEM, pem)
        assert loaded.get_subject() == crypto.load_certificate(crypto.FILETYPE_PEM, pki().pem("leaf")).get_subject()


def test_the_texts_differ_in_their_fate(tmp_path: Path) -> None:
    fates = {is_read(crypto.load_certificate, crypto.FILETYPE_PEM, pem) for pem in texts().values()}
    assert fates == {True, False}
