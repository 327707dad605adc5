#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs a benchmark for a moment and reads what it has written; times do not matter.

    check.py PROGRAM [PLOT_SCRIPT] [-- OPTION...]
"""

import math
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

import tables


def fail(why):
    sys.exit(f"{sys.argv[1]}: {why}")


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 77:
        print(done.stdout, end="")
        sys.exit(77)
    if done.returncode != 0:
        fail(f"exit status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def numbers(row):
    """Cells that are numbers, by column."""
    found = {}
    for name, cell in row.items():
        try:
            found[name] = float(cell)
        except ValueError:
            if cell == "":
                fail(f"an empty cell: {row}")
    return found


def check_row(row):
    n = numbers(row)
    if not all(math.isfinite(v) for v in n.values()):
        fail(f"a number that is none: {row}")
    for kind in ("", "again_", "anew_"):
        if f"{kind}median_s" in n and not (0 < n[f"{kind}low_s"] <= n[f"{kind}median_s"] <= n[f"{kind}high_s"]):
            fail(f"quartiles out of order: {row}")
    if "gap" in n:
        gap = (n["value"] - n["lower_bound"]) / n["value"]
        if abs(gap - n["gap"]) > 1e-6 or (row["proven"] == "yes") != (n["gap"] == 0):
            fail(f"gap, bound and value do not belong together: {row}")
    for ratio in ("single_ratio", "paper_ratio"):
        if n.get(ratio, 0) > 1 + 1e-9:
            fail(f"worse than a plan of its own space: {row}")
    if n.get("calls", 1) < 1 or n.get("peak_bytes", 1) < 1:
        fail(f"nothing was allocated: {row}")


def check_plot(script, tsv, svg, rows):
    run(sys.executable, "-B", script, str(tsv), str(svg))
    points = list(ET.parse(svg).getroot().iter("{http://www.w3.org/2000/svg}circle"))
    wanted = [r for r in rows if r["group"] in ("layers", "nodes")]
    if len(points) != len(wanted):
        fail(f"{len(points)} points are drawn, not {len(wanted)}")


def main():
    program, *plot = sys.argv[1:]
    options = []
    if "--" in plot:
        at = plot.index("--")
        plot, options = plot[:at], plot[at + 1 :]
    with tempfile.TemporaryDirectory(prefix="hidp-bench-") as folder:
        tsv = Path(folder, "out.tsv")
        printed = run(program, "--quick", "--tsv", str(tsv), *options)
        (table,) = tables.read(tsv)
        if len(table.rows) < 3:
            fail(f"{len(table.rows)} rows")
        for row in table.rows:
            check_row(row)
        if printed.count("\n") < len(table.rows):
            fail("the table is shorter than the file")
        if plot:
            check_plot(plot[0], tsv, Path(folder, "plot.svg"), table.rows)
        print(f"{len(table.rows)} rows of {len(table.columns)} columns")


if __name__ == "__main__":
    main()
