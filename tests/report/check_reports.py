# SPDX-License-Identifier: MIT
"""Reports of plans made by hand: against golden files, and for what holds of all of them.

    check_reports.py SHOW GOLDEN_DIR [--renew]

SHOW is the program of show.c. --renew writes the golden files anew; look at the
difference before it is committed.
"""

import json
import locale
import os
import re
import subprocess
import sys
import xml.etree.ElementTree
from pathlib import Path

PLANS = ["one-node", "split", "pipeline", "branch", "replica", "hostile", "many", "wide", "copies"]
SUFFIX = {"table": "txt", "svg": "svg", "trace": "json", "explain": "explain.txt"}
# Tables of all; the larger documents of a few, so that a difference can be read.
GOLDEN = {"table": PLANS, "svg": ["branch", "hostile"], "trace": ["branch", "hostile"]}
# Explanations of plans that the planner proves to be optimal.
PLANNED = ["planned-latency", "planned-energy"]
SVG = "{http://www.w3.org/2000/svg}"

problems = []


def expect(good, what):
    if not good:
        problems.append(what)


def show(program, plan, kind, environment=None):
    done = subprocess.run(
        [program, plan, kind], capture_output=True, env={**os.environ, **(environment or {})}
    )
    if done.returncode != 0:
        sys.exit(f"{program} {plan} {kind} failed: {done.stderr.decode()}")
    return done.stdout


def check_golden(directory, plan, kind, text, renew):
    path = directory / f"{plan}.{SUFFIX[kind]}"
    if renew:
        path.write_bytes(text)
    elif not path.exists():
        expect(False, f"{path} is missing")
    else:
        expect(path.read_bytes() == text, f"{plan} {kind} differs from {path}")


def check_table(plan, text):
    for number, line in enumerate(text.decode("utf-8").split("\n"), 1):
        expect(len(line) <= 100, f"{plan} table line {number} has {len(line)} columns")
        expect(line == line.rstrip(), f"{plan} table line {number} ends with spaces")
        expect(line.isprintable(), f"{plan} table line {number} is not printable: {line!r}")


def check_svg(plan, text):
    expect(len(text) < 200_000, f"{plan} svg has {len(text)} bytes")
    root = xml.etree.ElementTree.fromstring(text)
    width, height = float(root.get("width")), float(root.get("height"))
    expect(root.tag == SVG + "svg", f"{plan} svg begins with {root.tag}")
    bars = 0
    for element in root.iter():
        tag = element.tag.removeprefix(SVG)
        expect(tag in ("svg", "title", "style", "defs", "pattern", "rect", "text", "line", "g"),
               f"{plan} svg has an element {tag}")  # fmt: skip
        for name, value in element.attrib.items():
            expect(not name.startswith("on") and "href" not in name, f"{plan} svg: {name}")
            if name in ("x", "y", "width", "height", "x1", "x2", "y1", "y2"):
                expect(re.fullmatch(r"-?\d+(\.\d+)?", value), f"{plan} svg: {name}={value}")
        if tag == "rect" and element.get("x") is not None:
            x, w = float(element.get("x")), float(element.get("width"))
            y, h = float(element.get("y")), float(element.get("height"))
            expect(0 <= x and x + w <= width + 0.2, f"{plan} svg: a box from {x} to {x + w}")
            expect(0 <= y and y + h <= height + 0.2, f"{plan} svg: a box at {y} to {y + h}")
            expect(w >= 0 and h >= 0, f"{plan} svg: a box of {w} by {h}")
        if tag == "g":
            bars += 1
            expect(element.find(SVG + "title") is not None, f"{plan} svg: a bar without words")
        if tag == "text":
            expect(element.text, f"{plan} svg: an empty text")
    expect(bars > 0, f"{plan} svg has no bars")


def check_nesting(plan, thread, slices):
    """Within a thread slices follow or contain each other; they never cross."""
    open_until = []
    for start, end in sorted(slices, key=lambda s: (s[0], -s[1])):
        while open_until and open_until[-1] <= start + 5e-4:
            open_until.pop()
        expect(not open_until or end <= open_until[-1] + 5e-4,
               f"{plan} trace: slices cross in thread {thread} at {start}")  # fmt: skip
        open_until.append(end)


def check_trace(plan, text):
    document = json.loads(text, parse_constant=lambda c: expect(False, f"{plan} trace: {c}"))
    named, slices, flows, ends = set(), {}, {}, []
    for event in document["traceEvents"]:
        thread = (event["pid"], event["tid"])
        if event["ph"] == "M":
            named.add((event["name"], *thread))
        elif event["ph"] == "X":
            expect(event["ts"] >= 0 and event["dur"] >= 0, f"{plan} trace: {event}")
            slices.setdefault(thread, []).append((event["ts"], event["ts"] + event["dur"]))
            ends.append(event["ts"] + event["dur"])
        elif event["ph"] in "sf":
            flows.setdefault(event["id"], {})[event["ph"]] = event
        else:
            expect(False, f"{plan} trace: unknown phase {event['ph']}")
    pids = {pid for pid, _ in slices}
    for pid, tid in slices:
        expect(("thread_name", pid, tid) in named, f"{plan} trace: thread {tid} has no name")
        expect(("process_name", pid, 0) in named, f"{plan} trace: process {pid} has no name")
        # a thread number that is a process number is that process's main thread
        expect(tid == pid or tid not in pids, f"{plan} trace: {tid} is a thread and a process")
    expect(len({tid for _, tid in slices}) == len(slices), f"{plan} trace: threads share numbers")
    for thread, list_ in slices.items():
        check_nesting(plan, thread, list_)
    for number, pair in flows.items():
        expect(set(pair) == {"s", "f"}, f"{plan} trace: flow {number} has one end")
        if set(pair) == {"s", "f"}:
            expect(pair["s"]["ts"] <= pair["f"]["ts"], f"{plan} trace: flow {number} goes back")
            for end in pair.values():
                expect(any(s <= end["ts"] <= e for s, e in slices[end["pid"], end["tid"]]),
                       f"{plan} trace: flow {number} begins or ends outside slices")  # fmt: skip
    return document


def check_names(program):
    """Hostile names come out as they went in, as far as the format can hold them."""
    trace = json.loads(show(program, "hostile", "trace"))
    model = trace["otherData"]["model"]
    expect(model == "<a>&\"'\\ ]]> \u00e4\u20ac\U0001f41c", f"name of the model: {model!r}")
    names = {e["args"]["name"] for e in trace["traceEvents"] if e["ph"] == "M" and "name" in e["args"]}
    for name in ("<a>&\"'", "%s%n\\u0000", '"}]}', "--><!--", "\u202edesrever", "air & <water>"):
        expect(name in names, f"{name!r} is not in the trace")
    first = {e["args"]["first"] for e in trace["traceEvents"] if e.get("cat") == "compute"}
    expect("tab\there\nand \x1b[31mred\x07" in first, "control characters are not in the trace")
    svg = xml.etree.ElementTree.fromstring(show(program, "hostile", "svg"))
    texts = {e.text for e in svg.iter(SVG + "text")}
    for name in ("<a>&\"'", "%s%n\\u0000", '"}]}', "--><!--", "air & <water>"):
        expect(name in texts, f"{name!r} is not in the picture")


def check_picture_tells(program):
    """What a person must find in the picture without looking for it."""
    words = " ".join(
        "".join(e.itertext())
        for e in xml.etree.ElementTree.fromstring(show(program, "split", "svg")).iter(SVG + "text")
    )
    for wanted in ("1 split", "4 single", "pi5", "orin", "tx2", "nano", "latency", "Not used: pi4",
                   "52 %", "conv4_4 .. layer18"):  # fmt: skip
        expect(wanted in words, f"the picture of a split plan does not say {wanted}")
    many = show(program, "many", "svg")
    expect(many.count(b"<g>") < 200, "hundreds of tiny bars were not merged")


def check_comma(program):
    """Not even a locale with a decimal comma changes a report."""
    available = subprocess.run(["locale", "-a"], capture_output=True, text=True).stdout.split()
    for name in available:
        try:
            locale.setlocale(locale.LC_NUMERIC, name)
        except locale.Error:
            continue
        comma = locale.localeconv()["decimal_point"] == ","
        locale.setlocale(locale.LC_NUMERIC, "C")
        if not comma:
            continue
        for kind in SUFFIX:
            expect(show(program, "split", kind, {"LC_ALL": name}) == show(program, "split", kind),
                   f"{kind} differs in locale {name}")  # fmt: skip
        print(f"checked with locale {name}")
        return
    print("no locale with a decimal comma here: not checked with one")


def check_sources():
    """Formats of printf that follow the locale have no place in the writers."""
    lib = Path(__file__).resolve().parents[2] / "lib"
    files = [*sorted((lib / "report").glob("*.c")), lib / "base" / "text.c"]
    expect(len(files) > 4, "the writers' sources were not found")
    for path in files:
        for number, line in enumerate(path.read_text().split("\n"), 1):
            for found in re.findall(r"%[-+ #0-9.*]*[aefgAEFG]\b", line):
                expect(found in ("%.0f", "%.0e"), f"{path.name}:{number}: {found} has a decimal comma")


def main():
    program, golden, renew = sys.argv[1], Path(sys.argv[2]), "--renew" in sys.argv
    checks = {"table": check_table, "svg": check_svg, "trace": check_trace}
    for plan in PLANS:
        for kind, check in checks.items():
            text = show(program, plan, kind)
            check(plan, text)
            if plan in GOLDEN[kind]:
                check_golden(golden, plan, kind, text, renew)
    for plan in PLANNED:
        text = show(program, plan, "explain")
        check_table(plan, text)
        expect(b"proven optimal" in text, f"{plan} is not proven optimal")
        check_golden(golden, plan, "explain", text, renew)
    check_names(program)
    check_picture_tells(program)
    check_comma(program)
    check_sources()
    for problem in problems[:20]:
        print(problem)
    print(f"{len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
