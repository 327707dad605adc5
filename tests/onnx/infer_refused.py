# SPDX-License-Identifier: MIT
"""Single nodes that make no sense, and a part of what is said of them."""

import collections

import numpy as np

from infer_cases import list_of

Refused = collections.namedtuple("Refused", "op opset inputs attributes outputs fed wrong")


def ones(*shape, dtype=np.float32):
    return np.ones(shape, dtype=dtype)


def bad(wrong, op, inputs, outputs=1, opset=17, fed=True, **attributes):
    return Refused(op, opset, inputs, attributes, [ones()] * outputs, fed, wrong)


X = ones(1, 4, 6, 6)
REFUSED = [
    bad("do not match: 2x3 and 2x4", "Add", [ones(2, 3), ones(2, 4)]),
    bad("types 1 and 7", "Mul", [ones(2), list_of([1, 2])]),
    bad("an input of 1x4x6x6 does not match weights of 8x3x3x3 in 1 groups",
        "Conv", [X, ones(8, 3, 3, 3)]),
    bad("in 3 groups", "Conv", [X, ones(9, 1, 3, 3)], group=3),
    bad("the bias is of size 7", "Conv", [X, ones(8, 4, 3, 3), ones(7)]),
    bad("a window of 9 does not fit into 6 elements", "Conv", [X, ones(8, 4, 9, 9)], pads=[1] * 4),
    bad("attribute strides has a value of 0", "Conv", [X, ones(8, 4, 3, 3)], strides=[0, 1]),
    bad("attribute pads has 3 numbers, should have 4", "Conv", [X, ones(8, 4, 3, 3)], pads=[1] * 3),
    bad("attribute pads has a value of -1",
        "MaxPool", [X], kernel_shape=[3, 3], pads=[-1, 0, 0, 0]),
    bad("kernel_shape says 5 along axis 2, the weights 3",
        "Conv", [X, ones(8, 4, 3, 3)], kernel_shape=[5, 3]),
    bad("kernel_shape is missing", "AveragePool", [X]),
    bad('auto_pad is "SAME"', "MaxPool", [X], kernel_shape=[3, 3], auto_pad="SAME"),
    bad("nothing would be left", "ConvTranspose", [X, ones(4, 2, 1, 1)], pads=[3] * 4),
    bad("inputs 0 and 1 do not match: 2x3 and 2x3", "MatMul", [ones(2, 3), ones(2, 3)]),
    bad("do not match", "Gemm", [ones(2, 3), ones(2, 3)]),
    bad("C of size 3x1 does not match", "Gemm", [ones(2, 3), ones(3, 4), ones(3, 1)]),
    bad("cannot be given the shape 5x?", "Reshape", [ones(2, 3), list_of([5, -1])]),
    bad("the shape has -2 as dimension 0", "Reshape", [ones(2, 3), list_of([-2, 3])]),
    bad("for the second time", "Reshape", [ones(2, 3), list_of([-1, -1])]),
    bad("is too large", "Reshape", [ones(2, 3), list_of([2**31 - 1] * 4)]),
    bad("which is too large", "Expand", [ones(1), list_of([2**40])], fed=False),
    bad("which is too large", "Expand", [ones(1), list_of([2**30] * 3)]),
    bad("cannot be expanded to 2x4", "Expand", [ones(2, 3), list_of([2, 4])]),
    bad("is repeated -1 times", "Tile", [ones(2), list_of([-1])]),
    bad("axis 4 is none of a tensor of 4 dimensions", "Concat", [X, X], axis=4),
    bad("axis is missing", "Concat", [X, X]),
    bad("perm is no permutation", "Transpose", [ones(2, 3)], perm=[0, 0]),
    bad("perm has 3 numbers", "Transpose", [ones(2, 3)], perm=[0, 1, 2]),
    bad("dimension 0 is 2, not 1", "Squeeze", [ones(2, 3), list_of([0])]),
    bad("axis 1 is named twice", "Unsqueeze", [ones(2, 3), list_of([1, -3])]),
    bad("cannot be split into 2 equal parts", "Split", [ones(3, 2)], 2),
    bad("is split into 3 parts, but has 2 outputs", "Split", [ones(3, 2), list_of([1, 1, 1])], 2),
    bad("the parts are 2 of 3 elements", "Split", [ones(3, 2), list_of([1, 1])], 2),
    bad("a step along axis 0 is 0", "Slice",
        [ones(3), list_of([0]), list_of([2]), list_of([0]), list_of([0])]),
    bad("1 starts, 2 ends", "Slice", [ones(3), list_of([0]), list_of([2, 2])]),
    bad("leave nothing of 2 elements", "Pad", [ones(2), list_of([-2, -2])]),
    bad("index 3 lies outside", "Gather", [ones(3), list_of([3])], fed=False),
    bad("divides a whole number by 0", "Div", [list_of([1]), list_of([0])], fed=False),
    bad("the step is 0", "Range", [list_of(0), list_of(5), list_of(0)], fed=False),
    bad("asks for 4 of 3 elements", "TopK", [ones(3), list_of([4])], 2),
    bad("4 channels make no blocks", "DepthToSpace", [X], blocksize=3),
    bad("there are 4 channels", "BatchNormalization", [X] + [ones(3)] * 4),
    bad("cannot be parted into 3 groups",
        "GroupNormalization", [X, ones(3), ones(3)], opset=18, num_groups=3),
    bad("either scales or sizes", "Resize", [X, None, None, None]),
    bad("keep_aspect_ratio_policy is not_larger", "Resize",
        [X, None, None, list_of([1, 4, 9, 8])], opset=18, keep_aspect_ratio_policy="not_larger"),
    bad("does not match the inputs", "Einsum", [ones(2, 3), ones(4, 5)], equation="ij,jk->ik"),
    bad("input 1 is missing", "Conv", [X]),
    bad("at most 1 make sense", "Relu", [X, X]),
    bad("the op is not one that is known", "Wavelet", [X]),
    bad("the condition is of type 1, not bool", "Where", [ones(2), ones(2), ones(2)]),
]
