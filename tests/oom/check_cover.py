# SPDX-License-Identifier: MIT
"""Every exported function is covered by a scenario.

    check_cover.py INCLUDE_DIR TEST_OOM
"""

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "abi"))
import headers  # noqa: E402


def main():
    include_dir, program = sys.argv[1:3]
    listed = subprocess.run([program, "--list"], check=True, capture_output=True, text=True)
    covered = set(listed.stdout.split())
    public = set(headers.functions(include_dir))
    wrong = [f"no scenario covers {name}" for name in sorted(public - covered)]
    wrong += [f"no such function: {name}" for name in sorted(covered - public)]
    print("\n".join(wrong) or f"{len(public)} functions covered")
    return 1 if wrong or not public else 0


if __name__ == "__main__":
    sys.exit(main())
