#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Size of libhidp.so: release build, without JSON, stripped.

    size.py MESON SOURCE [--tsv FILE]

Configures and compiles a build of its own in a temporary folder, with the compiler
that CC names.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

AIM = 256 * 1024


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}:\n{done.stdout}{done.stderr}")
    return done.stdout


def build(meson, source, folder):
    run(
        meson, "setup", folder, source, "-Dbuildtype=release", "-Djson=disabled",
        "-Dtests=disabled", "-Dexamples=false", "-Ddocs=disabled", "-Ddefault_library=shared",
    )  # fmt: skip
    run(meson, "compile", "-C", folder)
    (library,) = (p for p in Path(folder, "lib").glob("libhidp.so*") if p.is_file() and not p.is_symlink()
                  and re.fullmatch(r"libhidp\.so[.\d]*", p.name))  # fmt: skip
    return library


def sections(library):
    """Bytes of code and constants, of data, of zeroed data."""
    cells = run("size", "--format=berkeley", str(library)).splitlines()[1].split()
    return dict(zip(("text", "data", "bss"), map(int, cells)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("meson")
    parser.add_argument("source")
    parser.add_argument("--tsv")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hidp-size-") as folder:
        library = build(args.meson, args.source, folder)
        whole = library.stat().st_size
        run("strip", str(library))
        stripped, parts = library.stat().st_size, sections(library)
    compiler = run(*os.environ.get("CC", "cc").split(), "--version").splitlines()[0]
    print(f"libhidp.so, release, without JSON, {compiler}")
    print(f"  stripped {stripped} bytes = {stripped / 1024:.1f} KiB ({stripped / AIM:.0%} of the aim of 256 KiB)")
    print(f"  text {parts['text']}, data {parts['data']}, bss {parts['bss']}; before stripping {whole}")
    if args.tsv:
        rows = [("stripped_bytes", stripped), ("unstripped_bytes", whole)]
        rows += [(f"{name}_bytes", value) for name, value in parts.items()]
        text = f"# size: libhidp.so, release, without JSON\n# {compiler}\nwhat\tvalue\n"
        text += "".join(f"{name}\t{value}\n" for name, value in rows)
        Path(args.tsv).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
