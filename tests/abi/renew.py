#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Renews what the ABI tests compare the library with.

    tests/abi/renew.py

writes, from the headers below include/:

    lib/hidp.map            the exported functions
    tests/abi/layout.c      sizes, offsets and values
    tests/abi/released.h    the interface as one header, for old_program.c
    tests/abi/baseline.abi  the interface as libabigail sees it

Until the first release this is the way to accept any change of the interface.
After it, hidp.map keeps its released nodes, and released.h stays as it is until
the SONAME changes: give the names of the files that are to be renewed.

    tests/abi/renew.py layout.c baseline.abi
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import headers

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
NODE = "HIDP_1.0"

ABIDW_FLAGS = [
    # what the machine, the options and the private parts make of it is not the interface
    "--drop-private-types",
    "--drop-undefined-syms",
    "--exported-interfaces-only",
    "--no-comp-dir-path",
    "--no-corpus-path",
    "--no-elf-needed",
    "--short-locs",
]


def map_text(include_dir):
    names = "".join(f"\t{name};\n" for name in headers.functions(include_dir))
    return f"{NODE} {{\nglobal:\n{names}local:\n\t*;\n}};\n"


def probe(include_dir, cc):
    """Sizes, offsets and values as the compiler sees them: [(expression, value)]."""
    lines = []
    expressions = []

    def ask(expression):
        expressions.append(expression)
        lines.append(f'printf("%lld\\n", (long long)({expression}));')

    for name, fields in headers.structs(include_dir).items():
        ask(f"sizeof(struct {name})")
        for field in fields:
            ask(f"offsetof(struct {name}, {field})")
    for name in headers.enumerators(include_dir) + headers.constants(include_dir):
        if not re.match(r"HIDP_(VERSION|ABI)_", name):
            ask(name)
    source = (
        "#include <hidp/hidp.h>\n#include <stddef.h>\n#include <stdio.h>\nint main(void) {\n"
        + "\n".join(lines)
        + "\nreturn 0; }\n"
    )
    with tempfile.TemporaryDirectory() as scratch:
        program = Path(scratch) / "probe"
        (Path(scratch) / "probe.c").write_text(source, encoding="utf-8")
        subprocess.run(
            [*cc, "-std=c11", "-I", str(include_dir), "-o", str(program), f"{scratch}/probe.c"],
            check=True,
        )
        output = subprocess.run([str(program)], check=True, capture_output=True, text=True)
    return list(zip(expressions, output.stdout.split()))


def layout_text(include_dir, cc):
    out = [
        "/* SPDX-License-Identifier: MIT */",
        "/*",
        " * Sizes, offsets and values that programs have compiled in. Written by",
        " * tests/abi/renew.py; a line that no longer holds is a break of the binary interface.",
        " */",
        "#include <stddef.h>",
        "#include <stdint.h>",
        "",
        "#include <hidp/hidp.h>",
        "",
        "#define SAME(expression, value) _Static_assert((expression) == (value), #expression)",
        "#define SIZE(name, value) SAME(sizeof(struct name), value)",
        "#define OFFSET(name, field, value) SAME(offsetof(struct name, field), value)",
        "",
        "#if UINTPTR_MAX == UINT64_MAX",
    ]
    values = []
    for expression, value in probe(include_dir, cc):
        size = re.fullmatch(r"sizeof\(struct (\w+)\)", expression)
        offset = re.fullmatch(r"offsetof\(struct (\w+), (\w+)\)", expression)
        if size:
            out += ["", f"SIZE({size.group(1)}, {value});"]
        elif offset:
            out.append(f"OFFSET({offset.group(1)}, {offset.group(2)}, {value});")
        else:
            number = f"{value}u" if int(value) > 0x7FFFFFFF else value
            values.append(f"SAME({expression}, {number});")
    out += ["", "#endif", "", *values, "", "int main(void)", "{", "\treturn 0;", "}", ""]
    return "\n".join(out)


def released_text(include_dir):
    """All headers in one, in the order of their inclusion, without comments."""
    done = set()
    parts = []

    def add(name):
        if name in done:
            return
        done.add(name)
        path = Path(include_dir) / name
        text = path.read_text(encoding="utf-8")
        for _, included in headers.includes(path):
            if included.startswith("<hidp/"):
                add(included[1:-1])
        guard = re.search(r"(?m)^#ifndef (HIDP_\w+_H)\n#define \1\n", text)
        text = headers.without_comments(text[guard.end() : text.rindex("#endif")])
        text = re.sub(r"(?m)^#include .*\n", "", text)
        text = re.sub(r"[ \t]+(?=\n)", "", text)
        text = re.sub(r"\n{2,}", "\n", text).strip()
        if text:
            parts.append(f"/* {name} */\n{text}\n")

    add("hidp/hidp.h")
    return (
        "/* SPDX-License-Identifier: MIT */\n"
        "/*\n"
        " * The interface as programs were compiled against it, frozen by tests/abi/renew.py.\n"
        " * old_program.c uses this in place of the headers.\n"
        " */\n"
        "#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>\n\n" + "\n".join(parts)
    )


def dump(library, include_dir, out):
    """What libabigail sees of a library, for baseline.abi and to compare with it."""
    subprocess.run(
        ["abidw", "--headers-dir", str(include_dir), *ABIDW_FLAGS, "--out-file", str(out), str(library)],
        check=True,
    )


def renew_baseline(target):
    with tempfile.TemporaryDirectory() as scratch:
        setup = ["meson", "setup", scratch, str(ROOT), "-Dbuildtype=debug", "-Dtests=disabled"]
        quiet = {"check": True, "stdout": subprocess.DEVNULL}
        subprocess.run([*setup, "-Dexamples=false", "-Ddefault_library=shared"], **quiet)
        subprocess.run(["meson", "compile", "-C", scratch], **quiet)
        dump(Path(scratch) / "lib" / "libhidp.so", ROOT / "include", target)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", nargs="*", metavar="FILE", help="default: all of them")
    wanted = parser.parse_args().files
    include_dir = ROOT / "include"
    cc = os.environ.get("CC", "cc").split()
    tasks = {
        "hidp.map": lambda: (ROOT / "lib" / "hidp.map").write_text(map_text(include_dir)),
        "layout.c": lambda: (HERE / "layout.c").write_text(layout_text(include_dir, cc)),
        "released.h": lambda: (HERE / "released.h").write_text(released_text(include_dir)),
        "baseline.abi": lambda: renew_baseline(HERE / "baseline.abi"),
    }
    for name in wanted or tasks:
        if name not in tasks:
            sys.exit(f"renew.py: {name} is none of {', '.join(tasks)}")
        tasks[name]()
        print(f"renewed {name}")


if __name__ == "__main__":
    main()
