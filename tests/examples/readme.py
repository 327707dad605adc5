# SPDX-License-Identifier: MIT
"""README.md is true: its C example compiles, its commands print what it shows.

    readme.py code README OUTPUT              writes the first block of C to a file
    readme.py check README HIDP EXAMPLE       runs `$ hidp ...` and `$ ./plan`, compares
    readme.py renew README HIDP EXAMPLE       the same, and writes what was printed

In a block marked `console`, a line that begins with "$ " is a command, and what
follows is its output. Indented lines that begin with "hidp" only have to succeed.
Other commands (meson, cc) are not run.
"""

import difflib
import json
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path


def blocks(text, language):
    return re.finditer(rf"(?ms)^```{language}\n(.*?)^```$", text)


def run(words, programs, folder=None):
    command = [programs[words[0]], *words[1:]]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    if result.returncode != 0:
        sys.exit(f"{shlex.join(words)}: exit status {result.returncode}\n{result.stderr}")
    return "\n".join(line.rstrip() for line in result.stdout.rstrip().splitlines()) + "\n"


def renewed(text, programs):
    """The text with the output of all commands that can be run, and their number."""
    count = 0

    def fill(match):
        nonlocal count
        lines = []
        shown = True
        for line in match.group(1).splitlines(keepends=True):
            if line.startswith("$ "):
                words = shlex.split(line[2:], comments=True)
                runs = words[0] in programs
                lines.append(line)
                if runs:
                    lines.append(run(words, programs))
                    count += 1
                shown = not runs
            elif shown:
                lines.append(line)
        return "```console\n" + "".join(lines) + "```"

    return re.sub(r"(?ms)^```console\n(.*?)^```$", fill, text), count


def try_listed(text, programs):
    """Runs the commands that are listed without output, where their files are; their number."""
    commands = re.findall(r"(?m)^    (hidp .*)$", text)
    with tempfile.TemporaryDirectory() as folder:
        run(["hidp", "plan", "mobilenet_v2", "jetson_tx2", "--json", "plan.json"], programs, folder)
        plan = json.loads((Path(folder) / "plan.json").read_text(encoding="utf-8"))
        for part in ("model", "cluster"):
            (Path(folder) / f"{part}.json").write_text(json.dumps(plan[part]), encoding="utf-8")
        for line in commands:
            run(shlex.split(line, comments=True), programs, folder)
    return len(commands)


def main():
    command, readme, *rest = sys.argv[1:]
    text = Path(readme).read_text(encoding="utf-8")
    if command == "code":
        Path(rest[0]).write_text(next(blocks(text, "c")).group(1), encoding="utf-8")
        return 0
    programs = {"hidp": rest[0], "./plan": rest[1]}
    fresh, count = renewed(text, programs)
    if command == "renew":
        Path(readme).write_text(fresh, encoding="utf-8")
    elif fresh != text:
        old, new = text.splitlines(), fresh.splitlines()
        print("\n".join(difflib.unified_diff(old, new, "README.md", "printed now", lineterm="")))
        renew = shlex.join(["python3", __file__, "renew", readme, *rest])
        print(f"if what it prints now is right: {renew}")
        return 1
    listed = try_listed(text, programs)
    print(f"{count} commands with their output, {listed} without")
    return 0 if count > 0 and listed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
