#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The node tests of ONNX itself, which python3-onnx ships, against the reference kernels.

    nodes.py PROGRAM MANUAL [-v] [TEST]...

Every test is a model of one node, or of the nodes that a function is made of, with inputs and
outputs. PROGRAM (nodes.c) runs it as it is, and then with inputs made constants, as
networks have them: shapes and indices, then weights, then all of them. A test is

    passed       if a way to run it is supported, not just the last one, and no way gives
                 wrong numbers
    unsupported  if the library refuses all of them as something that it cannot express
    failed       else

The table at the end counts them by operator. No test may fail, and of every operator that the
table in MANUAL (doc/onnx.md) claims at least one must pass. -v says why tests are unsupported.
"""

import argparse
import collections
import copy
import os
import re
import subprocess
import sys
import tempfile
import warnings

try:
    import numpy as np

    # what the tests of ONNX 1.12 still use
    for alias, meaning in {"float": float, "int": int, "bool": bool, "object": object}.items():
        if alias not in vars(np):
            setattr(np, alias, meaning)
    import onnx
    from onnx.backend.test.case.node import collect_testcases
except ImportError as error:
    print(f"skipped: {error}; Debian has python3-onnx")
    sys.exit(77)

OPSET = 11  # the oldest that the importer reads

TYPES = onnx.TensorProto


def numeric(array):
    return isinstance(array, (np.ndarray, np.generic)) and np.asarray(array).dtype != object


def numbers(array, element):
    """As PROGRAM reads them: halves of both kinds as fp32."""
    array = np.asarray(array)
    if element == TYPES.BFLOAT16 and array.dtype == np.uint16:
        return (array.astype(np.uint32) << 16).view(np.float32)
    return np.array(array, np.float32 if array.dtype == np.float16 else None, order="C")


def element_of(info):
    return info.type.tensor_type.elem_type


def is_gone(node):
    """Is it an operator that newer versions no longer have?"""
    return onnx.defs.has(node.op_type) and onnx.defs.get_schema(node.op_type).deprecated


def claimed_operators(manual):
    """The operators in the table below "What is supported"."""
    with open(manual, encoding="utf-8") as text:
        section = text.read().split("## What is supported")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    words = re.findall(r"\b[A-Z][A-Za-z0-9]+\b", "\n".join(rows))
    return sorted({word for word in words if onnx.defs.has(word)})


def allowed(case):
    """Differences: those of ONNX's own runner, but no less than the output's type has digits."""
    relative = case.rtol
    if any(element_of(output) == TYPES.BFLOAT16 for output in case.model.graph.output):
        relative = max(relative, 2.0**-7)
    return [f"relative {relative}", f"absolute {case.atol}"]


def fits(case):
    """A few tests have data of other shapes than their models state."""
    graph = case.model.graph
    for infos, values in zip((graph.input, graph.output), case.data_sets[0]):
        for info, value in zip(infos, values):
            dims = [d.dim_value for d in info.type.tensor_type.shape.dim]
            if numeric(value) and dims != list(np.asarray(value).shape):
                return False
    return True


class Way:
    """A way to run a test: which of its inputs become constants, how many outputs are wanted."""

    def __init__(self, case, frozen, wanted=None):
        self.case, self.frozen, self.wanted = case, frozen, wanted
        self.constant = len(frozen) == len(case.model.graph.input)
        self.result, self.why = None, ""

    def write(self, folder):
        os.makedirs(folder)
        model = copy.deepcopy(self.case.model)
        for opset in model.opset_import:
            # tests have the version that brought the operator as it is today
            if opset.domain == "" and not any(map(is_gone, model.graph.node)):
                opset.version = max(opset.version, OPSET)
        inputs, outputs = self.case.data_sets[0]
        values = dict(zip([i.name for i in model.graph.input], inputs))
        kept = [i for i in model.graph.input if i.name not in self.frozen]
        for name in self.frozen:
            tensor = onnx.numpy_helper.from_array(np.asarray(values[name]), name)
            model.graph.initializer.append(tensor)
        del model.graph.input[:]
        model.graph.input.extend(kept)
        if self.wanted is not None:
            del model.graph.output[self.wanted :]
            del model.graph.node[0].output[self.wanted :]
        onnx.save(model, os.path.join(folder, "model.onnx"))
        lines = allowed(self.case)
        places = [("input", i, values[i.name]) for i in kept]
        places += [("output", o, v) for o, v in zip(model.graph.output, outputs)]
        for number, (kind, info, value) in enumerate(places):
            if numeric(value):
                np.save(os.path.join(folder, f"{number}.npy"), numbers(value, element_of(info)))
                lines.append(f"{kind} {info.name} {number}.npy")
        with open(os.path.join(folder, "index.txt"), "w", encoding="utf-8") as index:
            index.write("\n".join(lines) + "\n")


def ways(case):
    """As it is; whole numbers constant; all but the first input constant; all constant."""
    graph = case.model.graph
    values = {i.name: v for i, v in zip(graph.input, case.data_sets[0][0])}
    plain = [
        i.name
        for i in graph.input
        if numeric(values[i.name]) and element_of(i) != TYPES.BFLOAT16
    ]
    whole = [n for n in plain if np.asarray(values[n]).dtype.kind in "iub"]
    rest = [n for n in plain if n != graph.input[0].name]
    sets = []
    for frozen in ([], whole, rest, plain):
        if frozen not in sets:
            sets.append(frozen)
    found = [Way(case, frozen) for frozen in sets]
    node = graph.node[0]
    if len(graph.node) == 1 and onnx.defs.has(node.op_type, node.domain):
        # outputs that most networks do not ask for
        schema = onnx.defs.get_schema(node.op_type, domain=node.domain)
        needed = schema.min_output
        variadic = schema.outputs[-1].option == onnx.defs.OpSchema.FormalParameterOption.Variadic
        if 0 < needed < len(node.output) and not variadic:
            found += [Way(case, frozen, needed) for frozen in sets]
    return found


def run(program, tried):
    """Runs all of them, in one process as far as it lives."""
    left = dict(tried)
    while left:
        done = subprocess.run(
            [program], input="\n".join(left) + "\n", capture_output=True, text=True, check=False
        )
        for line in done.stdout.splitlines():
            result, folder, why = line.split("\t")
            way = left.pop(folder)
            way.result, way.why = result, why
        if left:
            # it ended the program, or hung it
            began = [line for line in done.stderr.splitlines() if line in left]
            way = left.pop(began[-1] if began else next(iter(left)))
            way.result = "failed"
            way.why = f"the program ended with {done.returncode}: {done.stderr[-2000:]}"


def judge(group):
    if any(way.result == "failed" for way in group):
        return "failed"
    # constants are worked out while the file is read: that is all of it where nothing is given
    computed = [way for way in group if not way.constant] or group
    return "passed" if any(way.result == "passed" for way in computed) else "unsupported"


def operator_of(name, operators):
    base = name.removesuffix("_expanded")
    return operators.get(base, "?") + (" (its function)" if base != name else "")


def report(tests, operators, verbose):
    table = collections.defaultdict(collections.Counter)
    for name, group in tests.items():
        result = judge(group)
        table[operator_of(name, operators)][result] += 1
        for way in group:
            if way.result == "failed" or (verbose and way.result == "unsupported"):
                how = f" with constant {', '.join(way.frozen)}" if way.frozen else ""
                how += f", {way.wanted} output" if way.wanted is not None else ""
                print(f"{way.result}: {name}{how}: {way.why}")
    print(f"{'operator':<44} {'passed':>7} {'unsupported':>12} {'failed':>7}")
    total = collections.Counter()
    for operator in sorted(table):
        counts = table[operator]
        total += counts
        print(f"{operator:<44} {counts['passed']:>7} {counts['unsupported']:>12} {counts['failed']:>7}")
    print(f"{'all':<44} {total['passed']:>7} {total['unsupported']:>12} {total['failed']:>7}")
    return table, total


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("manual")
    parser.add_argument("-v", "--verbose", action="store_true")
    parser.add_argument("--keep", help="write the tests there, and leave them")
    parser.add_argument("test", nargs="*")
    arguments = parser.parse_args()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cases = [c for c in collect_testcases(None) if c.model is not None]
    operators = {
        c.name: c.model.graph.node[0].op_type for c in cases if not c.name.endswith("_expanded")
    }
    if arguments.test:
        cases = [c for c in cases if c.name in arguments.test]
    odd = [c.name for c in cases if not fits(c)]
    tests = {c.name: ways(c) for c in cases if c.name not in odd}
    with tempfile.TemporaryDirectory(prefix="hidp-onnx-") as folder:
        tried = {}
        for name, group in tests.items():
            for number, way in enumerate(group):
                path = os.path.join(arguments.keep or folder, f"{name}.{number}")
                way.write(path)
                tried[path] = way
        run(arguments.program, tried)
    table, total = report(tests, operators, arguments.verbose)
    print(f"left out, as their data is of other shapes than their models state: {', '.join(odd)}")
    claimed = claimed_operators(arguments.manual)
    untried = [o for o in claimed if o not in operators.values()]
    print(f"claimed, but ONNX has no test of it: {', '.join(untried)}")
    absent = [o for o in claimed if o not in untried and not table[o]["passed"]]
    if absent and not arguments.test:
        print(f"claimed, but no test passes: {', '.join(absent)}")
    return 1 if total["failed"] or (absent and not arguments.test) else 0


if __name__ == "__main__":
    sys.exit(main())
