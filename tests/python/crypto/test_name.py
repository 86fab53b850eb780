"""Distinguished names: attributes, comparison, encodings, and views that live as long as they should."""

from __future__ import annotations

import copy
import gc
from typing import Any

import pytest

from OpenSSL import crypto
from OpenSSL.crypto import FILETYPE_PEM, X509, PKey, X509Name, X509Req


def name(**attributes: Any) -> X509Name:
    """A name on its own."""
    made = X509Name(X509().get_subject())
    for key, value in attributes.items():
        setattr(made, key, value)
    return made


@pytest.mark.parametrize("value", [5, None, object()])
def test_an_unknown_attribute_is_told_before_a_wrong_type(value: Any) -> None:
    name = crypto.X509().get_subject()
    with pytest.raises(AttributeError, match="No such attribute"):
        name.nothing = value
    with pytest.raises(TypeError, match="the value of CN must be str or bytes"):
        name.CN = value


def test_attributes_by_short_long_and_dotted_name() -> None:
    """Note 68."""
    one = name(CN="cn", countryName="DE")
    assert one.CN == one.commonName == getattr(one, "2.5.4.3") == "cn"
    assert one.C == "DE" and one.ST is None and one.emailAddress is None
    setattr(one, "2.5.4.3", "other")
    assert one.CN == "other"
    for unknown in ("nope", "1.2.3.4.5.6", "cn\ufffd"):
        with pytest.raises(AttributeError, match="^No such attribute$"):
            getattr(one, unknown)
        with pytest.raises(AttributeError, match="^No such attribute$"):
            setattr(one, unknown, "x")
    with pytest.raises(AttributeError, match="'X509Name' object has no attribute 'CN'"):
        del one.CN
    one._private = 5
    private: Any = one._private
    assert private == 5
    with pytest.raises(AttributeError):
        one._other  # noqa: B018


def test_assignment_replaces_the_first_entry_and_appends() -> None:
    """Note 69."""
    one = name(CN="a", O="b", OU="c")
    one.CN = "d"
    assert one.get_components() == [(b"O", b"b"), (b"OU", b"c"), (b"CN", b"d")]
    assert one != name(CN="d", O="b", OU="c"), "the order counts"


@pytest.mark.parametrize(
    "attribute, value, tag",
    [("C", "DE", 0x13), ("CN", "ascii", 0x0C), ("O", "Grüße", 0x0C), ("emailAddress", "a@b", 0x16), ("DC", "x", 0x16),
     ("serialNumber", "7", 0x13), ("CN", b"bytes", 0x0C), ("dnQualifier", "q", 0x13), ("O", "a\0b", 0x0C)],
)  # fmt: skip
def test_openssl_chooses_the_string_type(attribute: str, value: Any, tag: int) -> None:
    """Note 70."""
    one = name(**{attribute: value})
    encoded = value if isinstance(value, bytes) else value.encode()
    assert getattr(one, attribute) == encoded.decode()
    assert one.der().endswith(bytes([tag, len(encoded)]) + encoded)


@pytest.mark.parametrize(
    "attribute, value, refusal",
    [("C", "DEU", crypto.Error), ("C", "D", crypto.Error), ("O", "", crypto.Error), ("O", "x" * 65, crypto.Error),
     ("CN", None, TypeError), ("CN", 5, TypeError), ("C", "ÄÖ", crypto.Error), ("CN", b"\xff", crypto.Error)],
)  # fmt: skip
def test_a_refused_value_leaves_the_old_one(attribute: str, value: Any, refusal: Any) -> None:
    """DESIGN rule 4."""
    cert = X509()
    view = cert.get_subject()
    view.O, view.C, view.CN = "old", "DE", "old"
    before = view.der()
    with pytest.raises(refusal):
        setattr(view, attribute, value)
    assert view.der() == cert.get_subject().der() == before


def test_comparison_is_on_the_canonical_encoding() -> None:
    """Note 71."""
    assert name(CN="Some  Name ") == name(CN="some name")
    assert not name(CN="a") != name(CN="A")
    assert name(CN="a") != name(CN="b") and name(CN="a") != name(O="a")
    c, zz, aaa = (name(CN=text) for text in ("c", "zz", "aaa"))
    assert c < zz < aaa and aaa > zz >= c and c <= c and not c > c
    assert c != 5 and not c == "c"
    with pytest.raises(TypeError):
        c < 5  # noqa: B015
    with pytest.raises(TypeError, match="unhashable type: 'X509Name'"):
        hash(c)


def test_hash_and_der_agree_with_openssl(openssl: Any, ec_pem: bytes, each_cert_pem: bytes) -> None:
    """Note 72."""
    cert = crypto.load_certificate(FILETYPE_PEM, each_cert_pem)
    subject = cert.get_subject()
    assert f"{subject.hash():08x}".encode() == openssl("x509", "-noout", "-subject_hash", stdin=each_cert_pem).strip()
    issuer_hash = openssl("x509", "-noout", "-issuer_hash", stdin=each_cert_pem).strip()
    assert f"{cert.get_issuer().hash():08x}".encode() == issuer_hash
    assert subject.der() in openssl("x509", "-outform", "DER", stdin=each_cert_pem)
    told = openssl("x509", "-noout", "-subject", "-nameopt", "utf8,sep_multiline,sname", stdin=each_cert_pem).decode()
    theirs = [tuple(line.strip().split("=", 1)) for line in told.splitlines()[1:]]
    ours = [(kind.decode(), value.decode()) for kind, value in subject.get_components()]
    assert ours == theirs and ours[2] == ("L", "München")


def test_repr_is_the_oneline_form() -> None:
    """Note 74."""
    assert repr(name(C="US", CN="x")) == "<X509Name object '/C=US/CN=x'>"
    assert repr(name(O="a\0b")) == r"<X509Name object '/O=a\x00b'>"
    assert repr(name(O="Grüße")) == r"<X509Name object '/O=Gr\xC3\xBC\xC3\x9Fe'>"
    long = name(**{"1.3.6.1.4.1.311.60.2.1.1": "x" * 100, "description": "y" * 900})
    assert len(repr(long)) <= 512 + len("<X509Name object ''>")


def test_get_components_gives_bytes_as_they_are() -> None:
    one = name(CN="a\0b", O="Grüße", emailAddress="a@b")
    assert one.get_components() == [(b"CN", b"a\0b"), (b"O", "Grüße".encode()), (b"emailAddress", b"a@b")]


def test_views_write_through_and_see_each_other() -> None:
    """Note 73."""
    for owner in (X509(), X509Req()):
        one, other = owner.get_subject(), owner.get_subject()
        one.CN = "x"
        assert other.CN == "x" and one == other
        independent = X509Name(one)
        independent.CN = "y"
        assert (one.CN, independent.CN) == ("x", "y")


def test_subject_and_issuer_are_two() -> None:
    cert = X509()
    cert.get_subject().CN, cert.get_issuer().CN = "subject", "issuer"
    assert (cert.get_subject().CN, cert.get_issuer().CN) == ("subject", "issuer")


def test_a_view_keeps_its_owner_alive(rsa_pem: bytes) -> None:
    for make in (X509, X509Req):
        view = make().get_subject()
        gc.collect()
        view.CN = "still here"
        gc.collect()
        assert view.CN == "still here" and view.get_components() == [(b"CN", b"still here")]


def test_views_are_dead_once_another_name_was_set() -> None:
    """Note 73."""
    cert = X509()
    cert.get_issuer().CN = "issuer"
    old, issuer = cert.get_subject(), cert.get_issuer()
    old.CN = "old"
    cert.set_subject(old)
    for use in (
        lambda: old.CN,
        lambda: setattr(old, "CN", "x"),
        lambda: repr(old),
        lambda: old.hash(),
        lambda: old.der(),
        lambda: old.get_components(),
        lambda: old == cert.get_subject(),
        lambda: cert.get_subject() < old,
        lambda: X509Name(old),
        lambda: cert.set_issuer(old),
    ):
        with pytest.raises(AttributeError, match="^No such attribute$"):
            use()
    assert cert.get_subject().CN == "old" and issuer.CN == "issuer"


def test_setting_a_name_copies_it() -> None:
    one, cert = name(CN="x"), X509()
    cert.set_subject(one)
    cert.set_issuer(cert.get_subject())
    one.CN = "y"
    assert cert.get_subject().CN == cert.get_issuer().CN == "x"


def test_the_constructor_takes_a_name_only() -> None:
    """Note 65."""
    with pytest.raises(AttributeError):
        X509Name("CN=x")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        X509Name()  # type: ignore[call-arg]


def test_a_shallow_copy_is_the_same_name(rsa: PKey) -> None:
    """Note 74."""
    one = name(CN="x")
    copy.copy(one).CN = "y"
    assert one.CN == "y"
    with pytest.raises(TypeError):
        copy.deepcopy(one)


def test_the_first_of_several_entries_counts(openssl: Any, rsa_pem: bytes, tmp_path: Any) -> None:
    (tmp_path / "key").write_bytes(rsa_pem)
    pem = openssl("req", "-new", "-key", str(tmp_path / "key"), "-subj", "/OU=first/OU=second/CN=x")
    subject = crypto.load_certificate_request(FILETYPE_PEM, pem).get_subject()
    assert subject.OU == "first"
    subject.OU = "third"
    assert subject.get_components() == [(b"OU", b"second"), (b"CN", b"x"), (b"OU", b"third")]
