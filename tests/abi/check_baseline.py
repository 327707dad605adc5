# SPDX-License-Identifier: MIT
"""The library's interface is that of baseline.abi, to the last member.

    check_baseline.py INCLUDE_DIR LIBRARY

Any difference fails, compatible or not: whoever changes the interface on purpose
renews the baseline in the same commit (tests/abi/renew.py baseline.abi).
"""

import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import renew


def skip(reason):
    print(reason)
    sys.exit(77)


def main():
    include_dir, library = sys.argv[1:3]
    baseline = Path(__file__).parent / "baseline.abi"
    for tool in ("abidw", "abidiff"):
        if shutil.which(tool) is None:
            skip(f"{tool} is not installed (Debian: abigail-tools)")
    if platform.machine() != "x86_64":
        skip(f"the baseline is that of x86_64, this is {platform.machine()}")
    sections = subprocess.run(["readelf", "-SW", library], check=True, capture_output=True, text=True)
    if not re.search(r"\s\.debug_info\s", sections.stdout):
        skip("the library was built without debug information")
    with tempfile.TemporaryDirectory() as scratch:
        fresh = Path(scratch) / "fresh.abi"
        renew.dump(library, include_dir, fresh)
        return subprocess.run(["abidiff", str(baseline), str(fresh)], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
