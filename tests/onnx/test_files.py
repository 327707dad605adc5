#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""ONNX files on the command line of `hidp`.

    test_files.py HIDP WITH_NODES(0|1)
"""

import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

try:
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper
except ImportError as error:
    print(f"skipped: {error}; Debian has python3-onnx")
    sys.exit(77)

HIDP, WITH_NODES = "", True


def value(name, dims, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, dims)


def model(nodes, inputs, outputs, constants=()):
    tensors = [numpy_helper.from_array(array, name) for name, array in dict(constants).items()]
    graph = helper.make_graph(nodes, "tiny", inputs, outputs, tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)


def numbers(*shape):
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(np.float32)


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def hidp(self, *arguments):
        return subprocess.run(
            [HIDP, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False
        )

    def good(self, *arguments):
        done = self.hidp(*arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        return done.stdout

    def fails(self, code, *arguments):
        done = self.hidp(*arguments)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertTrue(done.stderr.startswith("hidp"), done.stderr)
        return done.stderr

    def save(self, name, content):
        path = self.folder / name
        if isinstance(content, np.ndarray):
            np.save(path, content)
        else:
            onnx.save(content, str(path))
        return path

    def image_model(self, batch="n"):
        """A convolution of 3 to 4 channels; and the same in NumPy."""
        kernel, bias = numbers(4, 3, 1, 1), numbers(4)
        self.convolve = lambda x: np.einsum("nchw,oc->nohw", x, kernel[:, :, 0, 0]) + bias[
            None, :, None, None
        ]
        return model(
            [helper.make_node("Conv", ["image", "kernel", "bias"], ["maps"], name="stem")],
            [value("image", [batch, 3, 5, 6])],
            [value("maps", [batch, 4, 5, 6])],
            {"kernel": kernel, "bias": bias},
        )

    def token_model(self):
        """Two inputs of whole numbers, two outputs; and the same in NumPy."""
        table = numbers(11, 8)
        self.look_up = lambda ids, mask: table[ids] * mask[:, :, None].astype(np.float32)
        return model(
            [
                helper.make_node("Gather", ["table", "ids"], ["words"]),
                helper.make_node("Cast", ["mask"], ["ones"], to=TensorProto.FLOAT),
                helper.make_node("Unsqueeze", ["ones", "axis"], ["column"]),
                helper.make_node("Mul", ["words", "column"], ["masked"]),
                helper.make_node("Relu", ["masked"], ["positive"]),
            ],
            [value("ids", ["n", "l"], TensorProto.INT64), value("mask", ["n", "l"], TensorProto.BOOL)],
            [value("masked", ["n", "l", 8]), value("positive", ["n", "l", 8])],
            {"table": table, "axis": np.array([2])},
        )


class Models(Case):
    def test_inspect(self):
        path = self.save("m.onnx", self.image_model())
        text = self.good("inspect", path)
        self.assertIn("input   image  1 x 3 x 5 x 6  float32\n", text)
        self.assertIn("output  maps  1 x 4 x 5 x 6  float32\n", text)
        self.assertRegex(text, r"(?m)^ +1  stem +conv +4 x 5 x 6 +360 +64B  same$")
        self.assertIn("input   image  7 x 3 x 5 x 6", self.good("inspect", path, "--batch", 7))
        self.assertIn("input   image  7 x 3 x 5 x 6", self.good("inspect", path, "--dim", "n=7"))
        self.assertIn("  7 x 3 x 5 x 6", self.good("inspect", path, "--dim", "image:0=7"))

    def test_tokens(self):
        path = self.save("m.onnx", self.token_model())
        self.assertIn("l", self.fails(1, "inspect", path))
        text = self.good("inspect", path, "--dim", "l=9", "--batch", 2)
        self.assertIn("input   ids  2 x 9  int64\n", text)
        self.assertIn("input   mask  2 x 9  bool\n", text)
        self.assertIn("output  positive  2 x 9 x 8  float32\n", text)

    def test_by_content(self):
        path = self.save("model.bin", self.image_model())
        self.assertIn("1 of 1 node", self.good("plan", path, "cpu:1"))

    def test_commands(self):
        path = self.save("m.onnx", self.image_model())
        self.assertIn("4 x 5 x 6", self.good("models", path))
        self.assertIn("2 layers", self.good("plan", path, "cpu:1; cpu:1 | lan 1G 1us"))
        self.good("profile", path, "--cluster", "cpu:1", "--rounds", 1)

    def test_mistakes(self):
        path = self.save("m.onnx", self.image_model())
        for option in ("--image=5", "--tokens=5", "--dtype=fp16"):
            message = self.fails(1, "plan", path, "cpu:1", option)
            self.assertIn("are for networks of the zoo", message)
        self.assertIn("no dimension k", self.fails(1, "inspect", path, "--dim", "k=3"))
        fixed = self.save("f.onnx", self.image_model(1))
        message = self.fails(1, "inspect", fixed, "--batch", 3)
        self.assertIn("leaves no first dimension of an input open", message)
        damaged = self.folder / "d.onnx"
        damaged.write_bytes(path.read_bytes()[:-20])
        self.assertIn("d.onnx: ", self.fails(1, "inspect", damaged))
        (self.folder / "e.onnx").write_bytes(b"{}")
        self.assertIn("e.onnx: ", self.fails(1, "inspect", self.folder / "e.onnx"))
        constant = model(
            [helper.make_node("Relu", ["c"], ["y"])], [], [value("y", [2])], {"c": numbers(2)}
        )
        message = self.fails(1, "inspect", self.save("c.onnx", constant))
        self.assertIn("its outputs are constant", message)

    def test_unknown_op(self):
        """It can be planned, and is refused where it would have to run."""
        unknown = model(
            [helper.make_node("Whatever", ["x"], ["y"], name="odd", domain="some.where"),
             helper.make_node("Relu", ["y"], ["z"])],
            [value("x", [1, 4, 4, 4])], [value("z", [1, 4, 4, 4])],
        )  # fmt: skip
        unknown.graph.value_info.append(value("y", [1, 4, 4, 4]))
        unknown.opset_import.append(helper.make_opsetid("some.where", 1))
        path = self.save("m.onnx", unknown)
        self.assertIn("custom", self.good("inspect", path))
        self.good("plan", path, "cpu:1,cpu:1")
        if WITH_NODES:
            message = self.fails(1, "run", path, "cpu:1", "--unpinned")
            self.assertIn("odd", message)
            self.assertIn("Whatever", message)


class Run(Case):
    def setUp(self):
        super().setUp()
        if not WITH_NODES:
            self.skipTest("hidp run was not built")

    def run_model(self, path, *more):
        return self.good("run", path, "cpu:1,cpu:1", "--unpinned", "--check", *more)

    def test_image(self):
        """In the file's own order of axes, with the file's weights."""
        path, out = self.save("m.onnx", self.image_model()), self.folder / "y.npy"
        x = numbers(2, 3, 5, 6)
        given = self.save("x.npy", x)
        self.run_model(path, "--batch", 2, "--input", given, "--output", f"maps={out}")
        y = np.load(out)
        self.assertEqual((y.shape, y.dtype), ((2, 4, 5, 6), np.float32))
        np.testing.assert_allclose(y, self.convolve(x), rtol=1e-4, atol=1e-5)
        # elements alone are the same
        raw = self.folder / "x.raw"
        raw.write_bytes(x.tobytes())
        self.run_model(path, "--batch", 2, "--input", f"image={raw}", "--output", out)
        np.testing.assert_array_equal(np.load(out), y)

    def test_this_machine(self):
        """Without a cluster it is computed here, as the manual says."""
        path, out = self.save("m.onnx", self.image_model()), self.folder / "y.npy"
        x = numbers(1, 3, 5, 6)
        given = self.save("x.npy", x)
        arguments = ("run", path, "--input", given, "--output", f"maps={out}")
        done = subprocess.run([HIDP, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False)
        if "(hwloc): give a cluster" in done.stderr:
            self.skipTest("hidp was built without hwloc")
        self.assertEqual(done.returncode, 0, done.stderr)
        np.testing.assert_allclose(np.load(out), self.convolve(x), rtol=1e-4, atol=1e-5)
        self.assertIn("--peers wants a cluster", self.fails(2, "run", path, "--peers", "x"))

    def test_tokens(self):
        path = self.save("m.onnx", self.token_model())
        sizes = ("--dim", "l=9")
        ids = np.arange(9).reshape(1, 9) % 11
        mask = (ids % 3 != 0).reshape(1, 9)
        outs = {name: self.folder / f"{name}.npy" for name in ("masked", "positive")}
        want = self.look_up(ids, mask)
        for kind in (np.int64, np.int32, np.float32, np.float64, np.uint8):
            arguments = [f"--input=mask={self.save('mask.npy', mask)}",
                         f"--input=ids={self.save('ids.npy', ids.astype(kind))}"]  # fmt: skip
            arguments += [f"--output={name}={out}" for name, out in outs.items()]
            self.run_model(path, *sizes, *arguments)
            np.testing.assert_array_equal(np.load(outs["masked"]), want)
            np.testing.assert_array_equal(np.load(outs["positive"]), np.maximum(want, 0))
        # raw elements are of the type that the file states
        (self.folder / "ids.raw").write_bytes(ids.astype(np.int64).tobytes())
        (self.folder / "mask.raw").write_bytes(mask.tobytes())
        self.run_model(path, *sizes, "--input", self.folder / "ids.raw", "--input",
                       self.folder / "mask.raw", f"--output=masked={outs['masked']}")  # fmt: skip
        np.testing.assert_array_equal(np.load(outs["masked"]), want)
        # without inputs there are random ones that make sense
        self.run_model(path, *sizes)

    def test_bad_inputs(self):
        path = self.save("m.onnx", self.image_model())
        for array, message in (
            (numbers(1, 5, 6, 3), "shape is (1, 5, 6, 3), but input image is (1, 3, 5, 6)"),
            (numbers(2, 3, 5, 6), "shape is (2, 3, 5, 6), but input image is (1, 3, 5, 6)"),
            (np.asfortranarray(numbers(1, 3, 5, 6)), "Fortran's order"),
            (numbers(1, 3, 5, 6).astype(">f4"), "big-endian (>f4)"),
            (numbers(1, 3, 5, 6).astype(np.complex64), "type <c8 are not understood"),
        ):
            given = self.save("x.npy", array)
            self.assertIn(message, self.fails(1, "run", path, "cpu:1", "--input", given))
        tokens = self.save("t.onnx", self.token_model())
        message = self.fails(1, "run", tokens, "cpu:1", "--dim", "l=9", "--input", "idz=x")
        self.assertIn("the model has no such input; it has ids, mask", message)

    def test_seed_changes_nothing(self):
        """The weights are the file's."""
        path = self.save("m.onnx", self.image_model())
        digests = {
            re.search(r"digest (\w+)", self.run_model(path, "--seed", seed))[1] for seed in (1, 2)
        }
        self.assertEqual(len(digests), 1)


def main():
    global HIDP, WITH_NODES
    HIDP, WITH_NODES = sys.argv[1], sys.argv[2] == "1"
    unittest.main(argv=sys.argv[:1], verbosity=2)


if __name__ == "__main__":
    main()
