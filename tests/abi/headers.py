# SPDX-License-Identifier: MIT
"""What the public headers declare, read from their text.

The headers keep to a small part of C (no nested structs, no function bodies), so
a few regular expressions are enough; where they are not, the tests that use this
module fail loudly instead of passing over something.
"""

import re
from pathlib import Path


def find(include_dir):
    """All public headers below include_dir, sorted."""
    return sorted(Path(include_dir).rglob("*.h"))


def find_stable(include_dir):
    """Those whose structs and values stay; plug-in interfaces have a number of their own."""
    return [p for p in find(include_dir) if p.parent.name != "plugin"]


def without_comments(text):
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    return re.sub(r"//[^\n]*", " ", text)


def without_directives(text):
    text = text.replace("\\\n", " ")
    return re.sub(r"(?m)^[ \t]*#.*$", "", text)


def _code(path):
    return without_directives(without_comments(Path(path).read_text(encoding="utf-8")))


def functions(include_dir):
    """Names of all functions declared with HIDP_API, sorted."""
    names = []
    for path in find(include_dir):
        for declaration in re.findall(r"\bHIDP_API\b([^;{}]*);", _code(path)):
            found = re.search(r"(\w+)\s*\(", declaration)
            if found is None:
                raise ValueError(f"{path}: not a function: {declaration.strip()}")
            names.append(found.group(1))
    return sorted(names)


def structs(include_dir):
    """{struct name: [field names]} of all structs that are defined, in order of definition."""
    found = {}
    for path in find_stable(include_dir):
        for name, body in re.findall(r"\bstruct\s+(\w+)\s*\{([^{}]*)\}\s*;", _code(path)):
            fields = []
            for declaration in body.split(";"):
                declaration = re.sub(r"\[[^\]]*\]", "", declaration).strip()
                if declaration:
                    fields += [re.findall(r"\w+", d)[-1] for d in declaration.split(",")]
            found[name] = fields
    return found


def enumerators(include_dir):
    """Names of all enum constants, in order of definition."""
    names = []
    for path in find_stable(include_dir):
        for body in re.findall(r"\benum\s+\w*\s*\{([^{}]*)\}\s*;", _code(path)):
            names += [e.split("=")[0].strip() for e in body.split(",") if e.strip()]
    return names


def constants(include_dir):
    """Names of the macros that stand for a number or text, in order of definition."""
    names = []
    for path in find_stable(include_dir):
        text = without_comments(path.read_text(encoding="utf-8")).replace("\\\n", " ")
        for name, value in re.findall(r"(?m)^[ \t]*#[ \t]*define[ \t]+(HIDP_\w+)[ \t]+(\S.*)$", text):
            if re.fullmatch(r"\(?-?[0-9]\w*\)?|UINT32_MAX|UINT64_MAX", value.strip()):
                names.append(name)
    return names


def initialisers(include_dir):
    """Names of the ..._INIT macros, sorted."""
    names = set()
    for path in find_stable(include_dir):
        text = without_comments(path.read_text(encoding="utf-8"))
        names.update(re.findall(r"(?m)^[ \t]*#[ \t]*define[ \t]+(HIDP_\w+_INIT)\b", text))
    return sorted(names)


def includes(path):
    """[(line number, what is included)] of a source file."""
    text = Path(path).read_text(encoding="utf-8")
    # comments may span lines; keep the line numbers
    text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group(0).count("\n"), text, flags=re.S)
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*([<"][^>"]*[>"])', line)
        if match:
            found.append((number, match.group(1)))
    return found
