# SPDX-License-Identifier: MIT
"""Single nodes with random dims and attributes, and what NumPy makes of them."""

import collections

import numpy as np

# `fed`: may the first input be fed rather than constant, and the shapes stay known?
Case = collections.namedtuple("Case", "op opset inputs attributes outputs fed")
OPSETS = (11, 12, 13, 14, 15, 16, 17, 18, 19, 20)
INTS = (np.int32, np.int64)
NUMBERS = (np.float32, np.float64, np.int32, np.int64)


def case(op, opset, inputs, outputs, fed=True, **attributes):
    inputs = [None if i is None else np.asarray(i) for i in inputs]
    return Case(op, opset, inputs, attributes, [np.asarray(o) for o in outputs], fed)


def list_of(values):
    return np.array(values, dtype=np.int64)


def dims(rng, rank=None, most=4, least=1):
    rank = rng.randint(0, 4) if rank is None else rank
    return [rng.randint(least, most) for _ in range(rank)]


def fill(rng, shape, dtype=np.float32):
    if dtype == np.bool_:
        return np.asarray(np.random.rand(*shape) < 0.5)
    if np.dtype(dtype).kind == "f":
        return np.asarray(np.random.randn(*shape)).astype(dtype)
    low = 0 if np.dtype(dtype).kind == "u" else -20
    return np.asarray(np.random.randint(low, 20, size=shape)).astype(dtype)


def shuffled(rng, n, count):
    """So many different axes, some counted from the end."""
    return [a - n if rng.random() < 0.4 else a for a in rng.sample(range(n), count)]


def broadcastable(rng, shape):
    """Dims that are broadcast to at most these."""
    other = [1 if rng.random() < 0.3 else d for d in shape]
    return other[rng.randint(0, len(other)) :]


def pair(rng, types):
    shape, dtype = dims(rng), rng.choice(types)
    a, b = broadcastable(rng, shape), broadcastable(rng, shape)
    return fill(rng, a, dtype), fill(rng, b, dtype)


def binary(op, function, types):
    def maker(rng):
        a, b = pair(rng, types)
        with np.errstate(all="ignore"):
            return case(op, rng.choice(OPSETS[3:]), [a, b], [function(a, b)])

    return maker


def divide(rng):
    a, b = pair(rng, NUMBERS)
    if b.dtype.kind != "f":
        b = np.where(b == 0, b.dtype.type(3), b)
        return case("Div", 14, [a, b], [np.trunc(a / b).astype(a.dtype)])
    return case("Div", 14, [a, b], [a / b])


def modulo(rng):
    a, b = pair(rng, INTS + (np.int8,))
    b = np.where(b == 0, b.dtype.type(3), b)
    if rng.random() < 0.5:
        return case("Mod", 13, [a, b], [np.fmod(a, b)], fmod=1)
    return case("Mod", 13, [a, b], [np.mod(a, b)])


def variadic(op, function):
    def maker(rng):
        shape, dtype = dims(rng), np.float32
        arrays = [fill(rng, broadcastable(rng, shape), dtype) for _ in range(rng.randint(1, 4))]
        result = arrays[0]
        for array in arrays[1:]:
            result = function(result, array)
        if op == "Mean":
            result = result / np.float32(len(arrays))
        return case(op, rng.choice(OPSETS[2:]), arrays, [result])

    return maker


def where(rng):
    shape, dtype = dims(rng), rng.choice(NUMBERS + (np.bool_,))
    condition = fill(rng, broadcastable(rng, shape), np.bool_)
    a, b = (fill(rng, broadcastable(rng, shape), dtype) for _ in range(2))
    return case("Where", 16, [condition, a, b], [np.where(condition, a, b)])


def wrapping(rng):
    big = np.array([2**62, -(2**63), 2**63 - 1, 7], dtype=np.int64)
    op, function = rng.choice((("Mul", np.multiply), ("Add", np.add), ("Sub", np.subtract)))
    a, b = rng.choice(big), rng.choice(big)
    with np.errstate(all="ignore"):
        return case(op, 14, [np.array([a]), np.array([b])], [function([a], [b])])


def unary(op, function, types, low=-20.0, high=20.0):
    def maker(rng):
        x = fill(rng, dims(rng), rng.choice(types))
        x = np.clip(x, x.dtype.type(low), x.dtype.type(high)) if x.dtype.kind == "f" else x
        return case(op, rng.choice(OPSETS[3:]), [x], [function(x).astype(x.dtype)])

    return maker


def cast(rng):
    kinds = (np.float32, np.float64, np.float16, np.int8, np.int32, np.int64, np.bool_, np.uint8)
    source, target = rng.choice(kinds), rng.choice(kinds)
    x = np.abs(fill(rng, dims(rng), source))
    from onnx.mapping import NP_TYPE_TO_TENSOR_TYPE

    to = NP_TYPE_TO_TENSOR_TYPE[np.dtype(target)]
    return case("Cast", rng.choice(OPSETS), [x], [x.astype(target)], to=to)


def clip(rng):
    x = fill(rng, dims(rng), rng.choice((np.float32, np.int64)))
    low = x.dtype.type(-1) if rng.random() < 0.7 else None
    high = x.dtype.type(1) if rng.random() < 0.7 else None
    result = x if low is None and high is None else np.clip(x, low, high)
    bounds = [None if b is None else np.array(b, dtype=x.dtype) for b in (low, high)]
    return case("Clip", 13, [x, *bounds], [result])


def concat(rng):
    shape, axis = dims(rng, rng.randint(1, 4)), None
    axis = rng.randint(-len(shape), len(shape) - 1)
    arrays = []
    for _ in range(rng.randint(1, 4)):
        shape[axis] = rng.randint(0, 3)
        arrays.append(fill(rng, shape, np.int64))
    return case("Concat", 13, arrays, [np.concatenate(arrays, axis)], axis=axis)


def split(rng):
    shape = dims(rng, rng.randint(1, 4))
    axis = rng.randint(-len(shape), len(shape) - 1)
    opset, parts = rng.choice(OPSETS), rng.randint(1, 4)
    sizes = [rng.randint(0, 3) for _ in range(parts)]
    kind = rng.random()
    if kind < 0.3:  # equal parts, from opset 18 on perhaps with a smaller last one
        each = rng.randint(1, 3)
        sizes = [each] * parts
        if opset >= 18 and each > 1 and parts > 1:
            sizes[-1] = rng.randint(0, each)
    shape[axis] = sum(sizes)
    x = fill(rng, shape)
    outputs = np.split(x, np.cumsum(sizes)[:-1], axis)
    if kind < 0.3:
        more = {"num_outputs": parts} if opset >= 18 else {}
        return case("Split", opset, [x], outputs, axis=axis, **more)
    if opset < 13:
        return case("Split", opset, [x], outputs, axis=axis, split=sizes)
    return case("Split", opset, [x, list_of(sizes)], outputs, axis=axis)


def slices(rng):
    shape = dims(rng, rng.randint(1, 4), most=6, least=0)
    axes = shuffled(rng, len(shape), rng.randint(1, len(shape)))
    far = (2**63 - 1, -(2**63), 2**31, -(2**31))
    starts, ends, steps, index = [], [], [], [slice(None)] * len(shape)
    for axis in axes:
        step = rng.choice((1, 1, 2, 3, -1, -1, -2, 2**62, -(2**63)))
        start, end = (rng.choice(far) if rng.random() < 0.2 else rng.randint(-8, 8) for _ in "ab")
        starts.append(start), ends.append(end), steps.append(step)
        # from its beginning to before the first element NumPy cannot say as a negative end
        size = shape[axis]
        stop = None if step < 0 and end < -size else end
        index[axis] = slice(start, stop, step)
    x = fill(rng, shape, np.int64)
    lists = [list_of(starts), list_of(ends), list_of(axes), list_of(steps)]
    return case("Slice", rng.choice(OPSETS), [x, *lists], [x[tuple(index)]])


def pad(rng):
    shape = dims(rng, rng.randint(1, 4))
    x, value = fill(rng, shape), np.float32(rng.randint(-3, 3))
    opset = rng.choice(OPSETS)
    axes = list(range(len(shape)))
    if opset >= 18 and rng.random() < 0.5:
        axes = shuffled(rng, len(shape), rng.randint(1, len(shape)))
    before = [rng.randint(-1, 2) for _ in axes]
    after = [rng.randint(-1 if b >= 0 or shape[a] > 1 else 0, 2) for a, b in zip(axes, before)]
    widths, keep = [(0, 0)] * len(shape), [slice(None)] * len(shape)
    for a, b, e in zip(axes, before, after):
        widths[a] = (max(b, 0), max(e, 0))
        keep[a] = slice(max(-b, 0), shape[a] - max(-e, 0))
    y = np.pad(x[tuple(keep)], widths, constant_values=value)
    inputs = [x, list_of(before + after), np.array(value)]
    if opset >= 18 and axes != list(range(len(shape))):
        inputs.append(list_of(axes))
    return case("Pad", opset, inputs, [y])


def transpose(rng):
    x = fill(rng, dims(rng), rng.choice(NUMBERS))
    order = rng.sample(range(x.ndim), x.ndim)
    if rng.random() < 0.2 or x.ndim == 0:
        return case("Transpose", 13, [x], [x.T])
    return case("Transpose", 13, [x], [np.transpose(x, order)], perm=order)


def reshape(rng):
    x = fill(rng, dims(rng), rng.choice(NUMBERS))
    shape = list(x.shape)
    if len(shape) > 1 and rng.random() < 0.5:  # the last two in one
        shape[-2:] = [shape[-2] * shape[-1]]
    target = [0 if i < x.ndim and d == x.shape[i] and rng.random() < 0.3 else d
              for i, d in enumerate(shape)]
    if target and rng.random() < 0.5:
        target[rng.randrange(len(target))] = -1
    return case("Reshape", rng.choice(OPSETS), [x, list_of(target)], [x.reshape(shape)])


def expand(rng):
    shape = dims(rng)
    x = fill(rng, broadcastable(rng, shape))
    target = broadcastable(rng, shape)
    y = np.broadcast_to(x, np.broadcast_shapes(x.shape, tuple(target)))
    return case("Expand", 13, [x, list_of(target)], [y])


def tile(rng):
    x = fill(rng, dims(rng, rng.randint(1, 4)))
    repeats = [rng.randint(0, 3) for _ in x.shape]
    return case("Tile", 13, [x, list_of(repeats)], [np.tile(x, repeats)])


def squeeze(rng):
    shape = [1 if rng.random() < 0.5 else 2 for _ in range(rng.randint(1, 4))]
    x, opset = fill(rng, shape), rng.choice(OPSETS)
    axes = [i - rng.choice((0, len(shape))) for i, d in enumerate(shape) if d == 1]
    axes = rng.sample(axes, rng.randint(0, len(axes)))
    if not axes:
        return case("Squeeze", opset, [x], [np.squeeze(x)])
    y = np.squeeze(x, tuple(axes))
    if opset < 13:
        return case("Squeeze", opset, [x], [y], axes=axes)
    return case("Squeeze", opset, [x, list_of(axes)], [y])


def unsqueeze(rng):
    x, opset = fill(rng, dims(rng)), rng.choice(OPSETS)
    rank = x.ndim + rng.randint(1, 3)
    axes = shuffled(rng, rank, rank - x.ndim)
    y = np.expand_dims(x, tuple(axes))
    if opset < 13:
        return case("Unsqueeze", opset, [x], [y], axes=axes)
    return case("Unsqueeze", opset, [x, list_of(axes)], [y])


def flatten(rng):
    x = fill(rng, dims(rng))
    axis = rng.randint(-x.ndim, x.ndim)
    front = int(np.prod(x.shape[: axis if axis >= 0 else x.ndim + axis]))
    return case("Flatten", 13, [x], [x.reshape(front, -1)], axis=axis)


def gather(rng):
    x = fill(rng, dims(rng, rng.randint(1, 3)))
    axis = rng.randint(-x.ndim, x.ndim - 1)
    size = x.shape[axis]
    indices = np.random.randint(-size, size, dims(rng, rng.randint(0, 2), least=0))
    indices = np.asarray(indices).astype(rng.choice(INTS))
    return case("Gather", 13, [x, indices], [np.take(x, indices, axis)], axis=axis)


def gather_elements(rng):
    x = fill(rng, dims(rng, rng.randint(1, 3)))
    axis = rng.randint(-x.ndim, x.ndim - 1)
    shape = list(x.shape)
    shape[axis] = rng.randint(1, 5)
    indices = list_of(np.random.randint(-x.shape[axis], x.shape[axis], shape))
    y = np.take_along_axis(x, indices, axis)
    return case("GatherElements", 13, [x, indices], [y], axis=axis)


def tuples(x, batch, rng):
    """Random places in x, past its first dims."""
    length = rng.randint(1, x.ndim - batch)
    outer = list(x.shape[:batch]) + dims(rng, rng.randint(1, 2))
    sizes = x.shape[batch : batch + length]
    places = [np.random.randint(-s, s, outer) for s in sizes]
    return list_of(np.stack(places, -1))


def gather_nd(rng):
    x = fill(rng, dims(rng, rng.randint(1, 4)))
    batch = rng.randint(0, x.ndim - 1)
    indices = tuples(x, batch, rng)
    places = np.ndindex(indices.shape[:-1])
    y = [x[tuple(place[:batch]) + tuple(indices[place])] for place in places]
    y = np.array(y).reshape(indices.shape[:-1] + x.shape[batch + indices.shape[-1] :])
    return case("GatherND", 13, [x, indices], [y], batch_dims=batch)


def scatter_nd(rng):
    x = fill(rng, dims(rng, rng.randint(1, 4)))
    indices, y = tuples(x, 0, rng), x.copy()
    updates = fill(rng, indices.shape[:-1] + x.shape[indices.shape[-1] :])
    for place in np.ndindex(indices.shape[:-1]):
        y[tuple(indices[place])] = updates[place]
    return case("ScatterND", 16, [x, indices, updates], [y])


def scatter_elements(rng):
    x = fill(rng, dims(rng, rng.randint(1, 3)))
    axis = rng.randint(-x.ndim, x.ndim - 1)
    indices = list_of(np.argsort(np.random.rand(*x.shape), axis))
    indices = np.where(np.random.rand(*x.shape) < 0.3, indices - x.shape[axis], indices)
    updates, y = fill(rng, x.shape), x.copy()
    np.put_along_axis(y, indices, updates, axis)
    return case("ScatterElements", 16, [x, indices, updates], [y], axis=axis)


def reduction(op, function, types, moved):
    """`moved`: the opset from which on axes are an input."""

    def maker(rng):
        x, opset = fill(rng, dims(rng), rng.choice(types)), rng.choice(OPSETS)
        axes = shuffled(rng, x.ndim, rng.randint(0, x.ndim))
        keep = rng.choice((None, 0, 1))
        attributes = {} if keep is None else {"keepdims": keep}
        inputs, over = [x], tuple(axes) if axes else None
        if not axes and opset >= moved and rng.random() < 0.5:
            attributes["noop_with_empty_axes"] = 1
            over = ()
        if axes and opset < moved:
            attributes["axes"] = axes
        elif axes:
            inputs.append(list_of(axes))
        y = function(x, axis=over, keepdims=keep != 0).astype(x.dtype)
        return case(op, opset, inputs, [y], **attributes)

    return maker


def l2(x, axis, keepdims):
    return np.sqrt(np.sum(x * x, axis=axis, keepdims=keepdims))


def cumsum(rng):
    x = fill(rng, dims(rng, rng.randint(1, 3)), rng.choice(NUMBERS))
    axis = rng.randint(-x.ndim, x.ndim - 1)
    exclusive, reverse = rng.randint(0, 1), rng.randint(0, 1)
    y = np.flip(x, axis) if reverse else x
    y = np.cumsum(y, axis, dtype=x.dtype) - (y if exclusive else 0)
    y = (np.flip(y, axis) if reverse else y).astype(x.dtype)
    inputs = [x, np.array(axis, dtype=rng.choice(INTS))]
    # what is not kept apart is rounded otherwise
    if x.dtype == np.float32:
        x, y = np.round(x * 64) / 64, None
        y = np.flip(x, axis) if reverse else x
        y = np.cumsum(y, axis, dtype=x.dtype) - (y if exclusive else 0)
        y = np.flip(y, axis) if reverse else y
        inputs[0] = x
    return case("CumSum", 14, inputs, [y], exclusive=exclusive, reverse=reverse)


def counting(rng):
    dtype = rng.choice(INTS)
    start, limit = rng.randint(-20, 20), rng.randint(-20, 20)
    delta = rng.choice((-7, -3, -1, 1, 2, 5))
    inputs = [np.array(v, dtype=dtype) for v in (start, limit, delta)]
    return case("Range", 11, inputs, [np.arange(start, limit, delta, dtype)], fed=False)


def one_hot(rng):
    depth, shape = rng.randint(1, 5), dims(rng, rng.randint(0, 2))
    indices = list_of(np.random.randint(-depth - 1, depth + 1, shape))
    values = np.array([2, 5], dtype=np.float32)
    axis = rng.randint(-len(shape) - 1, len(shape))
    wrapped = np.where(indices < 0, indices + depth, indices)
    valid = (indices >= -depth) & (indices < depth)
    hot = (wrapped[..., None] == np.arange(depth)) & valid[..., None]
    y = np.moveaxis(np.where(hot, values[1], values[0]), -1, axis)
    return case("OneHot", 11, [indices, np.array(depth), values], [y], axis=axis)


def trilu(rng):
    x = fill(rng, dims(rng, rng.randint(2, 4), least=0), rng.choice(NUMBERS))
    k, upper = rng.randint(-4, 4), rng.randint(0, 1)
    y = np.triu(x, k) if upper else np.tril(x, k)
    return case("Trilu", 14, [x, np.array(k)], [y.reshape(x.shape)], upper=upper)


def eye_like(rng):
    x, k = fill(rng, dims(rng, 2)), rng.randint(-3, 3)
    return case("EyeLike", 11, [x], [np.eye(*x.shape, k, dtype=np.int64)], False, k=k, dtype=7)


def non_zero(rng):
    x = fill(rng, dims(rng, rng.randint(1, 3)), np.bool_)
    return case("NonZero", 13, [x], [np.array(np.nonzero(x))], fed=False)


def matmul(rng):
    m, k, n = dims(rng, 3)
    stack = dims(rng, rng.randint(0, 2))
    a, b = broadcastable(rng, stack) + [m, k], broadcastable(rng, stack) + [k, n]
    a = [k] if rng.random() < 0.2 else a
    b = [k] if rng.random() < 0.2 else b
    a, b = (np.round(fill(rng, s) * 8) / 8 for s in (a, b))
    return case("MatMul", 13, [a, b], [np.matmul(a, b)])


def shape_of(rng):
    x = fill(rng, dims(rng, rng.randint(0, 4), least=0))
    start, end = rng.randint(-6, 6), rng.choice((None, rng.randint(-6, 6)))
    more = {} if end is None else {"end": end}
    low = max(0, min(x.ndim, start + x.ndim if start < 0 else start))
    high = x.ndim if end is None else max(0, min(x.ndim, end + x.ndim if end < 0 else end))
    y = list_of(x.shape[low:high])
    return case("Shape", rng.choice(OPSETS[4:]), [x], [y], fed=False, start=start, **more)


def dequantize(rng):
    x = fill(rng, dims(rng, rng.randint(1, 4)), np.int8)
    axis = rng.randint(-x.ndim, x.ndim - 1)
    each = rng.random() < 0.6
    shape = [x.shape[axis]] if each else []
    scale = np.abs(fill(rng, shape)) + np.float32(0.1)
    zero = fill(rng, shape, np.int8) if rng.random() < 0.6 else None
    wide = [-1 if i == axis % x.ndim else 1 for i in range(x.ndim)] if each else []
    centred = x.astype(np.float32) - (0 if zero is None else zero.astype(np.float32).reshape(wide))
    y = (centred * scale.reshape(wide)).astype(np.float32)
    return case("DequantizeLinear", 13, [x, scale, zero], [y], axis=axis)


FLOATS = (np.float32, np.float64)
MAKERS = {
    "Add": binary("Add", np.add, NUMBERS),
    "Sub": binary("Sub", np.subtract, NUMBERS),
    "Mul": binary("Mul", np.multiply, NUMBERS),
    "Div": divide,
    "Mod": modulo,
    "wrapping": wrapping,
    "Equal": binary("Equal", np.equal, NUMBERS),
    "Less": binary("Less", np.less, NUMBERS),
    "Greater": binary("Greater", np.greater, NUMBERS),
    "LessOrEqual": binary("LessOrEqual", np.less_equal, NUMBERS),
    "GreaterOrEqual": binary("GreaterOrEqual", np.greater_equal, NUMBERS),
    "And": binary("And", np.logical_and, (np.bool_,)),
    "Or": binary("Or", np.logical_or, (np.bool_,)),
    "Xor": binary("Xor", np.logical_xor, (np.bool_,)),
    "Min": variadic("Min", np.minimum),
    "Max": variadic("Max", np.maximum),
    "Sum": variadic("Sum", np.add),
    "Mean": variadic("Mean", np.add),
    "Where": where,
    "Neg": unary("Neg", np.negative, NUMBERS),
    "Abs": unary("Abs", np.abs, NUMBERS),
    "Sqrt": unary("Sqrt", lambda x: np.sqrt(x), FLOATS, low=0.0),
    "Floor": unary("Floor", np.floor, FLOATS),
    "Ceil": unary("Ceil", np.ceil, FLOATS),
    "Round": unary("Round", np.round, FLOATS),
    "Exp": unary("Exp", np.exp, FLOATS, high=10.0),
    "Cast": cast,
    "Clip": clip,
    "Concat": concat,
    "Split": split,
    "Slice": slices,
    "Pad": pad,
    "Transpose": transpose,
    "Reshape": reshape,
    "Expand": expand,
    "Tile": tile,
    "Squeeze": squeeze,
    "Unsqueeze": unsqueeze,
    "Flatten": flatten,
    "Gather": gather,
    "GatherElements": gather_elements,
    "GatherND": gather_nd,
    "ScatterND": scatter_nd,
    "ScatterElements": scatter_elements,
    "ReduceSum": reduction("ReduceSum", np.sum, (np.float32, np.int64), 13),
    "ReduceMean": reduction("ReduceMean", np.mean, (np.float32,), 18),
    "ReduceMax": reduction("ReduceMax", np.max, NUMBERS, 18),
    "ReduceMin": reduction("ReduceMin", np.min, NUMBERS, 18),
    "ReduceProd": reduction("ReduceProd", np.prod, (np.float64, np.int64), 18),
    "ReduceL2": reduction("ReduceL2", l2, (np.float32,), 18),
    "CumSum": cumsum,
    "Range": counting,
    "OneHot": one_hot,
    "Trilu": trilu,
    "EyeLike": eye_like,
    "NonZero": non_zero,
    "MatMul": matmul,
    "Shape": shape_of,
    "DequantizeLinear": dequantize,
}
