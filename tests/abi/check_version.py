# SPDX-License-Identifier: MIT
"""The numbers of version.h, of the build and of the library belong together.

    check_version.py INCLUDE_DIR LIBRARY PROJECT_VERSION
"""

import ctypes
import os
import re
import subprocess
import sys
from pathlib import Path


def main():
    include_dir, library, project_version = sys.argv[1:4]
    text = (Path(include_dir) / "hidp" / "version.h").read_text(encoding="utf-8")
    number = {
        name: int(value) for name, value in re.findall(r"#define HIDP_(\w+) (\d+)\n", text)
    }
    version = [number[f"VERSION_{part}"] for part in ("MAJOR", "MINOR", "PATCH")]
    current, age, revision = (number[f"ABI_{part}"] for part in ("CURRENT", "AGE", "REVISION"))

    dynamic = subprocess.run(["readelf", "-dW", library], check=True, capture_output=True, text=True)
    soname = re.search(r"\(SONAME\).*\[(.*)\]", dynamic.stdout).group(1)
    running = ctypes.CDLL(library)
    running.hidp_version.restype = ctypes.c_uint32
    running.hidp_version_string.restype = ctypes.c_char_p

    same = [
        ("project version", project_version, ".".join(map(str, version))),
        ("hidp_version_string()", running.hidp_version_string().decode(), project_version),
        ("hidp_version()", running.hidp_version(), version[0] * 10**6 + version[1] * 1000 + version[2]),
        ("SONAME", soname, f"libhidp.so.{current - age}"),
        (
            "file name",
            os.path.basename(os.path.realpath(library)),
            f"libhidp.so.{current - age}.{age}.{revision}",
        ),
    ]
    wrong = [f"{what} is {has}, not {wants}" for what, has, wants in same if has != wants]
    if age > current:
        wrong.append(f"age {age} is larger than current {current}")
    print("\n".join(wrong) or f"version {project_version}, {soname}")
    return len(wrong)


if __name__ == "__main__":
    sys.exit(main())
