#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Draws the time of planning against layers and against nodes, as SVG.

    plot.py SCALE_TSV SVG

SCALE_TSV is what `bench-scale --tsv` has written.
"""

import math
import sys
from html import escape
from pathlib import Path

import tables

COLOURS = {"latency": "#0072b2", "period": "#d55e00", "energy": "#009e73"}
PANEL_W, PANEL_H = 340, 260
LEFT, TOP, GAP, LABELS = 62, 58, 90, 74  # room beside, above, between and behind panels
LABEL_DISTANCE = 14


class Axis:
    """A logarithmic axis over all values, in pixels."""

    def __init__(self, values, pixels):
        self.low, self.high = min(values), max(values)
        if self.high / self.low < 2:
            self.low, self.high = self.low / 2, self.high * 2
        self.pixels = pixels

    def at(self, value):
        return self.pixels * math.log(value / self.low) / math.log(self.high / self.low)

    def ticks(self):
        """Round values: powers of ten, and 2 and 5 times these if there is room."""
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        steps = (1, 2, 5) if last - first <= 3 else (1,)
        values = [step * 10.0**e for e in range(first, last + 1) for step in steps]
        return [v for v in values if self.low <= v * (1 + 1e-9) and v <= self.high * (1 + 1e-9)]


def number(value):
    return f"{value:,.10g}"


def spread_labels(wanted):
    """Moves labels apart that would cover each other; keeps their order."""
    places = sorted(wanted)
    at = []
    for y, name in places:
        at.append([max(y, at[-1][0] + LABEL_DISTANCE) if at else y, name])
    return at


def text(x, y, words, anchor="middle", colour="#333", size=12, extra=""):
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}"'
        f' font-size="{size}"{extra}>{escape(words)}</text>'
    )


def line(x1, y1, x2, y2, colour, width=1.0, extra=""):
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"'
        f' stroke-width="{width:g}"{extra}/>'
    )


def panel(rows, x_name, title, y_axis, left, has_scale):
    xs = sorted({float(r[x_name]) for r in rows})
    x_axis = Axis(xs, PANEL_W)
    bottom = TOP + PANEL_H
    out = [text(left + PANEL_W / 2, TOP - 12, title, size=13)]
    for value in y_axis.ticks():
        y = bottom - y_axis.at(value)
        out.append(line(left, y, left + PANEL_W, y, "#e4e4e4"))
        if has_scale:
            out.append(text(left - 8, y + 4, number(value), "end"))
    for x in xs:
        out.append(line(left + x_axis.at(x), bottom, left + x_axis.at(x), bottom + 5, "#999"))
        out.append(text(left + x_axis.at(x), bottom + 19, number(x)))
    out.append(line(left, bottom, left + PANEL_W, bottom, "#999"))
    out.append(text(left + PANEL_W / 2, bottom + 40, x_name))
    ends = []
    for objective, colour in COLOURS.items():
        points = sorted((float(r[x_name]), r) for r in rows if r["objective"] == objective)
        if not points:
            continue
        at = [(left + x_axis.at(x), bottom - y_axis.at(1e3 * float(r["median_s"]))) for x, r in points]
        for (x, _), (_, r) in zip(at, points):
            low, high = (bottom - y_axis.at(1e3 * float(r[c])) for c in ("low_s", "high_s"))
            out.append(line(x, low, x, high, colour, 5, ' stroke-opacity="0.35"'))
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in at]
        ends.append((at[-1][1], objective))
    for y, objective in spread_labels(ends):
        out.append(text(left + PANEL_W + 10, y + 4, objective, "start", COLOURS[objective]))
    return out


def draw(table):
    groups = {g: [r for r in table.rows if r["group"] == g] for g in ("layers", "nodes")}
    if not all(groups.values()):
        sys.exit("the file has no groups 'layers' and 'nodes'")
    used = groups["layers"] + groups["nodes"]
    times = [1e3 * float(r[c]) for r in used for c in ("median_s", "low_s", "high_s")]
    y_axis = Axis(times, PANEL_H)
    fixed = groups["layers"][0], groups["nodes"][0]
    titles = (
        f"{fixed[0]['nodes']} nodes of {fixed[0]['processors']} processors",
        f"{number(float(fixed[1]['layers']))} layers, nodes of {fixed[1]['processors']} processors",
    )
    width = LEFT + 2 * PANEL_W + GAP + LABELS
    height = TOP + PANEL_H + 72 + 14 * len(table.said)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"'
        f' height="{height}" font-family="sans-serif">',
        "<title>Time of planning</title>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        text(LEFT, 24, "Time of hidp_plan() in ms: median, bar from first to third quartile", "start", size=14),
    ]
    lefts = LEFT, LEFT + PANEL_W + GAP
    for i, x_name in enumerate(("layers", "nodes")):
        out += panel(groups[x_name], x_name, titles[i], y_axis, lefts[i], i == 0)
    for i, words in enumerate(table.said):
        out.append(text(LEFT, TOP + PANEL_H + 68 + 14 * i, words, "start", "#777", 10))
    return "\n".join([*out, "</svg>"]) + "\n"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__.strip())
    found = [t for t in tables.read(sys.argv[1]) if t.name == "scale"]
    if not found:
        sys.exit(f"{sys.argv[1]}: not written by bench-scale")
    Path(sys.argv[2]).write_text(draw(found[0]), encoding="utf-8")


if __name__ == "__main__":
    main()
