#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Types, shapes and constants that the importer works out, against NumPy and ONNX's own tests.

    infer.py PROGRAM [-v] [--keep FOLDER]

PROGRAM (outputs.c) imports files and says what came out. They are of three kinds:

    random   single nodes (infer_cases.py, infer_shapes.py) with random dims and attributes, at
             random opsets, once with all inputs constant: the outputs must be, too, and equal
             NumPy's; and once with the first input fed: types and shapes must be the same
    nodes    ONNX's own node tests, in the same two ways
    refused  what makes no sense (infer_refused.py): the message names node, op and reason

Whole numbers must be equal, others to 1e-6 (halves to 1e-3).
"""

import argparse
import collections
import copy
import os
import random
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
    from onnx import helper, numpy_helper
    from onnx.backend.test.case.node import collect_testcases
    from onnx.mapping import NP_TYPE_TO_TENSOR_TYPE
except ImportError as error:
    print(f"skipped: {error}; Debian has python3-onnx")
    sys.exit(77)

import infer_cases
import infer_refused
import infer_shapes

SEED = 20260107
ROUNDS = 25  # random nodes of each kind
UNSUPPORTED = -11

Result = collections.namedtuple("Result", "status why outputs")


class Trial:
    """A file, and what should come out."""

    def __init__(self, name, model, expected, must=False, maker=None, wrong=None):
        self.name, self.model = name, model
        self.expected = expected  # arrays
        self.must = must  # be constant
        self.maker = maker  # of which at least one has to pass
        self.wrong = wrong  # texts in the message, if it is to be refused
        self.op = model.graph.node[-1].op_type


def element(array):
    return NP_TYPE_TO_TENSOR_TYPE[array.dtype]


def info(name, array):
    return helper.make_tensor_value_info(name, element(array), array.shape)


def constant(name, array):
    return numpy_helper.from_array(np.ascontiguousarray(array).reshape(array.shape), name)


def untyped(name, array):
    """An output without a shape: the importer has to find it."""
    value = onnx.ValueInfoProto(name=name)
    value.type.tensor_type.elem_type = element(array)
    return value


def make(node, opset, arrays, expected, fed):
    """A model of one node; inputs in `fed` are the graph's, the others constant."""
    names = [n for n in node.input if n]
    pairs = list(zip(names, arrays))
    graph = helper.make_graph(
        [node],
        "graph",
        [info(n, a) for n, a in pairs if n in fed],
        [untyped(n, a) for n, a in zip([n for n in node.output if n], expected)],
        [constant(n, a) for n, a in pairs if n not in fed],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    model.ir_version = 8
    return model


def random_trials(rng):
    makers = {**infer_cases.MAKERS, **infer_shapes.SHAPES}
    for op, maker in makers.items():
        for turn in range(ROUNDS):
            case = maker(rng)
            inputs = [f"in{i}" if a is not None else "" for i, a in enumerate(case.inputs)]
            outputs = [f"out{i}" for i in range(len(case.outputs))]
            node = helper.make_node(case.op, inputs, outputs, name="the node", **case.attributes)
            arrays = [a for a in case.inputs if a is not None]
            name = f"{op}.{turn}"
            if op in infer_cases.MAKERS:
                model = make(node, case.opset, arrays, case.outputs, ())
                yield Trial(name, model, case.outputs, must=True, maker=op)
            if case.fed:
                fed = make(node, case.opset, arrays, case.outputs, inputs[:1])
                yield Trial(name + ".fed", fed, case.outputs, maker=op + ", fed")


def plain(value):
    return isinstance(value, (np.ndarray, np.generic)) and np.asarray(value).dtype.kind in "fiub"


def node_trials():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cases = [c for c in collect_testcases(None) if c.model is not None]
    for case in cases:
        inputs, outputs = case.data_sets[0]
        graph = case.model.graph
        versions = [o.version for o in case.model.opset_import if o.domain == ""]
        bfloat = any(
            v.type.tensor_type.elem_type == onnx.TensorProto.BFLOAT16
            for v in list(graph.input) + list(graph.output)
        )
        if bfloat or versions[:1] < [11] or not all(map(plain, list(inputs) + list(outputs))):
            continue
        expected = [np.asarray(o) for o in outputs]
        arrays = dict(zip([i.name for i in graph.input], map(np.asarray, inputs)))
        for fed in (list(arrays)[:1], []):
            model = copy.deepcopy(case.model)
            del model.graph.input[:], model.graph.output[:]
            for name, array in arrays.items():
                if name in fed:
                    model.graph.input.append(info(name, array))
                else:
                    model.graph.initializer.append(constant(name, array))
            for output, array in zip(graph.output, expected):
                model.graph.output.append(untyped(output.name, array))
            yield Trial(f"{case.name}.{'fed' if fed else 'constant'}", model, expected)


def refused_trials():
    for number, case in enumerate(infer_refused.REFUSED):
        names = [f"in{i}" if a is not None else "" for i, a in enumerate(case.inputs)]
        outputs = [f"out{i}" for i in range(len(case.outputs))]
        node = helper.make_node(case.op, names, outputs, name="the node", **case.attributes)
        arrays = [a for a in case.inputs if a is not None]
        model = make(node, case.opset, arrays, case.outputs, names[:1] if case.fed else ())
        texts = [f"node the node ({case.op}): ", case.wrong]
        yield Trial(f"refused.{case.op}.{number}", model, case.outputs, wrong=texts)


def import_all(program, files):
    """What PROGRAM says of each file."""
    left, results = list(files), {}
    while left:
        done = subprocess.run(
            [program], input="\n".join(left) + "\n", capture_output=True, text=True, check=False
        )
        path, outputs, refused = None, [], None
        for line in done.stdout.splitlines():
            fields = line.split("\t")
            if fields[0] == "file":
                path, outputs, refused = fields[1], [], None
            elif fields[0] == "output":
                outputs.append(fields[1:])
            elif fields[0] == "refused":
                refused = fields[1:]
            elif fields[0] == "end":
                results[path] = (
                    Result(int(refused[0]), refused[1], [])
                    if refused
                    else Result(0, "", outputs)
                )
                left.remove(path)
        if left:
            why = f"ended with {done.returncode}: {done.stderr[-3000:]}"
            results[left.pop(0)] = Result(None, why, [])
    return results


def same(trial, elements, array):
    """Are the elements of a constant output right?"""
    if array.size != len(elements):
        return False
    got = np.array(elements, dtype=np.float32).reshape(array.shape)
    if array.dtype.kind != "f":
        return np.array_equal(got, array.astype(np.float32))
    # the functions of windows have pi to six digits only
    rough = array.dtype == np.float16 or "window" in trial.name
    bar = 1e-3 if rough else 1e-6
    return np.allclose(got, array.astype(np.float32), rtol=bar, atol=bar, equal_nan=True)


def judge(trial, result):
    """passed, folded (passed, and all was constant), unsupported, or what is wrong."""
    if result.status is None:
        return result.why
    if trial.wrong:
        if result.status == 0:
            return "was not refused"
        absent = [text for text in trial.wrong if text not in result.why]
        return f"{result.why}: not said: {absent[0]}" if absent else "passed"
    if result.status != 0:
        good = result.status == UNSUPPORTED and not trial.must
        return "unsupported" if good else f"refused: {result.why}"
    folded = True
    for output, array in zip(result.outputs, trial.expected):
        name, kind, dims, elements = output
        shape = tuple(int(d) for d in dims.split())
        if shape != array.shape or int(kind) != element(array):
            return f"{name} is {shape} of type {kind}, not {array.shape} of {element(array)}"
        if elements == "-":
            folded = False
        elif not same(trial, elements.split(), array):
            return f"{name} is {elements[:200]}, not {array.reshape(-1)[:20]}"
    if trial.must and not folded:
        return "is not constant"
    return "folded" if folded else "passed"


def report(trials, results, verbose):
    table = collections.defaultdict(collections.Counter)
    failures, passed = 0, collections.Counter()
    for path, trial in trials.items():
        verdict = judge(trial, results[path])
        if verdict not in ("passed", "folded", "unsupported"):
            print(f"failed: {trial.name}: {verdict}")
            failures += 1
            verdict = "failed"
        elif verbose and verdict == "unsupported":
            print(f"unsupported: {trial.name}: {results[path].why}")
        table[trial.op][verdict] += 1
        passed[trial.maker] += verdict in ("passed", "folded")
    kinds = ("folded", "passed", "unsupported", "failed")
    total = sum(table.values(), collections.Counter())
    for op in [*sorted(table), "all"]:
        counts = total if op == "all" else table[op]
        print(f"{op:<30}" + "".join(f"{counts[k]:>6} {k}" for k in kinds if counts[k]))
    for maker in [maker for maker, count in passed.items() if not count]:
        print(f"failed: {maker}: none passes")
        failures += 1
    return failures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("-v", "--verbose", action="store_true")
    parser.add_argument("--keep", help="write the files there, and leave them")
    arguments = parser.parse_args()
    rng = random.Random(SEED)
    np.random.seed(SEED)
    trials = {}
    with tempfile.TemporaryDirectory(prefix="hidp-infer-") as folder:
        if arguments.keep:
            os.makedirs(arguments.keep, exist_ok=True)
        for trial in [*random_trials(rng), *node_trials(), *refused_trials()]:
            path = os.path.join(arguments.keep or folder, trial.name + ".onnx")
            onnx.save(trial.model, path)
            trials[path] = trial
        results = import_all(arguments.program, trials)
    return 1 if report(trials, results, arguments.verbose) else 0


if __name__ == "__main__":
    sys.exit(main())
