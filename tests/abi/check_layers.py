# SPDX-License-Identifier: MIT
"""#include arrows between the folders of lib/ point left only.

    check_layers.py LIB_DIR

The order is that of doc/architecture.md. A folder may include its own headers,
those of the folders it is allowed, the public headers and the C library.
"""

import sys
from pathlib import Path

import headers

ALLOWED = {
    "base": set(),
    "model": {"base"},
    "cluster": {"base"},
    "cost": {"base", "model", "cluster"},
    "plan": {"base", "model", "cluster", "cost"},
    "report": {"base", "model", "cluster", "cost", "plan"},
    "planner": {"base", "model", "cluster", "cost", "plan", "report"},
    "sim": {"base", "model", "cluster", "cost", "plan"},
    "run": {"base", "model", "cluster", "cost", "plan"},
}

# The standard headers that a folder of its own is needed for: threads, clocks and
# affinity in base/os_*.c alone (<stdatomic.h> is part of the language).
SYSTEM = {
    "assert.h", "errno.h", "float.h", "inttypes.h", "limits.h", "math.h", "stdarg.h",
    "stdatomic.h", "stdbool.h", "stddef.h", "stdint.h", "stdio.h", "stdlib.h", "string.h",
    "jansson.h",
}  # fmt: skip


def check(path, folder):
    for number, included in headers.includes(path):
        where = f"{path}:{number}: {included}"
        name = included[1:-1]
        if included.startswith("<"):
            if not name.startswith("hidp/") and name not in SYSTEM:
                if not (folder == "base" and path.name.startswith("os_")):
                    yield f"{where}: system header outside base/os_*.c"
        elif "/" not in name:
            yield f"{where}: give the folder too, as in \"base/arena.h\""
        else:
            target = name.split("/")[0]
            if target != folder and target not in ALLOWED[folder]:
                yield f"{where}: {folder} must not know {target}"


def main():
    lib = Path(sys.argv[1])
    files = sorted(p for p in lib.rglob("*") if p.suffix in (".c", ".h"))
    wrong = []
    for path in files:
        folder = path.relative_to(lib).parts[0]
        if folder not in ALLOWED:
            wrong.append(f"{path}: folder {folder} has no place in the order of layers")
        else:
            wrong += check(path, folder)
    print("\n".join(wrong))
    print(f"{len(files)} files, {len(wrong)} findings")
    return 1 if wrong or not files else 0


if __name__ == "__main__":
    sys.exit(main())
