# SPDX-License-Identifier: MIT
"""Reads what the benchmarks write with --tsv."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Table:
    name: str  # of the benchmark
    title: str
    said: list[str]  # machine, compiler, how it was measured
    columns: list[str]
    rows: list[dict[str, str]] = field(default_factory=list)


def read(path):
    """The tables of a file. Each begins with lines of '#' and one line of column names."""
    tables, notes, open_table = [], [], None
    for number, line in enumerate(Path(path).read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("# "):
            notes.append(line[2:])
            open_table = None
        elif open_table is None:
            name, _, title = notes[0].partition(": ")
            open_table = Table(name, title, notes[1:], line.split("\t"))
            tables.append(open_table)
            notes = []
        else:
            cells = line.split("\t")
            if len(cells) != len(open_table.columns):
                raise ValueError(f"{path}:{number}: {len(cells)} cells, not {len(open_table.columns)}")
            open_table.rows.append(dict(zip(open_table.columns, cells)))
    return tables
