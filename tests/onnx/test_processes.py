#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Networks of PyTorch over several processes: 'hidp run' leads, 'hidp node' follows.

    test_processes.py HIDP
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
            self.run_in(folder, name, more, options, least, how)

    def run_in(self, folder, name, more, options, least, how):
        export.export(name, True, folder)
        with open(os.path.join(folder, "index.txt"), encoding="utf-8") as index:
            lines = [line.split() for line in index]
        arguments, results = ["--check", "--table", *more], {}
        for kind, *words in lines:
            if kind == "input":
                arguments += ["--input", f"{words[0]}={folder}/{words[1]}"]
            elif kind == "output":
                results[words[0]] = f"{folder}/{words[0]}.out.npy"
                arguments += ["--output", f"{words[0]}={results[words[0]]}"]
        with Machines(HIDP, "abc", model=f"{folder}/model.onnx", options=options, **how) as machines:
            machines.start_all()
            leader = machines.lead(*arguments)
            said = lambda: machines.lead_output() + machines.lead_said()
            self.assertEqual(leader.wait(300), 0, said())
            self.assertGreaterEqual(machines.nodes_used(), least, said())
            for other in machines.names[1:]:
                self.assertEqual(machines.end(other), 0)
        for output, path in results.items():
            want, got = np.load(f"{folder}/{output}.npy"), np.load(path)
            self.assertEqual((got.shape, got.dtype), (want.shape, want.dtype))
            error = np.abs(got - want).max() / np.abs(want).max()
            print(f"{name}: {output} over processes is off by {error:.1e} of the largest")
            self.assertLess(error, 1e-4)

    def test_image(self):
        """The best kernels that there are."""
        self.run_network("mobilenet_v2", kernels=None, flops=3e8)

    def test_sequence(self):
        """Tokens are divided as rows."""
        self.run_network("bert_base_embedded", flops=2e6)

    def test_tokens(self):
        """Whole numbers go to another node, and two outputs come back from there."""
        options = ["--dim", "tokens=12"]
        self.run_network("bert_base", "--exclude", "a", options=options, least=1, flops=2e6)


def main():
    global HIDP
    HIDP = sys.argv[1]
    end_with_signals()
    skip_without(HIDP)
    unittest.main(argv=sys.argv[:1], verbosity=2)


if __name__ == "__main__":
    main()
