"""Keys, certificates and revocation lists made with the system's `openssl` command, once for all tests."""

from __future__ import annotations

import atexit
import functools
import shutil
import subprocess
import tempfile
from pathlib import Path

CA = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n"
LEAF = "basicConstraints=CA:FALSE\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"


def openssl(*args: str | Path, stdin: bytes = b"") -> bytes:
    """What the command writes to its standard output; an AssertionError with its complaints when it fails."""
    done = subprocess.run(["openssl", *map(str, args)], input=stdin, capture_output=True, check=False)
    assert done.returncode == 0, (args, done.stderr.decode())
    return done.stdout


class Pki:
    """root -> inter -> leaf, revoked; other is another root; each as NAME.pem and NAME.key in `dir`."""

    def __init__(self, folder: Path) -> None:
        self.dir = folder
        self._self_signed("root")
        self._self_signed("other")
        self.issue("inter", "root")
        self.issue("leaf", "inter", LEAF)
        self.issue("revoked", "inter", LEAF)
        self._revocation_list("root", [])
        self._revocation_list("inter", ["revoked"])

    def path(self, name: str) -> Path:
        return self.dir / name

    def pem(self, name: str) -> bytes:
        return self.path(f"{name}.pem").read_bytes()

    def key(self, name: str) -> bytes:
        return self.path(f"{name}.key").read_bytes()

    def crl(self, name: str) -> bytes:
        return self.path(f"{name}.crl").read_bytes()

    def issue(self, name: str, issuer: str, extensions: str = CA) -> None:
        key, request, config = self._new_key(name), self.path(f"{name}.csr"), self.path(f"{name}.ext")
        config.write_text(extensions)
        openssl("req", "-new", "-key", key, "-subj", f"/O=Tests/CN={name}", "-out", request)
        openssl(
            *("x509", "-req", "-in", request, "-CA", self.path(f"{issuer}.pem"), "-CAkey", self.path(f"{issuer}.key")),
            *("-CAcreateserial", "-days", "1000", "-extfile", config, "-out", self.path(f"{name}.pem")),
        )

    def _new_key(self, name: str) -> Path:
        key = self.path(f"{name}.key")
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
        return key

    def _self_signed(self, name: str) -> None:
        key, cert = self._new_key(name), self.path(f"{name}.pem")
        lines = [part for line in CA.splitlines() for part in ("-addext", line)]
        openssl(
            "req",
            "-x509",
            "-new",
            "-key",
            key,
            "-subj",
            f"/O=Tests/CN={name}",
            "-days",
            "3650",
            "-out",
            cert,
            *lines[:4],
        )

    def _revocation_list(self, issuer: str, revoked: list[str]) -> None:
        config, index = self.path(f"{issuer}.cnf"), self.path(f"{issuer}.index")
        index.write_text("")
        self.path(f"{issuer}.crlnumber").write_text("01\n")
        config.write_text(
            f"[ca]\ndefault_ca=this\n[this]\ndatabase={index}\ncrlnumber={self.path(issuer + '.crlnumber')}\n"
            f"default_md=sha256\ndefault_crl_days=900\nunique_subject=no\n"
        )
        signer = ("-config", config, "-cert", self.path(f"{issuer}.pem"), "-keyfile", self.path(f"{issuer}.key"))
        for name in revoked:
            openssl("ca", *signer, "-revoke", self.path(f"{name}.pem"), "-crl_reason", "keyCompromise")
        openssl("ca", *signer, "-gencrl", "-out", self.path(f"{issuer}.crl"))


def pki() -> Pki:
    return _pki("embedded" in (shutil.which("openssl") or ""))


@functools.lru_cache(maxsize=None)
def _pki(embedded: bool) -> Pki:
    """Made once by each program."""
    folder = Path(tempfile.mkdtemp(prefix="pyssl-pki-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Pki(folder)
