# SPDX-License-Identifier: MIT
"""init.c uses every ..._INIT macro and every _init function of the headers.

    check_init.py INCLUDE_DIR
"""

import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "abi"))
import headers  # noqa: E402


def main():
    used = (HERE / "init.c").read_text(encoding="utf-8")
    wrong = [m for m in headers.initialisers(sys.argv[1]) if not re.search(rf"\b{m}\b\)?;", used)]
    for name in headers.functions(sys.argv[1]):
        if name.endswith("_init") and f"INIT_BOTH({name[: -len('_init')]}," not in used:
            wrong.append(name)
    print("\n".join(f"init.c does not use {name}" for name in wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
