#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes random graphs as ONNX files, with inputs and what NumPy makes of them.

    random_graphs.py FOLDER COUNT [SEED]
    random_graphs.py --run PROGRAM COUNT [SEED]

makes FOLDER/NUMBER/ as export.py does, or gives them all to nodes.c and demands that all pass. The graphs are short chains of ops that move, join, cut,
broadcast and reduce tensors of any rank: what decides where the axes of a tensor lie.
"""

import os
import random
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper
except ImportError as error:
    print(f"skipped: {error}; Debian has python3-numpy, python3-onnx")
    sys.exit(77)

RANK_MAX = 6
ELEMENTS_MAX = 4096


class Graph:
    """Nodes and initialisers, and the NumPy value of every tensor that flows."""

    def __init__(self, rng):
        self.rng = rng
        self.nodes = []
        self.constants = []
        self.values = {}  # name: array, those that follow from the input
        self.count = 0

    def name(self):
        self.count += 1
        return f"t{self.count}"

    def constant(self, array):
        name = self.name()
        self.constants.append(numpy_helper.from_array(np.array(array, order="C"), name))
        return name

    def node(self, op, inputs, value, **attributes):
        """Adds a node; its first output has that value."""
        name = self.name()
        self.nodes.append(helper.make_node(op, inputs, [name], name=f"{op}_{name}", **attributes))
        self.values[name] = value
        return name

    def random(self, shape):
        seed = self.rng.randrange(1 << 30)
        return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


def split_size(rng, size):
    """Two factors of a size."""
    factors = [d for d in range(1, size + 1) if size % d == 0]
    first = rng.choice(factors)
    return first, size // first


def reshape(g, x):
    a = g.values[x]
    shape = list(a.shape)
    for _ in range(g.rng.randint(1, 3)):
        if len(shape) > 1 and (g.rng.random() < 0.5 or len(shape) >= RANK_MAX):
            i = g.rng.randrange(len(shape) - 1)
            shape[i : i + 2] = [shape[i] * shape[i + 1]]
        else:
            i = g.rng.randrange(len(shape))
            shape[i : i + 1] = split_size(g.rng, shape[i])
    return g.node("Reshape", [x, g.constant(np.array(shape, np.int64))], a.reshape(shape))


def transpose(g, x):
    a = g.values[x]
    perm = list(range(a.ndim))
    g.rng.shuffle(perm)
    return g.node("Transpose", [x], a.transpose(perm), perm=perm)


def cut(g, x):
    a = g.values[x]
    axes = g.rng.sample(range(a.ndim), g.rng.randint(1, a.ndim))
    starts, ends, steps, index = [], [], [], [slice(None)] * a.ndim
    for axis in axes:
        n = a.shape[axis]
        step = g.rng.choice([1, 1, 1, 2, 3, -1])
        begin = g.rng.randrange(n)
        end = g.rng.randrange(begin + 1, n + 1)
        if step < 0:
            begin, end = end - 1, begin - 1
        starts.append(begin)
        ends.append(end if end >= 0 else -n - 1)
        steps.append(step)
        index[axis] = slice(begin, None if end < 0 else end, step)
    inputs = [x] + [g.constant(np.array(v, np.int64)) for v in (starts, ends, axes, steps)]
    return g.node("Slice", inputs, a[tuple(index)])


def pad(g, x):
    a = g.values[x]
    mode = g.rng.choice(["constant", "constant", "edge", "reflect"])
    pads = [(g.rng.randint(0, 2), g.rng.randint(0, 2)) for _ in a.shape]
    if mode == "reflect":
        pads = [(min(b, n - 1), min(e, n - 1)) for (b, e), n in zip(pads, a.shape)]
    flat = [b for b, _ in pads] + [e for _, e in pads]
    inputs = [x, g.constant(np.array(flat, np.int64))]
    if mode != "constant":
        return g.node("Pad", inputs, np.pad(a, pads, mode), mode=mode)
    number = np.float32(g.rng.choice([0, 0, 1.5]))
    inputs.append(g.constant(number))
    return g.node("Pad", inputs, np.pad(a, pads, constant_values=number), mode=mode)


def concat(g, x):
    a = g.values[x]
    axis = g.rng.randrange(a.ndim)
    parts, names = [a], [x]
    for _ in range(g.rng.randint(1, 3)):
        kind = g.rng.random()
        shape = list(a.shape)
        if kind < 0.4:
            shape[axis] = g.rng.randint(1, 3)
            parts.append(g.random(shape))
            names.append(g.constant(parts[-1]))
        elif kind < 0.7:
            parts.append(a)
            names.append(x)
        else:
            name = unary(g, x)
            parts.append(g.values[name])
            names.append(name)
    order = list(range(len(parts)))
    g.rng.shuffle(order)
    value = np.concatenate([parts[i] for i in order], axis)
    return g.node("Concat", [names[i] for i in order], value, axis=axis)


def gather(g, x):
    a = g.values[x]
    axis = g.rng.randrange(a.ndim)
    shape = g.rng.choice([(), (1,), (2,), (3,), (2, 2)])
    if a.ndim - 1 + len(shape) > RANK_MAX:
        shape = ()
    seed = g.rng.randrange(1 << 30)
    at = np.random.default_rng(seed).integers(-a.shape[axis], a.shape[axis], shape)
    at = np.array(at, np.int64)
    return g.node("Gather", [x, g.constant(at)], np.take(a, at, axis), axis=axis)


def unary(g, x):
    a = g.values[x]
    op = g.rng.choice(["Relu", "Neg", "Tanh", "Abs"])
    value = {"Relu": lambda v: np.maximum(v, 0), "Neg": np.negative, "Tanh": np.tanh, "Abs": np.abs}
    return g.node(op, [x], value[op](a))


def binary(g, x):
    """With a constant, with itself reduced or transposed back, or with another value."""
    a = g.values[x]
    op = g.rng.choice(["Add", "Sub", "Mul", "Max"])
    f = {"Add": np.add, "Sub": np.subtract, "Mul": np.multiply, "Max": np.maximum}[op]
    if g.rng.random() < 0.5:
        shape = [n if g.rng.random() < 0.6 else 1 for n in a.shape]
        if g.rng.random() < 0.3:
            shape = [g.rng.randint(1, 3) if n == 1 else n for n in shape]
            shape = [m if n in (1, m) else n for n, m in zip(a.shape, shape)]
        shape = shape[g.rng.randrange(len(shape)) :] if g.rng.random() < 0.5 else shape
        b = g.random(shape)
        other = g.constant(b)
    else:
        other = reduce(g, x, keep=True) if g.rng.random() < 0.6 else unary(g, x)
        b = g.values[other]
    if g.rng.random() < 0.5:
        return g.node(op, [x, other], f(a, b))
    return g.node(op, [other, x], f(b, a))


def reduce(g, x, keep=None):
    a = g.values[x]
    axes = sorted(g.rng.sample(range(a.ndim), g.rng.randint(1, a.ndim)))
    keep = bool(g.rng.getrandbits(1)) if keep is None else keep
    op = g.rng.choice(["ReduceMean", "ReduceMax"])
    f = {"ReduceMean": np.mean, "ReduceMax": np.max}[op]
    value = f(a, axis=tuple(axes), keepdims=keep).astype(np.float32)
    if value.ndim == 0:
        return unary(g, x)
    return g.node(op, [x], value, axes=axes, keepdims=int(keep))


def softmax(g, x):
    a = g.values[x]
    axis = g.rng.randrange(a.ndim)
    e = np.exp(a - a.max(axis, keepdims=True))
    return g.node("Softmax", [x], e / e.sum(axis, keepdims=True), axis=axis)


def matmul(g, x):
    a = g.values[x]
    kind = g.rng.random()
    if a.ndim < 2 or kind < 0.4:
        b = g.random((a.shape[-1], g.rng.randint(1, 5)))
        if a.ndim < 2:
            return g.node("MatMul", [x, g.constant(b)], a @ b)
        return g.node("MatMul", [x, g.constant(b)], a @ b)
    if kind < 0.6:
        b = g.random((g.rng.randint(1, 5), a.shape[-2]))
        return g.node("MatMul", [g.constant(b), x], b @ a)
    perm = list(range(a.ndim - 2)) + [a.ndim - 1, a.ndim - 2]
    other = g.node("Transpose", [x], a.transpose(perm), perm=perm)
    if kind < 0.8:
        return g.node("MatMul", [other, x], a.transpose(perm) @ a)
    return g.node("MatMul", [x, other], a @ a.transpose(perm))


def tile(g, x):
    a = g.values[x]
    times = [g.rng.randint(1, 2) for _ in a.shape]
    return g.node("Tile", [x, g.constant(np.array(times, np.int64))], np.tile(a, times))


def expand(g, x):
    a = g.values[x]
    shape = [g.rng.randint(1, 3) if n == 1 else n for n in a.shape]
    if len(shape) < RANK_MAX and g.rng.random() < 0.5:
        shape = [g.rng.randint(1, 3)] + shape
    value = np.ascontiguousarray(np.broadcast_to(a, shape))
    return g.node("Expand", [x, g.constant(np.array(shape, np.int64))], value)


STEPS = [reshape] * 4 + [transpose] * 4 + [cut, cut, pad, concat, concat, gather, unary]
STEPS += [binary] * 3 + [reduce, softmax, matmul, matmul, tile, expand]


def build(rng):
    g = Graph(rng)
    shape = [rng.choice([1, 2, 3, 4, 5, 6]) for _ in range(rng.randint(1, 5))]
    g.values["input"] = g.random(shape)
    x = "input"
    for _ in range(rng.randint(1, 8)):
        before = (len(g.nodes), len(g.constants))
        y = rng.choice(STEPS)(g, x)
        value = g.values[y]
        if value.size > ELEMENTS_MAX or value.ndim == 0 or value.ndim > RANK_MAX:
            del g.nodes[before[0] :]
            del g.constants[before[1] :]
            continue
        x = y
    if x == "input":
        x = unary(g, x)
    return g, x


def write(g, output, folder):
    os.makedirs(folder, exist_ok=True)
    ends = [("input", "input", g.values["input"]), ("output", output, g.values[output])]
    infos = [helper.make_tensor_value_info(n, TensorProto.FLOAT, v.shape) for _, n, v in ends]
    graph = helper.make_graph(g.nodes, "random", infos[:1], infos[1:], g.constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    onnx.save(model, os.path.join(folder, "model.onnx"))
    with open(os.path.join(folder, "index.txt"), "w", encoding="utf-8") as index:
        index.write("bar 1e-4\n")
        for kind, name, value in ends:
            np.save(os.path.join(folder, f"{kind}.npy"), np.array(value, np.float32, order="C"))
            index.write(f"{kind} {name} {kind}.npy\n")


def write_all(folder, count, seed):
    folders = []
    for i in range(seed, seed + count):
        rng = random.Random(i)
        g, output = build(rng)
        while np.abs(g.values[output]).max() < 1e-3:  # nothing but rounding is left
            g, output = build(rng)
        folders.append(os.path.join(folder, str(i)))
        write(g, output, folders[-1])
    return folders


def run(program, write_some, count, seed):
    with tempfile.TemporaryDirectory(prefix="hidp-onnx-") as folder:
        folders = write_some(folder, count, seed)
        given = "\n".join(folders) + "\n"
        done = subprocess.run(
            [program], input=given, capture_output=True, text=True, check=False, timeout=280
        )
    lines = done.stdout.splitlines()
    passed = [line for line in lines if line.startswith("passed\t")]
    for line in lines:
        if line not in passed:
            print(line)
    print(f"{len(passed)} of {count} graphs passed, seeds from {seed} on")
    if done.returncode != 0:
        print(f"the program ended with {done.returncode}: {done.stderr[-2000:]}")
    return 0 if done.returncode == 0 and len(passed) == count else 1


def main(write_some):
    what = sys.argv[1:]
    running = what[0] == "--run"
    place, count, *rest = what[1:] if running else what
    seed = int(rest[0]) if rest else 1
    if running:
        return run(place, write_some, int(count), seed)
    write_some(place, int(count), seed)
    return 0


if __name__ == "__main__":
    sys.exit(main(write_all))
