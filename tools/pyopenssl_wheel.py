"""Writes a wheel of libpyssl once more under the name pyOpenSSL: `tools/pyopenssl_wheel.py dist/libpyssl-0.1.0-*.whl`.

Programs require pyOpenSSL, so only a distribution of that name keeps their installers from bringing the other one. The
files are the same; the version is the level of compatibility with libpyssl's own as its local part, which is above the
release that it stands for: 26.4.0+libpyssl.0.1.0.
"""

from __future__ import annotations

import base64
import hashlib
import re
import sys
import zipfile
from pathlib import Path
from typing import List, Tuple

NAME = "pyOpenSSL"


def rename(wheel: Path) -> Path:
    """The new wheel, beside the given one."""
    own, version, tags = wheel.name.split("-", 2)
    with zipfile.ZipFile(wheel) as archive:
        new_version = f"{level(archive)}+libpyssl.{version}"
        old_info, new_info = f"{own}-{version}.dist-info", f"{NAME.lower()}-{new_version}.dist-info"
        target = wheel.with_name(f"{NAME.lower()}-{new_version}-{tags}")
        record: List[str] = []
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
            for entry in archive.infolist():
                name = entry.filename.replace(old_info, new_info, 1)
                if name == f"{new_info}/RECORD":
                    continue
                data = archive.read(entry)
                if name == f"{new_info}/METADATA":
                    data = renamed(data, new_version)
                write(out, entry, name, data)
                record.append("{},{},{}".format(name, *digest(data)))
            listing = "\n".join([*record, f"{new_info}/RECORD,,", ""])
            write(out, archive.getinfo(f"{old_info}/RECORD"), f"{new_info}/RECORD", listing.encode())
    return target


def level(archive: zipfile.ZipFile) -> str:
    """Which release of pyOpenSSL the package is compatible with."""
    found = re.search(rb'^__version__ = "([^"]+)"', archive.read("OpenSSL/version.py"), re.M)
    assert found, "OpenSSL/version.py names the level of compatibility"
    return found.group(1).decode()


def renamed(metadata: bytes, version: str) -> bytes:
    """Name and Version, which stand once each at the beginning of a line before the description."""
    head, blank, description = metadata.partition(b"\n\n")
    head = re.sub(rb"^Name: .*$", f"Name: {NAME}".encode(), head, flags=re.M)
    head = re.sub(rb"^Version: .*$", f"Version: {version}".encode(), head, flags=re.M)
    return head + blank + description


def write(out: zipfile.ZipFile, like: zipfile.ZipInfo, name: str, data: bytes) -> None:
    """Adds a file with the date and mode of another one."""
    entry = zipfile.ZipInfo(name, like.date_time)
    entry.external_attr, entry.compress_type = like.external_attr, zipfile.ZIP_DEFLATED
    out.writestr(entry, data)


def digest(data: bytes) -> Tuple[str, int]:
    """Hash and size, as RECORD has them."""
    text = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"sha256={text}", len(data)


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        print(rename(Path(argument)))
