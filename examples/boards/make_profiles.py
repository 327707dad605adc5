#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the node profiles of this folder from a table of boards.

    make_profiles.py BOARDS_JSON [FOLDER]

The table holds, board by board, fp32 rates fitted to published measurements, memory
and power figures, each with its source and standing. What it does not hold and a
profile needs is assumed below, and every profile says so.
"""

import json
import sys
from pathlib import Path

# In no table: one value for all boards, of the right order of magnitude.
SYNC_S = "50e-6"
LOAD_BPS = "100e6"
TRANSMIT_W = "0.42"
RECEIVE_W = "0.36"
ASSUMED = [
    "Assumed, not measured, and the same for all boards: sync_s 50 us (about one layer's"
    " overhead on these GPUs); load_bandwidth_Bps 100 MB/s (an SD card or eMMC);"
    " power_transmit_w 0.42 W and power_receive_w 0.36 W (a Jetson drew 2.32 W sending and"
    " 2.26 W receiving, 1.9 W idle: ricsamikwa/DiSNet configurations.py). Links limit"
    " transfers, so there is no nic_bandwidth_Bps.",
    "memory_bytes counts a GB as 10^9 bytes, which leaves 7 % of the installed memory to"
    " the system.",
]
RATES = [
    "Rates are effective FLOP/s of fp32 (2 per multiply-accumulate), fitted to the times of 9"
    " to 14 networks in ncnn's benchmark: t = FLOPs / rate for convolutions and matrix products,"
    " bytes of weights / bandwidth for dense layers, bytes read and written / bandwidth for"
    " elementwise layers, plus an overhead per layer with weights. A 3x3 rate may exceed the"
    " processor's peak (Winograd). Expect errors of 20 % on CPUs and 30 to 50 % on the Orin and"
    " Xavier GPUs for networks that were not in the fit.",
    "Class custom is not in the table: rate of conv, bandwidth of elementwise.",
]


def number(value, exponent):
    """Decimal text of value * 10^exponent, exact."""
    return f"{value:.12g}e{exponent}" if value else "0"


def processor(p):
    rate = {
        "conv3x3": p["dense_conv3x3_fp32_gflops"],
        "conv": p["dense_conv_other_fp32_gflops"],
        "depthwise": p["depthwise_fp32_gflops"],
        "gemm": p["gemm_fp32_gflops"],
        "dense": p["gemm_fp32_gflops"],
        "custom": p["dense_conv_other_fp32_gflops"],
    }
    bandwidth = {"dense": p["fc_gbs"], "elementwise": p["elt_gbs"], "custom": p["elt_gbs"]}
    cores = f", {p['cores']} cores" if p["kind"] == "cpu" else ""
    note = f"{p['core']}{cores}, {p['clock_mhz']} MHz"
    note += f". Rates: {p['fp32_derivation']}"
    fit = p.get("eff_as_measured")
    if fit:
        error = fit.get("fit_err_leave_one_out")
        note += f"; {fit['status']}"
        note += f", error leaving one network out {error:.0%}" if error is not None else ""
    note += f". power_active_w: {p['active_w_status']}."
    if "note" in p:
        note += f" {p['note'][0].upper()}{p['note'][1:]}."
    return [
        ("name", json.dumps(p["id"])),
        ("kind", json.dumps(p["kind"])),
        ("note", json.dumps(note)),
        ("overhead_s", number(p["layer_overhead_us"], -6)),
        ("power_active_w", f"{p['active_w']:.12g}"),
        ("rate_flops", classes(rate)),
        ("bandwidth_Bps", classes(bandwidth)),
    ]


def classes(figures):
    return "{" + ", ".join(f'"{c}": {number(v, 9)}' for c, v in figures.items()) + "}"


def lines(items, indent, open_with="[", close_with="]"):
    inner = " " * (indent + 2)
    return open_with + "\n" + ",\n".join(inner + i for i in items) + "\n" + " " * indent + close_with


def members(pairs, indent):
    return lines([f'"{key}": {value}' for key, value in pairs], indent, "{", "}")


def profile(board):
    used = [p for p in board["processors"] if "gemm_fp32_gflops" in p]
    left_out = [p for p in board["processors"] if p not in used]
    notes = [board["name"] + ".", *RATES]
    notes.append(f"memory_bandwidth_Bps: sustained; {board['mem_bw_source']}.")
    notes.append(f"power_idle_w: {board['idle_w_status']}.")
    if board.get("note"):
        notes.append(board["note"][0].upper() + board["note"][1:] + ".")
    for p in left_out:
        notes.append(f"Left out: {p['id']} ({p['core']}), for which there are no fp32 rates.")
    sources = []
    for text in [s for p in used for s in p.get("source", [])] + [board["idle_w_source"]]:
        if text and text not in sources:
            sources.append(text)
    return members(
        [
            ("format", '"hidp-node"'),
            ("version", "1"),
            ("name", json.dumps(board["id"])),
            ("note", lines([json.dumps(n) for n in notes + ASSUMED], 2)),
            ("source", lines([json.dumps(s) for s in sources], 2)),
            ("memory_bytes", number(board["mem_gb"], 9)),
            ("memory_bandwidth_Bps", number(board["mem_bw_sustained_gbs"], 9)),
            ("sync_s", SYNC_S),
            ("load_bandwidth_Bps", LOAD_BPS),
            ("power_idle_w", f"{board['idle_w']:.12g}"),
            ("power_transmit_w", TRANSMIT_W),
            ("power_receive_w", RECEIVE_W),
            ("processors", lines([members(processor(p), 4) for p in used], 2)),
        ],
        0,
    )


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__.strip())
    folder = Path(sys.argv[2] if len(sys.argv) == 3 else ".")
    for board in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["boards"]:
        text = profile(board) + "\n"
        json.loads(text)
        (folder / f"{board['id']}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
