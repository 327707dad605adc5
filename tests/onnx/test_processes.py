#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Networks of PyTorch over several processes: 'hidp run' leads, 'hidp node' follows.

    test_processes.py HIDP             three small ones
    test_processes.py HIDP FOLDER...   networks as export.py has written them, one folder each
"""

import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))

import export  # ends the test where PyTorch is missing
from machines import Machines, end_with_signals, skip_without

import numpy as np

HIDP = ""


class Processes(unittest.TestCase):
    def run_network(self, name, *more, options=(), least=2, **how):
        with tempfile.TemporaryDirectory(prefix="hidp-onnx-") as folder:
            export.export(name, True, folder)
            self.run_folder(name, folder, ["--check", *more], options, least, how)

    def run_folder(self, name, folder, more, options, least, how):
        with open(os.path.join(folder, "index.txt"), encoding="utf-8") as index:
            lines = [line.split() for line in index]
        arguments, results, bar = ["--table", *more], {}, 1e-4
        for kind, *words in lines:
            if kind == "input":
                arguments += ["--input", f"{words[0]}={folder}/{words[1]}"]
            elif kind == "output":
                results[words[0]] = f"{words[0]}.out.npy"
            elif kind == "bar":
                bar = float(words[0])
        with Machines(HIDP, "abc", model=f"{folder}/model.onnx", options=options, **how) as machines:
            for output, made in results.items():
                arguments += ["--output", f"{output}={machines.folder}/{made}"]
            machines.start_all()
            leader = machines.lead(*arguments)
            said = lambda: machines.lead_output() + machines.lead_said()
            self.assertEqual(leader.wait(300), 0, said())
            used = machines.nodes_used()
            self.assertGreaterEqual(used, least, said())
            for other in machines.names[1:]:
                self.assertEqual(machines.end(other), 0)
            for output, made in results.items():
                want = np.load(f"{folder}/{output}.npy")
                got = np.load(f"{machines.folder}/{made}")
                self.assertEqual((got.shape, got.dtype), (want.shape, want.dtype))
                error = np.abs(got - want).max() / np.abs(want).max()
                print(f"{name}: {output} over {used} processes is off by {error:.1e} of the largest")
                self.assertLess(error, bar)

    def test_image(self):
        """The best kernels that there are."""
        self.run_network("mobilenet_v2", kernels=None, flops=3e8)

    def test_sequence(self):
        """Tokens are divided as rows."""
        self.run_network("bert_base_embedded", flops=2e6)

    def test_tokens(self):
        """Whole numbers go to other nodes by rows, and two outputs come back from there."""
        options = ["--dim", "tokens=12"]
        self.run_network("bert_base", "--exclude", "a", options=options, least=2, flops=2e6)


def given_folder(folder):
    """A slow cluster, so that even networks of few operations are divided."""

    def test(self):
        with open(os.path.join(folder, "index.txt"), encoding="utf-8") as index:
            dims = [line.split()[1:] for line in index if line.startswith("dim ")]
        options = [word for name, size in dims for word in ("--dim", f"{name}={size}")]
        name = os.path.basename(os.path.abspath(folder))
        self.run_folder(name, folder, [], options, 2, {"kernels": None, "flops": 1e8})

    return test


class Given(Processes):
    test_image = test_sequence = test_tokens = None


def main():
    global HIDP
    HIDP, *folders = sys.argv[1:]
    for number, folder in enumerate(folders):
        setattr(Given, f"test_{number:03}", given_folder(folder))
    end_with_signals()
    skip_without(HIDP)
    tests = ["Given" if folders else "Processes"]
    unittest.main(argv=sys.argv[:1], defaultTest=tests, verbosity=2)


if __name__ == "__main__":
    main()
