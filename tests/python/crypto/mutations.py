"""Damage done to valid encodings: it must end in an Error at worst, leave no handle and crash nothing.

The number of a round decides how it damages: PYSSL_MUTATIONS=n tries the same n ways each time, and `make test` 10,000
in one of its suites. What fails names round and bytes. Should the process die, the bytes it died of are in the
temporary directory, in the file pyssl-mutation-PID.
"""

from __future__ import annotations

import atexit
import gc
import os
import random
import tempfile
from pathlib import Path
from typing import Callable

from OpenSSL import crypto
from OpenSSL._native import lib

#: How many each test tries.
MUTATIONS = int(os.environ.get("PYSSL_MUTATIONS", "300"))

#: The bytes that are being tried.
MUTATION = Path(tempfile.gettempdir()) / f"pyssl-mutation-{os.getpid()}"


def survive(valid: bytes, use: Callable[[bytes], object], encode: Callable[[bytes], bytes] = bytes) -> None:
    """Gives `use` the damaged bytes, after `encode` (to base64 perhaps). It may raise crypto.Error, nothing else."""
    refused = 0
    handles = lib.pyssl_handle_count()
    with open(_opened(), "r+b", buffering=0) as trial:
        for round in range(MUTATIONS):
            data = encode(mutated(valid, round))
            trial.seek(0)
            trial.truncate()
            trial.write(data)
            try:
                use(data)
            except crypto.Error as error:
                assert isinstance(error.args[0], list), _case(round, data)
                refused += 1
            except BaseException as wrong:
                raise AssertionError(_case(round, data)) from wrong
            if lib.pyssl_handle_count() != handles:
                gc.collect()
                assert lib.pyssl_handle_count() <= handles, _case(round, data)
                handles = lib.pyssl_handle_count()
    assert refused, "nothing was ever found wrong"


def mutated(valid: bytes, round: int) -> bytes:
    """`valid` after one to four changes: bytes replaced, bits flipped, lengths made up, pieces cut, doubled, put in."""
    chance = random.Random(round)
    damaged = bytearray(valid)
    for _ in range(chance.choice([1, 1, 2, 3, 4])):
        at = chance.randrange(max(len(damaged), 1))
        end = min(at + chance.randint(1, 8), len(damaged))
        kind = chance.choice(["replace", "flip", "flip", "length", "cut", "double", "insert", "end"])
        if kind == "replace":
            damaged[at:end] = chance.randbytes(end - at)
        elif kind == "flip" and damaged:
            damaged[at] ^= 1 << chance.randrange(8)
        elif kind == "length" and damaged:
            damaged[at] = chance.choice([0, 1, 0x7F, 0x80, 0x81, 0x82, 0x84, 0x88, 0xFF])
        elif kind == "cut":
            del damaged[at:end]
        elif kind == "double":
            damaged[at:at] = damaged[at:end]
        elif kind == "insert":
            damaged[at:at] = chance.randbytes(chance.randint(1, 8))
        elif kind == "end":
            del damaged[at:]
    return bytes(damaged)


def _case(round: int, data: bytes) -> str:
    return f"round {round}: bytes.fromhex({data.hex()!r})"


def _opened() -> Path:
    if not MUTATION.exists():
        MUTATION.touch()
        atexit.register(MUTATION.unlink, missing_ok=True)
    return MUTATION
