# SPDX-License-Identifier: MIT
"""The core keeps no state of its own and calls nothing that a library must not.

    check_objects.py ARCHIVE

Looks into the object files of the static core: no symbol in a writable section,
and no use of functions that end the program, print, or depend on or change the
state of the process.
"""

import re
import subprocess
import sys

FORBIDDEN = {
    "abort", "exit", "_exit", "_Exit", "quick_exit", "atexit", "at_quick_exit",
    "getenv", "secure_getenv", "setenv", "putenv", "unsetenv",
    "setlocale",
    "printf", "vprintf", "puts", "putchar", "perror", "fprintf", "vfprintf", "fputs", "fputc",
    "fwrite", "stdout", "stderr", "stdin",
    "rand", "srand", "random", "srandom", "drand48", "time", "clock", "gettimeofday",
    "signal", "sigaction", "raise", "kill", "system", "fork", "popen", "longjmp",
    "alloca", "gets", "strtok", "strerror",
}  # fmt: skip
# Allowed where the operating system is dealt with, in base/os_*.c: the locale of the
# calling thread, set aside and put back.
OS_ONLY = {"newlocale", "uselocale", "freelocale"}
# With fortification a call appears as, for example, __printf_chk.
FORTIFIED = re.compile(r"__(\w+)_chk")

# Constant tables of pointers lie in .data.rel.ro until they are relocated, then
# they are read-only; everything else in these sections can be written.
WRITABLE = re.compile(r"\.(data|bss|tdata|tbss|ldata|lbss)(?!\.rel\.ro)(\.|$)")
RELOCATED = re.compile(r"\.data\.rel\.ro(\.|$)")


def lines(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def main():
    archive = sys.argv[1]
    wrong = []
    unit = "?"
    objects = 0
    for line in lines("objdump", "--syms", archive):
        named = re.match(r"(\S+):\s+file format", line)
        if named:
            unit = named.group(1)
            objects += 1
            continue
        # address, flags (7 columns), section, size, name
        symbol = re.match(r"[0-9a-f]{8,16} .{7} (\S+)\s+[0-9a-f]+\s+(?:\.hidden )?(\S+)$", line)
        if symbol is None:
            continue
        section, name = symbol.groups()
        if name == section or RELOCATED.match(section):
            continue
        if section == "*COM*" or WRITABLE.match(section):
            wrong.append(f"{unit}: {name} is in the writable section {section}")
        if section == "*UND*":
            plain = FORTIFIED.fullmatch(name)
            name = plain.group(1) if plain else name
            in_os = unit.rsplit("/", 1)[-1].startswith("base_os_")
            if name in FORBIDDEN or (name in OS_ONLY and not in_os):
                wrong.append(f"{unit}: uses {name}")
    print("\n".join(wrong))
    print(f"{objects} objects, {len(wrong)} findings")
    return 1 if wrong or objects == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
