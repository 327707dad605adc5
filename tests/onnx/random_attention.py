#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes attention in all its spellings as ONNX files, with inputs and what NumPy makes of them.

    random_attention.py FOLDER COUNT [SEED]
    random_attention.py --run PROGRAM COUNT [SEED]

does what random_graphs.py does. Scales stand on the scores, on Q or on K; masks are added
from either side, for all or some of images, heads and rows; heads have an axis of their own or
share one with the images.
"""

import os
import random
import sys

try:
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    import random_graphs
except ImportError as error:
    print(f"skipped: {error}; Debian has python3-numpy, python3-onnx")
    sys.exit(77)


class Graph:
    """Nodes, constants and inputs, and the NumPy value of every tensor."""

    def __init__(self, rng):
        self.rng = rng
        self.numpy_rng = np.random.default_rng(rng.randrange(1 << 30))
        self.nodes = []
        self.constants = []
        self.inputs = []
        self.values = {}

    def name(self):
        return f"t{len(self.values)}"

    def constant(self, array):
        name = self.name()
        self.values[name] = np.array(array)
        self.constants.append(numpy_helper.from_array(self.values[name], name))
        return name

    def input(self, array):
        name = self.name()
        self.values[name] = array
        self.inputs.append(name)
        return name

    def node(self, op, inputs, value, **attributes):
        name = self.name()
        self.nodes.append(helper.make_node(op, inputs, [name], name=f"{op}_{name}", **attributes))
        self.values[name] = value
        return name

    def random(self, *shape):
        return self.numpy_rng.uniform(-2, 2, shape).astype(np.float32)


def reshape(g, x, shape):
    return g.node("Reshape", [x, g.constant(np.array(shape, np.int64))],
                  g.values[x].reshape(shape))


def scaled(g, x, number):
    if g.rng.random() < 0.5:
        return g.node("Div", [x, g.constant(np.float32(1 / number))],
                      (g.values[x] / np.float32(1 / number)).astype(np.float32))
    inputs = [x, g.constant(np.float32(number))]
    g.rng.shuffle(inputs)
    return g.node("Mul", inputs, (g.values[x] * np.float32(number)).astype(np.float32))


def multiply(g, a, b):
    return g.node("MatMul", [a, b], np.matmul(g.values[a], g.values[b]))


def heads_of(g, batch, tokens, heads, features, merged, transposed):
    """Q, K or V: batch x heads x tokens x features, or the first two as one."""
    x = g.input(g.random(batch, tokens, heads * features))
    weights = g.random(heads * features, heads * features) / np.float32(heads * features)
    x = multiply(g, x, g.constant(weights))
    x = reshape(g, x, [batch, tokens, heads, features])
    perm = [0, 2, 3, 1] if transposed and g.rng.random() < 0.5 else [0, 2, 1, 3]
    x = g.node("Transpose", [x], g.values[x].transpose(perm), perm=perm)
    if merged:
        x = reshape(g, x, [batch * heads, *g.values[x].shape[2:]])
    if transposed and perm[2] == 1:
        last = list(range(g.values[x].ndim))
        last[-2:] = [last[-1], last[-2]]
        x = g.node("Transpose", [x], g.values[x].transpose(last), perm=last)
    return x


def mask_of(g, scores):
    """Random numbers, or what hides some keys; of the scores' shape, or broadcast to it."""
    shape = [size if g.rng.random() < 0.5 else 1 for size in scores.shape[:-1]]
    shape.append(scores.shape[-1])
    while len(shape) > 1 and shape[0] == 1 and g.rng.random() < 0.3:
        del shape[0]
    if g.rng.random() < 0.1:
        return g.constant(g.random(*shape))
    mask = g.input(g.random(*shape))
    if g.rng.random() < 0.5:
        return mask
    low = g.rng.choice([-1e4, -1e9, float(np.finfo(np.float32).min)])
    hidden = (g.values[mask] < 0).astype(np.float32)
    hidden[..., 0] = 0  # one is left
    g.values[mask] = hidden
    return g.node("Mul", [mask, g.constant(np.float32(low))], hidden * np.float32(low))


def softmax(x):
    x = np.exp(x - x.max(axis=-1, keepdims=True))
    return (x / x.sum(axis=-1, keepdims=True)).astype(np.float32)


def build(rng):
    g = Graph(rng)
    batch, heads, features = rng.randint(1, 3), rng.randint(1, 4), rng.randint(1, 5)
    tokens, keys = rng.randint(1, 6), rng.randint(2, 6)
    merged = rng.random() < 0.3
    q = heads_of(g, batch, tokens, heads, features, merged, False)
    k = heads_of(g, batch, keys, heads, features, merged, True)
    v = heads_of(g, batch, keys, heads, features, merged, False)
    usual = rng.random() < 0.5
    places = [p for p in "qks" if rng.random() < 0.5] or ["s"]
    part = (features ** -0.5 if usual else rng.uniform(0.1, 2)) ** (1 / len(places))
    q = scaled(g, q, part) if "q" in places else q
    k = scaled(g, k, part) if "k" in places else k
    x = multiply(g, q, k)
    x = scaled(g, x, part) if "s" in places else x
    if rng.random() < 0.8:
        inputs = [x, mask_of(g, g.values[x])]
        rng.shuffle(inputs)
        x = g.node("Add", inputs, g.values[inputs[0]] + g.values[inputs[1]])
        x = scaled(g, x, 0.5) if rng.random() < 0.1 else x
    x = g.node("Softmax", [x], softmax(g.values[x]), axis=-1)
    x = multiply(g, x, v)
    if merged:
        x = reshape(g, x, [batch, heads, tokens, features])
    x = g.node("Transpose", [x], g.values[x].transpose(0, 2, 1, 3), perm=[0, 2, 1, 3])
    return g, reshape(g, x, [batch, tokens, heads * features])


def info(g, name):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, g.values[name].shape)


def write(g, output, folder):
    os.makedirs(folder, exist_ok=True)
    graph = helper.make_graph(g.nodes, "attention", [info(g, x) for x in g.inputs],
                              [info(g, output)], g.constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    onnx.save(model, os.path.join(folder, "model.onnx"))
    with open(os.path.join(folder, "index.txt"), "w", encoding="utf-8") as index:
        index.write("bar 0.0001\n")
        for kind, names in ("input", g.inputs), ("output", [output]):
            for name in names:
                value = np.array(g.values[name], order="C")
                np.save(os.path.join(folder, name + ".npy"), value)
                index.write(f"{kind} {name} {name}.npy\n")


def write_all(folder, count, seed):
    folders = [os.path.join(folder, str(i)) for i in range(seed, seed + count)]
    for i, path in enumerate(folders):
        write(*build(random.Random(seed + i)), path)
    return folders


if __name__ == "__main__":
    sys.exit(random_graphs.main(write_all))
