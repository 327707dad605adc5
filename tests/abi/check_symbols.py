# SPDX-License-Identifier: MIT
"""The headers, the map and the built library name the same functions.

    check_symbols.py INCLUDE_DIR LIBRARY [MAP]

Plug-ins have no map.
"""

import re
import subprocess
import sys
from pathlib import Path

import headers


def in_map(path):
    """Names in the global parts of a version script; a pattern is not allowed."""
    text = headers.without_comments(Path(path).read_text(encoding="utf-8"))
    names = []
    for part in re.findall(r"global:(.*?)(?:local:|\})", text, flags=re.S):
        names += [name.strip() for name in part.split(";") if name.strip()]
    for name in names:
        if not re.fullmatch(r"\w+", name):
            sys.exit(f"{path}: '{name}' is not the name of one function")
    return names


def in_library(path):
    """Dynamic symbols that a shared library defines, without their versions."""
    output = subprocess.run(
        ["nm", "-D", "--defined-only", "--format=posix", path],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    names = []
    for line in output.splitlines():
        symbol, kind = line.split()[:2]
        if kind != "A":  # the version nodes themselves
            names.append(symbol.split("@")[0])
    return names


def main():
    include_dir, library, *maps = sys.argv[1:]
    found = {
        "the headers": headers.functions(include_dir),
        library: in_library(library),
    }
    found.update((path, in_map(path)) for path in maps)
    wrong = 0
    for place, names in found.items():
        for name in sorted({n for n in names if names.count(n) > 1}):
            print(f"{name}: twice in {place}")
            wrong += 1
        for other, others in found.items():
            for name in sorted(set(names) - set(others)):
                print(f"{name}: in {place}, but not in {other}")
                wrong += 1
    for path in maps:
        if found[path] != sorted(found[path]):
            print(f"{path}: not sorted")
            wrong += 1
    print(f"{len(found[library])} functions, {wrong} findings")
    return 1 if wrong or not found[library] else 0


if __name__ == "__main__":
    sys.exit(main())
