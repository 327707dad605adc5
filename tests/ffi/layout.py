# SPDX-License-Identifier: MIT
"""Sizes and offsets of the public structs, read from tests/abi/layout.c."""

import re
from pathlib import Path

TEXT = (Path(__file__).resolve().parent.parent / "abi" / "layout.c").read_text(encoding="utf-8")

SIZES = {name: int(size) for name, size in re.findall(r"^SIZE\((\w+), (\d+)\);", TEXT, re.M)}
OFFSETS = {name: {} for name in SIZES}
for _name, _field, _offset in re.findall(r"^OFFSET\((\w+), (\w+), (\d+)\);", TEXT, re.M):
    OFFSETS[_name][_field] = int(_offset)
