# SPDX-License-Identifier: MIT
"""The Rust example: its structs are those of the library, it compiles and runs.

    test_rust.py DIRECTORY_OF_PLAN_RS DIRECTORY_OF_LIBHIDP VERSION
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import layout

STRUCTS = {
    "Diagnostic": "hidp_diagnostic",
    "Shape": "hidp_shape",
    "RowRule": "hidp_row_rule",
    "LayerDesc": "hidp_layer_desc",
    "PlanOptions": "hidp_plan_options",
    "Figures": "hidp_plan_figures",
}


def layout_program(module):
    """A program that compares sizes and offsets of the declarations with layout.c."""
    lines = [module.read_text(encoding="utf-8"), "fn main() {"]
    for rust, name in STRUCTS.items():
        lines.append(f"let p = std::mem::MaybeUninit::<ffi::{rust}>::uninit();")
        lines.append("let at = p.as_ptr() as usize;")
        lines.append(f'assert_eq!(std::mem::size_of::<ffi::{rust}>(), {layout.SIZES[name]}, "{rust}");')
        for field, offset in layout.OFFSETS[name].items():
            place = f"unsafe {{ std::ptr::addr_of!((*p.as_ptr()).{field}) }} as usize - at"
            lines.append(f'assert_eq!({place}, {offset}, "{rust}.{field}");')
    return "\n".join(lines + ["}", ""])


def main():
    source, library_dir, version = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    if shutil.which("rustc") is None:
        print("rustc is not installed")
        return 77
    declared = set(re.findall(r"#\[repr\(C\)\]\s*(?:#\[.*?\]\s*)?pub struct (\w+)", (source / "hidp.rs").read_text()))
    if declared != set(STRUCTS):
        print(f"this test knows of {sorted(STRUCTS)}, hidp.rs declares {sorted(declared)}")
        return 1
    environment = dict(os.environ, LD_LIBRARY_PATH=library_dir)
    with tempfile.TemporaryDirectory() as scratch:

        def build_and_run(program, *flags):
            binary = Path(scratch) / program.stem
            command = ["rustc", "--edition", "2021", *flags, "-L", library_dir, "-o", binary, program]
            subprocess.run(command, check=True)
            return subprocess.run(
                [binary], check=True, env=environment, stdout=subprocess.PIPE, text=True
            ).stdout

        layouts = Path(scratch) / "layouts.rs"
        layouts.write_text(layout_program(source / "hidp.rs"), encoding="utf-8")
        build_and_run(layouts, "-A", "dead_code", "-A", "unused")
        said = build_and_run(source / "plan.rs", "-D", "warnings")
    print(said)
    wanted = [f"libhidp {version}\n", "on 3 nodes", "for energy: ", "a wrong model is refused: "]
    missing = [words for words in wanted if words not in said]
    for words in missing:
        print(f"not said: {words!r}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
