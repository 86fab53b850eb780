"""define.py HEADER: prints a C file with the header's text and, for each function in it, a definition that does nothing."""

from __future__ import annotations

import re
import sys
from pathlib import Path

header = Path(sys.argv[1]).read_text()
code = re.sub(r"/\*.*?\*/", "", header, flags=re.S)
functions = re.findall(r"^(?!typedef)([\w ]+[ *]pyssl_\w+\([^;]*\));$", code, flags=re.M)
types = re.findall(r"^typedef [^;{]*\(\*(pyssl_\w+)\)", code, flags=re.M)

print(header)
for function in functions:
    print(f"{function} {{" + (" }" if function.startswith("void ") else " return 0; }"))
for name in types:  # a callback type may be no function's parameter by itself
    print(f"{name} pyssl_abi_{name};")
