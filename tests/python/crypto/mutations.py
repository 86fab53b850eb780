"""Damage done to valid encodings."""

from __future__ import annotations

import os

from hypothesis import strategies as st

#: How many each test tries; the long run of CI: 10000.
MUTATIONS = int(os.environ.get("PYSSL_MUTATIONS", "300"))


@st.composite
def mutations(draw: st.DrawFn, valid: bytes) -> bytes:
    """`valid` after one to four changes: bytes replaced, bits flipped, pieces cut out, doubled or put in."""
    damaged = bytearray(valid)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(len(damaged) - 1, 0)))
        end = min(at + draw(st.integers(1, 8)), len(damaged))
        kind = draw(st.sampled_from(["replace", "flip", "cut", "double", "insert", "end"]))
        if kind == "replace":
            damaged[at:end] = draw(st.binary(min_size=end - at, max_size=end - at))
        elif kind == "flip" and damaged:
            damaged[at] ^= 1 << draw(st.integers(0, 7))
        elif kind == "cut":
            del damaged[at:end]
        elif kind == "double":
            damaged[at:at] = damaged[at:end]
        elif kind == "insert":
            damaged[at:at] = draw(st.binary(min_size=1, max_size=8))
        elif kind == "end":
            del damaged[at:]
    return bytes(damaged)
