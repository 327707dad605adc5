#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares a network that the reference kernels computed with PyTorch.

    oracle.py DUMP NETWORK SIZE BAR

runs DUMP (dump.c) for the network, computes the same network with the same weights
and input in PyTorch, as torchvision describes it, and fails if any element of the
output is further off than BAR times the largest one. BERT, which torchvision does
not have, is written down below from its paper.
"""

import math
import os
import subprocess
import sys
import tempfile
import time

try:
    import numpy as np
    import torch
    import torchvision
    from torch import nn
    from torch.nn import functional
except ImportError as error:
    print(f"skipped: {error}; Debian has python3-torch and python3-torchvision")
    sys.exit(77)


class Arrays:
    """What dump.c wrote: arrays by name and role."""

    def __init__(self, directory):
        data = np.memmap(os.path.join(directory, "data.bin"), dtype=np.float32, mode="r")
        self.arrays = {}
        self.unused = set()
        with open(os.path.join(directory, "index.txt"), encoding="utf-8") as index:
            for line in index:
                name, role, offset, *dims = line.split()
                shape = [int(n) for n in dims]
                begin = int(offset)
                flat = data[begin : begin + math.prod(shape)]
                self.arrays[name, role] = torch.from_numpy(np.array(flat).reshape(shape))
        self.unused = {key for key in self.arrays if key[1] not in ("input", "output")}

    def take(self, name, role):
        self.unused.discard((name, role))
        return self.arrays[name, role]

    def only(self, role):
        (array,) = [a for (_, r), a in self.arrays.items() if r == role]
        return array


def load(module, prefix, arrays):
    """Puts the weights of all parts of that name into a torchvision network."""
    for name, child in module.named_modules():
        full = prefix + name
        if isinstance(child, (nn.Conv2d, nn.Linear)) and (full, "weight") in arrays.arrays:
            child.weight.copy_(arrays.take(full, "weight"))
            if child.bias is not None:
                child.bias.copy_(arrays.take(full, "bias"))
        elif isinstance(child, nn.BatchNorm2d):
            # scale and shift alone: mean 0, variance 1
            child.eps = 0.0
            child.weight.copy_(arrays.take(full, "scale"))
            child.bias.copy_(arrays.take(full, "shift"))
        elif isinstance(child, nn.LayerNorm):
            child.weight.copy_(arrays.take(full, "scale"))
            child.bias.copy_(arrays.take(full, "shift"))
        elif isinstance(child, nn.MultiheadAttention):
            child.in_proj_weight.copy_(arrays.take(full + ".in_proj", "weight"))
            child.in_proj_bias.copy_(arrays.take(full + ".in_proj", "bias"))


def load_vit(net, arrays):
    # the class token is in the first row of the position embedding
    net.class_token.zero_()
    position = arrays.take("encoder.pos_embedding", "constant")  # 1, channels, tokens, 1
    net.encoder.pos_embedding.copy_(position[:, :, :, 0].transpose(1, 2))


def torchvision_network(name, image, arrays):
    options = {"weights": None}
    if name == "inception_v3":
        options.update(aux_logits=False, transform_input=False, init_weights=False)
    if name == "vit_b_16":
        options.update(image_size=image)
    net = getattr(torchvision.models, name)(**options)
    load(net, "", arrays)
    if name == "vit_b_16":
        load_vit(net, arrays)
    return net.eval()


def bert(arrays, x):
    """Twelve encoder blocks over embedded tokens: batch, tokens, 768."""

    def linear(name, value):
        return functional.linear(value, arrays.take(name, "weight"), arrays.take(name, "bias"))

    def norm(name, value):
        return functional.layer_norm(
            value, [768], arrays.take(name, "scale"), arrays.take(name, "shift"), 1e-12
        )

    def heads(value):  # batch, heads, tokens, 64
        return value.view(value.shape[0], value.shape[1], 12, 64).transpose(1, 2)

    for block in range(12):
        scope = f"encoder.layer.{block}."
        q, k, v = linear(scope + "attention.self.qkv", x).split(768, dim=2)
        scores = heads(q) @ heads(k).transpose(2, 3) / math.sqrt(64)
        y = (scores.softmax(dim=3) @ heads(v)).transpose(1, 2).reshape(x.shape)
        y = linear(scope + "attention.output.dense", y)
        x = norm(scope + "attention.output.LayerNorm", x + y)
        y = functional.gelu(linear(scope + "intermediate.dense", x))
        x = norm(scope + "output.LayerNorm", x + linear(scope + "output.dense", y))
    return x


def expected(name, arrays):
    """The output that PyTorch computes; batch, rows, width, channels become one row."""
    given = arrays.only("input")
    if name == "bert_base":
        return bert(arrays, given[:, :, 0, :])
    return torchvision_network(name, given.shape[1], arrays)(given.permute(0, 3, 1, 2))


def main():
    dump, name, size, bar = sys.argv[1:]
    with tempfile.TemporaryDirectory() as directory, torch.no_grad():
        began = time.monotonic()
        subprocess.run([os.path.abspath(dump), name, size], cwd=directory, check=True)
        took = time.monotonic() - began
        arrays = Arrays(directory)
        want = expected(name, arrays).flatten()
    got = arrays.only("output").flatten()
    if arrays.unused:
        print(f"weights that PyTorch's network has not: {sorted(arrays.unused)}")
        return 1
    if want.shape != got.shape:
        print(f"{got.numel()} outputs, {want.numel()} expected")
        return 1
    largest = want.abs().max().item()
    error = (want - got).abs().max().item() / largest
    print(f"{name}: largest output {largest:.4g}, off by {error:.2e} of it ({took:.1f} s)")
    return 0 if error <= float(bar) else 1


if __name__ == "__main__":
    sys.exit(main())
