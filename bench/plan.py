"""What is measured, with whom it is compared, and where it is to get to."""

from __future__ import annotations

from typing import NamedTuple, Optional

LIBSSL, LIBPYSSL = "C on libssl", "C on libpyssl"
ABI, API = "Python, ABI mode", "Python, compiled shim"
PYOPENSSL, SSL = "pyOpenSSL", "Python's ssl"


class Row(NamedTuple):
    label: str
    variant: str
    #: What the variant's worker calls it, or the arguments of a fresh process.
    case: str


class Want(NamedTuple):
    """`label` against `against` is at least (or, where small is good, at most) so much; None only shows the ratio."""

    label: str
    against: str
    ratio: Optional[float]


class Limit(NamedTuple):
    """The number itself is at least (or at most) so much, where `where` says."""

    label: str
    number: float
    where: str = ""


class Case(NamedTuple):
    name: str
    title: str
    unit: str
    rows: list[Row]
    wants: list[Want]
    limits: list[Limit] = []
    #: What a worker's number is divided by before it is shown.
    divisor: float = 1
    seconds: float = 0.15
    small_is_good: bool = False
    #: A process for each number, and how many numbers there should be; 0 for as many as rounds.
    fresh: int = 0


def cases() -> list[Case]:
    return [*without_socket(), *with_socket(), *memory(), *crypto(), *threads(), *abi()]


def everywhere(case: str) -> list[Row]:
    return [Row(variant, variant, case) for variant in (LIBSSL, LIBPYSSL, ABI, API, PYOPENSSL, SSL)]


def both_modes(case: str) -> list[Row]:
    return [Row(variant, variant, case) for variant in (ABI, API, PYOPENSSL)]


def better(c: Optional[float], abi: Optional[float], api: Optional[float]) -> list[Want]:
    """C against C, and Python in either mode against pyOpenSSL."""
    return [Want(LIBPYSSL, LIBSSL, c), Want(ABI, PYOPENSSL, abi), Want(API, PYOPENSSL, api)]


def without_socket() -> list[Case]:
    bound = Want(API, LIBSSL, 0.95)
    return [
        Case(
            "handshakes",
            "Handshakes without a socket, one server each time: EC P-256, TLS 1.3, verified",
            "a second",
            everywhere("handshakes"),
            [*better(0.95, 1.0, 1.0), bound],
            seconds=0.25,
        ),
        Case(
            "messages-64",
            "64-byte messages without a socket",
            "thousands a second",
            everywhere("messages-64"),
            better(0.95, 1.35, 1.5),
            divisor=1e3,
        ),
        Case(
            "messages-1k",
            "1 KiB messages without a socket",
            "thousands a second",
            everywhere("messages-1k"),
            better(None, None, 1.5),
            divisor=1e3,
        ),
        Case(
            "records-16k",
            "16 KiB records without a socket",
            "MB/s",
            everywhere("records-16k"),
            better(0.95, 1.2, 1.5),
            divisor=1e6,
        ),
    ]


def with_socket() -> list[Case]:
    limits = [Limit(variant, 1.6, "where C reaches 1.7") for variant in (LIBPYSSL, ABI, API)]
    return [
        Case(
            "bulk",
            "One way over a socketpair, a thread at either end",
            "MB/s, wall clock",
            everywhere("bulk"),
            better(None, None, 1.1),
            divisor=1e6,
        ),
        Case(
            "pingpong",
            "64 bytes there and back over a socketpair",
            "thousands a second, wall clock",
            everywhere("pingpong"),
            better(None, None, 1.0),
            divisor=1e3,
        ),
        Case(
            "second-thread",
            "Handshakes by two threads on one Context against one thread",
            "times as many, wall clock",
            everywhere("second-thread"),
            [],
            limits,
            seconds=0.6,
        ),
    ]


def memory() -> list[Case]:
    released = Row("C on libssl, buffers released", LIBSSL, "idle 500 release")
    rows = everywhere("idle 500")
    limits = [Limit(variant, 28) for variant in (LIBPYSSL, ABI, API)]
    title = "Resident memory of one side of an idle connection without a socket"
    return [
        Case("memory", title, "KB", [rows[0], released, *rows[1:]], [], limits, 1e3, small_is_good=True, fresh=3),
    ]


def crypto() -> list[Case]:
    def case(name: str, title: str, at_least: float) -> Case:
        wants = [Want(ABI, PYOPENSSL, at_least), Want(API, PYOPENSSL, at_least)]
        return Case(name, title, "thousands a second", both_modes(name), wants, divisor=1e3, seconds=0.08)

    importing = both_modes("import")
    return [
        case("load-certificate", "load_certificate, PEM", 1.0),
        case("getters", "CN of subject and issuer, serial number, notAfter, has_expired", 3.0),
        case("digest", "digest sha256 of a certificate", 3.0),
        case("build", "Build, sign and dump an EC certificate with two names", 1.4),
        case("verify", "X509StoreContext.verify_certificate, the same certificate again", 1.2),
        case("verify-new", "X509StoreContext.verify_certificate, a new certificate each time", 1.2),
        case("load-privatekey", "load_privatekey, PEM", 1.0),
        Case(
            "import",
            "import OpenSSL in a fresh process",
            "ms, wall clock",
            importing,
            [Want(ABI, PYOPENSSL, None), Want(API, PYOPENSSL, None)],
            [Limit(ABI, 25), Limit(API, 25)],
            small_is_good=True,
            fresh=15,
        ),
    ]


def threads() -> list[Case]:
    one, two = "one connection, both ways", "two connections, one way each"
    plain_one, plain_two = "one plain socket, both ways", "two plain sockets, one way each"
    rows = [
        Row(one, LIBPYSSL, "duplex-one"),
        Row(two, LIBPYSSL, "duplex-two"),
        Row(plain_one, LIBPYSSL, "plain-one"),
        Row(plain_two, LIBPYSSL, "plain-two"),
    ]
    wants = [Want(one, two, 1.0), Want(plain_one, plain_two, None)]
    title = "Both directions at once in C on libpyssl, four threads"
    return [Case("duplex", title, "MB/s, wall clock", rows, wants, divisor=1e6, seconds=0.3)]


def abi() -> list[Case]:
    call, apart, together = "gate and lookup", "two threads, a handle each", "two threads, one handle"
    rows = [
        Row("gate", LIBPYSSL, "gate"),
        Row("lookup", LIBPYSSL, "lookup"),
        Row(call, LIBPYSSL, "gate-and-lookup"),
        Row(apart, LIBPYSSL, "two-handles"),
        Row(together, LIBPYSSL, "same-handle"),
    ]
    wants = [Want(apart, call, 2.0), Want(together, call, 2.0)]
    title = "The cheapest calls of the C ABI"
    return [Case("abi", title, "ns", rows, wants, [Limit("lookup", 30)], seconds=0.05, small_is_good=True)]
