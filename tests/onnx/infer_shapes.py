# SPDX-License-Identifier: MIT
"""Single nodes of which the importer works out the shapes alone."""

import numpy as np

from infer_cases import OPSETS, case, dims, fill, list_of, shuffled


def positions(size, kernel, stride, dilation, before, after, ceil):
    """How many places a window has, counted one by one."""
    reach, count = dilation * (kernel - 1) + 1, 0
    while True:
        first = count * stride
        fits = first + reach <= size + before + after
        # one more may run over the end, if it begins before it and the last one left something
        left = count > 0 and first - stride + reach < size + before + after
        if not fits and not (ceil and left and first < size + before):
            return count
        count += 1


def window(rng, size, ceil):
    """Attributes of one axis, and what comes out."""
    kernel, stride, dilation = rng.randint(1, 3), rng.randint(1, 4), rng.randint(1, 2)
    reach = dilation * (kernel - 1) + 1
    before, after = (rng.randint(0, kernel - 1) for _ in "ba")
    after += max(0, reach - size - before - after)
    return kernel, stride, dilation, before, after, positions(
        size, kernel, stride, dilation, before, after, ceil
    )


def windows(op):
    def maker(rng):
        spatial, ceil = dims(rng, rng.randint(1, 3), most=9), rng.randint(0, 1)
        ceil = 0 if op == "Conv" else ceil
        kernel, strides, dilations, before, after, out = zip(
            *(window(rng, size, ceil) for size in spatial)
        )
        attributes = {"kernel_shape": kernel, "strides": strides, "dilations": dilations}
        if rng.random() < 0.3:
            pad_mode = rng.choice(("SAME_UPPER", "SAME_LOWER"))
            attributes["auto_pad"] = pad_mode
            out = [-(-size // stride) for size, stride in zip(spatial, strides)]
        else:
            attributes["pads"] = before + after
        if op == "Conv":
            group = rng.randint(1, 2)
            x, w = fill(rng, [2, 2 * group, *spatial]), fill(rng, [3 * group, 2, *kernel])
            y = np.zeros((2, 3 * group, *out), dtype=np.float32)
            return case(op, 11, [x, w], [y], group=group, **attributes)
        if op == "AveragePool" or ceil:
            attributes["ceil_mode"] = ceil
        x = fill(rng, [1, 2, *spatial])
        y = np.zeros((1, 2, *out), dtype=np.float32)
        return case(op, 19, [x], [y], **attributes)

    return maker


def resize(rng):
    x, opset = fill(rng, dims(rng, 4, most=9)), rng.choice(OPSETS[2:])
    axes = [0, 1, 2, 3]
    if opset >= 18 and rng.random() < 0.6:
        axes = shuffled(rng, 4, rng.randint(1, 3))
    shape, attributes = list(x.shape), {} if axes == [0, 1, 2, 3] else {"axes": axes}
    if rng.random() < 0.5:
        sizes = [rng.randint(1, 12) for _ in axes]
        for axis, size in zip(axes, sizes):
            shape[axis] = size
        inputs = [x, None, None, list_of(sizes)]
    else:
        scales = np.array([rng.choice((1, 1.4, 2, 0.6, 3.1)) for _ in axes], dtype=np.float32)
        for axis, scale in zip(axes, scales):
            shape[axis] = int(np.floor(np.float32(shape[axis]) * scale))
        if 0 in shape:
            return resize(rng)
        inputs = [x, None, scales]
    return case("Resize", opset, inputs, [np.zeros(shape, dtype=np.float32)], **attributes)


def arg(rng):
    x, keep = fill(rng, dims(rng, rng.randint(1, 4))), rng.randint(0, 1)
    axis = rng.randint(-x.ndim, x.ndim - 1)
    y = np.argmax(x, axis)
    y = np.expand_dims(y, axis) if keep else y
    return case("ArgMax", 13, [x], [y], axis=axis, keepdims=keep)


def einsum(rng):
    sizes = {letter: rng.randint(1, 4) for letter in "abcd"}
    terms = ["".join(rng.sample("abcd", rng.randint(1, 3))) for _ in range(2)]
    equation = ",".join(terms)
    arrays = [fill(rng, [sizes[letter] for letter in term]) for term in terms]
    kind = rng.random()
    if kind < 0.5:
        letters = sorted(set("".join(terms)))
        equation += "->" + "".join(rng.sample(letters, rng.randint(0, len(letters))))
    elif kind < 0.8:
        equation = ",".join("..." + term for term in terms)
        arrays[0] = fill(rng, [2, 1, *arrays[0].shape])
        arrays[1] = fill(rng, [3, *arrays[1].shape])
    return case("Einsum", 12, arrays, [np.einsum(equation, *arrays)], equation=equation)


# of which the shapes alone are worked out
SHAPES = {
    "Conv": windows("Conv"),
    "MaxPool": windows("MaxPool"),
    "AveragePool": windows("AveragePool"),
    "Resize": resize,
    "ArgMax": arg,
    "Einsum": einsum,
}
