#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The profiles in examples/boards/ are what make_profiles.py makes of the table of boards.

    check_profiles.py MAKE_PROFILES TABLE FOLDER

Compares byte for byte, and the figures that matter once more by other means: what
the table says in GFLOP/s, GB/s and microseconds is what a profile holds in SI units.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

failures = []


def check(ok, what):
    if not ok:
        failures.append(what)


def close(value, expected):
    return abs(value - expected) <= 1e-12 * abs(expected)


def check_bytes(make, table, folder):
    with tempfile.TemporaryDirectory() as made:
        for _ in range(2):  # the second time over what the first has made
            subprocess.run([sys.executable, "-B", make, table, made], check=True)
        names = sorted(p.name for p in Path(made).iterdir())
        kept = sorted(
            p.name
            for p in Path(folder).glob("*.json")
            if json.loads(p.read_text(encoding="utf-8"))["format"] == "hidp-node"
        )
        check(names == kept, f"profiles {kept}, the table makes {names}")
        for name in set(names) & set(kept):
            same = Path(made, name).read_bytes() == Path(folder, name).read_bytes()
            check(same, f"{name} is not what make_profiles.py makes")


def check_figures(board, profile):
    name = board["id"]
    check(profile["name"] == name, f"{name}: name")
    check(profile["memory_bytes"] == board["mem_gb"] * 10**9, f"{name}: memory_bytes")
    check(
        close(profile["memory_bandwidth_Bps"], board["mem_bw_sustained_gbs"] * 1e9),
        f"{name}: memory_bandwidth_Bps",
    )
    check(profile["power_idle_w"] == board["idle_w"], f"{name}: power_idle_w")
    rows = {p["id"]: p for p in board["processors"] if "gemm_fp32_gflops" in p}
    check([p["name"] for p in profile["processors"]] == list(rows), f"{name}: processors")
    for p in profile["processors"]:
        row, rate, bandwidth = rows[p["name"]], p["rate_flops"], p["bandwidth_Bps"]
        pairs = [
            (rate["conv3x3"], row["dense_conv3x3_fp32_gflops"] * 1e9),
            (rate["conv"], row["dense_conv_other_fp32_gflops"] * 1e9),
            (rate["depthwise"], row["depthwise_fp32_gflops"] * 1e9),
            (rate["gemm"], row["gemm_fp32_gflops"] * 1e9),
            (bandwidth["dense"], row["fc_gbs"] * 1e9),
            (bandwidth["elementwise"], row["elt_gbs"] * 1e9),
            (p["overhead_s"], row["layer_overhead_us"] * 1e-6),
            (p["power_active_w"], row["active_w"]),
        ]
        for i, (value, expected) in enumerate(pairs):
            check(close(value, expected), f"{name} {p['name']}: figure {i}: {value}")


def main():
    make, table, folder = sys.argv[1:]
    check_bytes(make, table, folder)
    for board in json.loads(Path(table).read_text(encoding="utf-8"))["boards"]:
        path = Path(folder, board["id"] + ".json")
        check_figures(board, json.loads(path.read_text(encoding="utf-8")))
    for failure in failures:
        print(failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
