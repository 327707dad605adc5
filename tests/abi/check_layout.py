# SPDX-License-Identifier: MIT
"""layout.c and growing.h speak of everything that the headers define.

    check_layout.py INCLUDE_DIR CC...

layout.c, written anew, is what is in the tree; growing.h has every growable struct,
and old_program.c passes each of them in or out.
"""

import difflib
import re
import struct
import sys
from pathlib import Path

import headers
import renew

HERE = Path(__file__).parent


def main():
    include_dir = Path(sys.argv[1])
    wrong = []
    growable = sorted(n for n, f in headers.structs(include_dir).items() if f[0] == "struct_size")
    named = re.findall(r"(?m)^GROWN\((\w+)\);", (HERE / "growing.h").read_text(encoding="utf-8"))
    if sorted(named) != growable:
        wrong.append(f"growing.h lacks or has too many: {set(named) ^ set(growable)}")
    program = (HERE / "old_program.c").read_text(encoding="utf-8")
    for name in growable:
        if not re.search(rf"\b(READS|WRITES)\({name},|struct grown_{name} g;", program):
            wrong.append(f"old_program.c never passes a struct {name}")

    if struct.calcsize("P") == 8:
        stored = (HERE / "layout.c").read_text(encoding="utf-8").splitlines()
        fresh = renew.layout_text(include_dir, sys.argv[2:]).splitlines()
        wrong += difflib.unified_diff(stored, fresh, "layout.c", "headers", n=0, lineterm="")
    print("\n".join(wrong) or f"{len(growable)} growable structs")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
