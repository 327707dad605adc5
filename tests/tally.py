# SPDX-License-Identifier: MIT
"""Counts results for tests/run.

    tally.py collect PART TESTLOG LIST RESULTS   append what meson test found
    tally.py part PART SECONDS RESULTS           say how a part went
    tally.py total RESULTS                       say how everything went, in one last line

RESULTS has one line per test: result, part, name and detail, separated by tabs. LIST
names the tests that were to run: one without a result has failed.
"""

import json
import re
import sys
from collections import Counter
from pathlib import Path

PASSED = {"OK", "EXPECTEDFAIL"}
SKIPPED = {"SKIP"}
KINDS = ("passed", "failed", "skipped")


def read_testlog(path):
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def last_lines(test, count):
    text = (test.get("stdout") or "") + (test.get("stderr") or "")
    return text.strip().splitlines()[-count:]


def subtests_skipped(test):
    """Reasons of the parts of a TAP test that were skipped while others ran."""
    return re.findall(r"(?mi)^ok\b.*?#\s*skip\S*\s*(.*)$", test.get("stdout") or "")


def collect(part, testlog, listed, results):
    # "project:suite / name" per line; without tests, meson prints a sentence instead
    listed_lines = listed.read_text(encoding="utf-8").splitlines()
    expected = Counter(line for line in listed_lines if ":" in line)
    lines = []
    for test in read_testlog(testlog):
        name = test["name"]
        expected[name] -= 1
        if test["result"] in PASSED:
            lines.append(("passed", part, name, ""))
            lines += [("skipped", part, name, why) for why in subtests_skipped(test)]
        elif test["result"] in SKIPPED:
            lines.append(("skipped", part, name, " ".join(last_lines(test, 1))))
        else:
            lines.append(("failed", part, name, test["result"].lower()))
            print(f"-- {part}: {name}: {test['result']}")
            print("\n".join(f"   {line}" for line in last_lines(test, 30)))
    for name, missing in expected.items():
        lines += [("failed", part, name, "did not run")] * max(missing, 0)
    if not lines:
        lines.append(("failed", part, "meson test", "no test ran"))
    with results.open("a", encoding="utf-8") as out:
        for line in lines:
            out.write("\t".join(field.replace("\t", " ") for field in line) + "\n")


def read_results(results):
    lines = results.read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines]


def counts(rows):
    found = Counter(row[0] for row in rows)
    return ", ".join(f"{found[kind]} {kind}" for kind in KINDS)


def say_part(part, seconds, results):
    rows = [row for row in read_results(results) if row[1] == part]
    if not rows:
        print(f"== {part}: nothing to run")
    else:
        print(f"== {part}: {counts(rows)} in {seconds} s")


def say_total(results):
    rows = read_results(results)
    for kind in ("skipped", "failed"):
        for _, part, name, detail in (row for row in rows if row[0] == kind):
            print(f"{kind}: {part}: {name}" + (f": {detail}" if detail else ""))
    print(counts(rows))
    return 1 if not rows or any(row[0] == "failed" for row in rows) else 0


def main():
    command, *arguments = sys.argv[1:]
    if command == "collect":
        collect(arguments[0], *map(Path, arguments[1:]))
    elif command == "part":
        say_part(arguments[0], arguments[1], Path(arguments[2]))
    elif command == "total":
        return say_total(Path(arguments[0]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
