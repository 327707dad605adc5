# SPDX-License-Identifier: MIT
"""Each public header compiles twice, alone, as C99 and as C++11, without a warning.

    check_headers.py INCLUDE_DIR CC CXX

Headers include only a few standard headers and each other, have the guard that
their name asks for, and hidp.h includes all of them. Results are TAP.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "abi"))
import headers  # noqa: E402

STANDARD = {"<stdbool.h>", "<stddef.h>", "<stdint.h>"}
BOTH = ["-Wall", "-Wextra", "-Wpedantic", "-Wundef", "-Wpadded", "-Werror", "-fsyntax-only"]
C = ["-std=c99", "-Wshadow", "-Wstrict-prototypes", "-Wmissing-declarations", "-x", "c", "-"]
# no -Wshadow: the function hidp_plan() beside struct hidp_plan is meant (and what g++ calls shadowing)
CXX = ["-std=c++11", "-Wold-style-cast", "-x", "c++", "-"]


def compiled(compiler, flags, include_dir, names):
    # a header of macros alone must not leave the unit empty
    source = "".join(f"#include <{name}>\n" for name in names) + "typedef int not_empty;\n"
    done = subprocess.run(
        [compiler, "-I", include_dir, *BOTH, *flags],
        input=source,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr if done.returncode != 0 else ""


def misplaced_includes(path):
    return "".join(
        f"line {number}: {what}\n"
        for number, what in headers.includes(path)
        if what not in STANDARD and not re.fullmatch(r"<hidp/[\w/]+\.h>", what)
    )


def guard(path, name):
    macro = re.sub(r"\W", "_", name).upper()
    text = path.read_text(encoding="utf-8")
    if re.search(rf"(?m)^#ifndef {macro}\n#define {macro}$", text):
        return ""
    return f"no guard {macro}\n"


def main():
    include_dir, cc, cxx = sys.argv[1:4]
    for compiler in (cc, cxx):
        if shutil.which(compiler) is None:
            print(f"1..0 # SKIP {compiler} is not installed")
            return 0
    paths = headers.find(include_dir)
    names = [str(path.relative_to(include_dir)) for path in paths]
    results = []
    for path, name in zip(paths, names):
        results.append((f"{name} as C99", compiled(cc, C, include_dir, [name, name])))
        results.append((f"{name} as C++11", compiled(cxx, CXX, include_dir, [name, name])))
        results.append((f"includes of {name}", misplaced_includes(path)))
        results.append((f"guard of {name}", guard(path, name)))
    results.append(("all as C99, last first", compiled(cc, C, include_dir, names[::-1])))
    results.append(("all as C++11, last first", compiled(cxx, CXX, include_dir, names[::-1])))
    main_header = Path(include_dir) / "hidp" / "hidp.h"
    included = {what[1:-1] for _, what in headers.includes(main_header)}
    left_out = [n for n in names if n not in included | {"hidp/hidp.h"} and "/plugin/" not in n]
    results.append(("hidp.h includes all", "".join(f"not {n}\n" for n in left_out)))

    print(f"1..{len(results)}")
    for number, (what, wrong) in enumerate(results, 1):
        print(f"{'not ok' if wrong else 'ok'} {number} - {what}")
        for line in wrong.splitlines():
            print(f"# {line}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
