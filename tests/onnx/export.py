#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes networks as ONNX files, with inputs and what PyTorch makes of them.

    export.py [--small] FOLDER [NETWORK]...

makes FOLDER/NETWORK/ with model.onnx, one .npy per input and output, and index.txt,
which says what they are:

    bar NUMBER         difference that is allowed, as part of the largest output
    dim NAME SIZE      an open dimension
    input NAME FILE
    output NAME FILE
"""

import argparse
import os
import sys
import time
import warnings

try:
    import numpy as np
    import onnx
    import torch

    import networks
except ImportError as error:
    print(f"skipped: {error}; Debian has python3-torch, python3-torchvision, python3-onnx")
    sys.exit(77)


def as_list(outputs):
    return list(outputs) if isinstance(outputs, (tuple, list)) else [outputs]


def other_inputs(inputs):
    """As large and as wide, but with something else in it."""
    torch.manual_seed(7)
    first = next(iter(inputs))
    changed = dict(inputs)
    if inputs[first].is_floating_point():
        changed[first] = torch.randn_like(inputs[first])
    else:
        changed[first] = inputs[first].flip(1)
    return changed


def compute(network):
    """PyTorch's outputs; refuses a network whose outputs say nothing."""
    with torch.no_grad():
        outputs = as_list(network.module(*network.inputs.values()))
        others = as_list(network.module(*other_inputs(network.inputs).values()))
    for name, output, other in zip(network.outputs, outputs, others):
        largest = output.abs().max().item()
        spread = output.std().item() / largest
        change = (output - other).abs().max().item() / largest
        print(f"    {name} {tuple(output.shape)}: largest {largest:.3g}, spread {spread:.3f}, "
              f"another input changes it by {change:.3f}")
        if not (np.isfinite(largest) and spread > 0.02 and change > 0.01):
            raise SystemExit(f"{name}: the output is degenerate")
    return outputs


def write_model(network, path):
    training = torch.onnx.TrainingMode
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network.module,
            tuple(network.inputs.values()),
            path,
            input_names=list(network.inputs),
            output_names=list(network.outputs),
            dynamic_axes=network.open_axes or None,
            opset_version=network.opset,
            training=training.PRESERVE if network.keep_norms else training.EVAL,
            do_constant_folding=not network.keep_norms,
        )
    if network.external:
        model = onnx.load(path)
        onnx.save(model, path, save_as_external_data=True, location="weights.bin")


def open_dims(network):
    """{name: size}: what the file leaves open, as large as the inputs are."""
    dims = {}
    for name, tensor in network.inputs.items():
        for axis, dim in network.open_axes.get(name, {}).items():
            dims[dim] = tensor.shape[axis]
    return dims


def export(name, small, folder):
    began = time.monotonic()
    network = networks.build(name, small)
    built = time.monotonic()
    os.makedirs(folder, exist_ok=True)
    outputs = compute(network)
    write_model(network, os.path.join(folder, "model.onnx"))
    lines = [f"bar {network.bar:g}"]
    lines += [f"dim {dim} {size}" for dim, size in open_dims(network).items()]
    for kind, tensors in (("input", network.inputs), ("output", dict(zip(network.outputs, outputs)))):
        for key, tensor in tensors.items():
            np.save(os.path.join(folder, f"{key}.npy"), np.ascontiguousarray(tensor.numpy()))
            lines.append(f"{kind} {key} {key}.npy")
    with open(os.path.join(folder, "index.txt"), "w", encoding="utf-8") as index:
        index.write("\n".join(lines) + "\n")
    print(f"{name}: opset {network.opset}, made in {built - began:.1f} s, "
          f"written in {time.monotonic() - built:.1f} s", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--small", action="store_true")
    parser.add_argument("folder")
    parser.add_argument("network", nargs="*")
    arguments = parser.parse_args()
    for name in arguments.network or networks.NETWORKS:
        export(name, arguments.small, os.path.join(arguments.folder, name))
    return 0


if __name__ == "__main__":
    sys.exit(main())
