# SPDX-License-Identifier: MIT
"""The checkers of this folder find what they are there for.

    selftest.py INCLUDE_DIR MAP LIBRARY CC...

Each case makes something wrong in a scratch folder, or nothing wrong, and runs a
checker on it.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent


def run(checker, *arguments):
    command = [sys.executable, "-B", str(HERE / checker), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def objects(scratch, cc, code):
    (scratch / "unit.c").write_text(code, encoding="utf-8")
    subprocess.run([*cc, "-fPIC", "-c", "-o", scratch / "unit.o", scratch / "unit.c"], check=True)
    subprocess.run(["ar", "rcs", scratch / "unit.a", scratch / "unit.o"], check=True)
    return run("check_objects.py", scratch / "unit.a")


def layers(scratch, folder, include):
    path = scratch / "lib" / folder / "thing.c"
    path.parent.mkdir(parents=True)
    path.write_text(f"#include {include}\n", encoding="utf-8")
    return run("check_layers.py", scratch / "lib")


def symbols(scratch, include_dir, map_path, library, old, new):
    text = Path(map_path).read_text(encoding="utf-8")
    assert old in text
    (scratch / "map").write_text(text.replace(old, new, 1), encoding="utf-8")
    return run("check_symbols.py", include_dir, library, scratch / "map")


def main():
    include_dir, map_path, library, *cc = sys.argv[1:]
    cases = [
        # what is run, what it must say; None: it must find nothing
        (lambda s: objects(s, cc, "static int n; int f(void) { return ++n; }"), "n is in the writable"),
        (lambda s: objects(s, cc, "int table[4] = {1};"), "table is in the writable"),
        (lambda s: objects(s, cc, "_Thread_local int t;"), "t is in the writable"),
        (lambda s: objects(s, cc, "#include <stdlib.h>\nvoid f(void) { abort(); }"), "uses abort"),
        (lambda s: objects(s, cc, "#include <stdio.h>\nint f(int n) { return printf(\"%d\", n); }"), "uses printf"),
        (lambda s: objects(s, cc, "const char *const names[] = {\"a\"}; static const int k = 3;\nint f(void) { return k; }"), None),
        (lambda s: layers(s, "model", '"plan/plan_priv.h"'), "model must not know plan"),
        (lambda s: layers(s, "run", '"planner/problem.h"'), "run must not know planner"),
        (lambda s: layers(s, "plan", "<pthread.h>"), "system header"),
        (lambda s: layers(s, "misc", "<string.h>"), "no place in the order"),
        (lambda s: layers(s, "plan", '"model/model_priv.h"'), None),
        (lambda s: symbols(s, include_dir, map_path, library, "\thidp_version;\n", ""), "hidp_version: in the headers, but not"),
        (lambda s: symbols(s, include_dir, map_path, library, "\thidp_version;\n", "\thidp_version;\n\thidp_vision;\n"), "hidp_vision: in"),
        (lambda s: symbols(s, include_dir, map_path, library, "\thidp_version;\n", "\thidp_*;\n"), "not the name of one function"),
        (lambda s: symbols(s, include_dir, map_path, library, "HIDP", "HIDP"), None),
    ]  # fmt: skip
    failed = 0
    for number, (act, expected) in enumerate(cases, 1):
        with tempfile.TemporaryDirectory() as scratch:
            result = act(Path(scratch))
        said = result.stdout + result.stderr
        good = result.returncode == 0 if expected is None else result.returncode != 0 and expected in said
        if not good:
            failed += 1
            print(f"case {number}: expected {expected!r}, exit status {result.returncode}:\n{said}")
    print(f"{len(cases)} cases, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
