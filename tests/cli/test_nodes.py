# SPDX-License-Identifier: MIT
"""The commands that carry plans out, as a user meets them: keygen, node, run, timeline.

    test_nodes.py HIDP
"""

import array
import json
import os
import pty
import re
import signal
import stat
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree
from pathlib import Path

HIDP = ""

MODEL = {
    "format": "hidp-model",
    "version": 1,
    "name": "small",
    "layers": [
        {"name": "image", "op": "input", "shape": [1, 3, 16, 16]},
        {"name": "conv", "op": "conv", "inputs": ["image"], "out_channels": 8,
         "kernel": [3, 3], "pad": [1, 1, 1, 1]},
        {"name": "relu", "op": "activation", "inputs": ["conv"], "function": "relu"},
        {"name": "mean", "op": "global_pool", "inputs": ["relu"]},
        {"name": "classes", "op": "dense", "inputs": ["mean"], "out_channels": 5},
    ],
}  # fmt: skip


def hidp(*arguments, **more):
    return subprocess.run(
        [HIDP, *map(str, arguments)], capture_output=True, text=True, timeout=120, **more
    )


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.model = self.file("model.json", MODEL)

    def file(self, name, content):
        path = self.folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    def good(self, *arguments, **more):
        done = hidp(*arguments, **more)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(done.stderr, "")
        return done.stdout

    def fails(self, code, *arguments, **more):
        done = hidp(*arguments, **more)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertTrue(done.stderr.startswith("hidp"), done.stderr)
        return done.stderr

    def run_alone(self, *more):
        return self.good("run", self.model, "cpu:1,cpu:1", "--unpinned", *more)


class Keygen(Case):
    def test_files(self):
        secret, public = self.folder / "k", self.folder / "k.pub"
        printed = self.good("keygen", secret, preexec_fn=lambda: os.umask(0))
        self.assertEqual(printed, public.read_text())
        self.assertEqual(stat.S_IMODE(secret.stat().st_mode), 0o600)
        for path in secret, public:
            self.assertEqual(len(path.read_text()), 41)
        self.assertNotEqual(secret.read_text(), public.read_text())
        self.assertEqual(self.good("keygen", "--public", secret), printed)

    def test_nothing_is_overwritten(self):
        secret = self.folder / "k"
        first = self.good("keygen", secret)
        self.assertIn("k: File exists (--force", self.fails(1, "keygen", secret))
        self.assertEqual(self.good("keygen", "--public", secret), first)
        self.assertNotEqual(self.good("keygen", secret, "--force"), first)
        # half a pair is none
        (self.folder / "l.pub").write_text("there\n")
        self.assertIn("l.pub: File exists", self.fails(1, "keygen", self.folder / "l"))
        self.assertFalse((self.folder / "l").exists())

    def test_bad_files(self):
        self.assertIn("No such file", self.fails(1, "keygen", self.folder / "no" / "k"))
        self.assertIn("No such file", self.fails(1, "keygen", "--public", self.folder / "none"))
        other = self.file("other", "this is no key\n")
        other.chmod(0o600)
        self.assertIn("this is no secret key", self.fails(1, "keygen", "--public", other))
        secret = self.folder / "k"
        self.good("keygen", secret)
        secret.chmod(0o640)
        self.assertIn("mode 640", self.fails(1, "keygen", "--public", secret))
        self.fails(2, "keygen")
        self.fails(2, "keygen", "a", "b")


class Run(Case):
    def test_report(self):
        text = self.run_alone("--repeat", 3, "--check", "--kernels", "reference")
        self.assertRegex(text, r"requests    3: 3 done, 0 failed, 0 begun again\n")
        self.assertRegex(text, r"latency     median [\d.]+ ms, from [\d.]+ to [\d.]+ ms\n")
        self.assertRegex(text, r"predicted   [\d.]+ ms; measured / predicted [\d.]+\n")
        self.assertRegex(text, r"result      digest [0-9a-f]{16}\n")
        self.assertIn("equal to the undivided run with reference, bit by bit", text)

    def test_inputs_and_outputs(self):
        """What goes in decides what comes out; raw elements and .npy are the same."""
        values = array.array("f", [((i * 37) % 101) / 50 - 1 for i in range(16 * 16 * 3)])
        raw = self.folder / "in.raw"
        raw.write_bytes(values.tobytes())
        header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 16, 16, 3), }"
        header += b" " * (118 - len(header) - 1) + b"\n"
        npy = self.folder / "in.npy"
        npy.write_bytes(b"\x93NUMPY\x01\x00" + bytes([118, 0]) + header + values.tobytes())
        digests = set()
        for name in "in.raw", "in.npy":
            out = self.folder / (name + ".out")
            text = self.run_alone("--input", self.folder / name, "--output", out)
            digests.add(re.search(r"digest (\w+)", text).group(1))
            data = out.read_bytes()
            self.assertTrue(data.startswith(b"\x93NUMPY\x01\x00"))
            self.assertIn(b"'shape': (1, 1, 1, 5)", data)
            self.assertEqual((len(data) - 5 * 4) % 64, 0)
        self.assertEqual(len(digests), 1)
        digests |= {
            re.search(r"digest (\w+)", self.run_alone("--input-seed", seed)).group(1)
            for seed in (1, 2, 2)
        }
        self.assertEqual(len(digests), 3)

    def test_bad_inputs(self):
        bad = self.file("bad.raw", "short")
        message = self.fails(1, "run", self.model, "cpu:1", "--input", bad)
        self.assertIn("input image wants little-endian float32 of shape (1, 16, 16, 3)", message)
        message = self.fails(1, "run", self.model, "cpu:1", "--input", bad, "--input", bad)
        self.assertIn("the model has 1 input, --input was given 2 times", message)
        message = self.fails(1, "run", self.model, "cpu:1", "--output", "a", "--output", "b")
        self.assertIn("the model has 1 output", message)
        message = self.fails(1, "run", self.model, "cpu:1", "--dtype", "fp16")
        self.assertIn("--dtype, --image and --tokens are for networks of the zoo", message)

    def npy(self, name, descr, shape, data, order="False"):
        header = f"{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}".encode()
        header += b" " * (118 - len(header) - 1) + b"\n"
        path = self.folder / name
        path.write_bytes(b"\x93NUMPY\x01\x00" + bytes([118, 0]) + header + data)
        return path

    def test_types(self):
        """Numbers of other types are the same numbers."""
        numbers = [i % 2 for i in range(16 * 16 * 3)]
        digests = set()
        for code, descr in (("f", "<f4"), ("d", "<f8"), ("q", "<i8"), ("i", "<i4"), ("h", "<i2"),
                            ("b", "|i1"), ("B", "|u1"), ("B", "|b1"), ("Q", "<u8")):  # fmt: skip
            data = array.array(code, numbers).tobytes()
            path = self.npy("x.npy", descr, "(1, 16, 16, 3)", data)
            text = self.run_alone("--input", f"image={path}")
            digests.add(re.search(r"digest (\w+)", text).group(1))
        self.assertEqual(len(digests), 1)
        large = array.array("q", [2**24 + 1] * (16 * 16 * 3)).tobytes()
        path = self.npy("x.npy", "<i8", "(1, 16, 16, 3)", large)
        message = self.fails(1, "run", self.model, "cpu:1", "--input", path)
        self.assertIn("element 0 is a number that fp32 does not have", message)

    def test_bad_npy(self):
        data = bytes(16 * 16 * 3 * 4)
        shape = "(1, 16, 16, 3)"
        for path, message in (
            (self.npy("a", ">f4", shape, data), "big-endian (>f4)"),
            (self.npy("b", "<f4", shape, data, "True"), "Fortran's order"),
            (self.npy("c", "<c8", shape, data + data), "type <c8 are not understood"),
            (self.npy("d", "<f4", "(1, 3, 16, 16)", data),
             "its shape is (1, 3, 16, 16), but input image is (1, 16, 16, 3)"),
            (self.npy("e", "<f4", "(768,)", data), "its shape is (768,), but"),
            (self.npy("f", "<f4", "()", data), "it has 3072 bytes of elements"),
            (self.npy("g", "<f4", shape, data[:-1]), "it has 3071 bytes of elements"),
            (self.npy("h", "<f4", "(-1, 3)", data), "its header is damaged"),
            (self.npy("i", "<f4", "(9999999999, 9999999999)", data), "which is not what"),
            (self.npy("j", "<f4", "(1, 2", data), "its header is damaged"),
        ):  # fmt: skip
            with self.subTest(message=message):
                self.assertIn(message, self.fails(1, "run", self.model, "cpu:1", "--input", path))

    def test_progress(self):
        """On a terminal: how far a request is that takes its time, and how it went."""
        ours, theirs = pty.openpty()
        command = [HIDP, "run", self.model, "cpu:0.0001", "--unpinned", "--slow", "10000"]
        with os.fdopen(ours, "rb", buffering=0) as terminal, os.fdopen(theirs, "wb") as out:
            done = subprocess.Popen(list(map(str, command)), stdout=out)
            out.close()
            said = b""
            try:
                while chunk := terminal.read(1000):
                    said += chunk
            except OSError:
                pass  # nobody writes any more
        self.assertEqual(done.wait(60), 0)
        parts = re.findall(r"\rrequest 1 of 1: (\d+) % of the leader's tasks", said.decode())
        self.assertGreater(len(parts), 0, said)
        self.assertEqual(parts, sorted(parts, key=int))
        self.assertRegex(said.decode(), r"\rrequest 1 of 1: \d+\.\d+ ms, predicted")

    def test_names(self):
        """Inputs and outputs by name, in any order; without names in that of the model."""
        two = {
            "format": "hidp-model", "version": 1, "name": "two",
            "layers": [
                {"name": "a", "op": "input", "shape": [1, 1, 1, 1]},
                {"name": "b=c", "op": "input", "shape": [1, 1, 1, 1]},
                {"name": "less", "op": "binary", "inputs": ["a", "b=c"], "function": "sub"},
                {"name": "more", "op": "binary", "inputs": ["a", "b=c"], "function": "add"},
            ],
        }  # fmt: skip
        model = self.file("two.json", two)
        one = self.npy("one", "<f4", "(1, 1, 1, 1)", array.array("f", [1]).tobytes())
        three = self.npy("three", "<f4", "(1, 1, 1, 1)", array.array("f", [3]).tobytes())
        less, more = self.folder / "less.npy", self.folder / "more.npy"

        def results(*arguments):
            for path in less, more:
                path.unlink(missing_ok=True)
            self.good("run", model, "cpu:1,cpu:1", "--unpinned", *arguments)
            return [array.array("f", p.read_bytes()[-4:])[0] if p.exists() else None
                    for p in (less, more)]  # fmt: skip

        both = ("--output", less, "--output", more)
        self.assertEqual(results("--input", one, "--input", three, *both), [-2, 4])
        self.assertEqual(results("--input", f"b=c={one}", "--input", f"a={three}", *both), [2, 4])
        self.assertEqual(results("--input", f"b=c={one}", "--input", three, *both), [2, 4])
        self.assertEqual(
            results("--input", one, "--input", three, "--output", f"more={more}"), [None, 4]
        )
        for message, *arguments in (
            ("the model has 2 inputs, --input was given 1 times", "--input", one),
            ("--input is missing for b=c", "--input", f"a={one}"),
            ("a was given twice", "--input", f"a={one}", "--input", f"a={one}"),
            ("the model has no such input; it has a, b=c", "--input", f"d={one}"),
            ("the model has no such output; it has less, more", "--output", "d=x"),
            ("the model has 2 outputs, --output was given 1 times", "--output", less),
        ):
            with self.subTest(message=message):
                self.assertIn(message, self.fails(1, "run", model, "cpu:1", *arguments))

    def test_log_and_plan(self):
        log, plan = self.folder / "log", self.folder / "plan.json"
        self.run_alone("--repeat", 4, "--variety", 2, "--log", log, "--json", plan, "-q")
        lines = [json.loads(l) for l in log.read_text().splitlines()]
        self.assertEqual([l["request"] for l in lines], [0, 1, 2, 3])
        self.assertEqual(lines[0]["digest"], lines[2]["digest"])
        self.assertNotEqual(lines[0]["digest"], lines[1]["digest"])
        self.assertEqual({l["status"] for l in lines}, {0})
        self.good("evaluate", plan, "--verify")

    def test_timeline(self):
        plan, times, svg = (self.folder / n for n in ("plan.json", "times.json", "p.svg"))
        self.run_alone("--json", plan, "--times", times, "--slow", 2)
        text = self.good("timeline", plan, times, "--svg", svg)
        self.assertRegex(text, r"\nlatency +[\d.]+ ms +[\d.]+ ms +[\d.]+\n$")
        picture = xml.etree.ElementTree.parse(svg).getroot()
        titles = [t.text for t in picture.iter("{http://www.w3.org/2000/svg}title")]
        self.assertTrue(any(t.startswith("predicted") for t in titles))
        self.assertTrue(any(t.startswith("measured") for t in titles))
        self.fails(2, "timeline", plan)
        self.assertIn("hidp-times", self.fails(1, "timeline", plan, plan))
        wrong = json.loads(times.read_text())
        wrong["tasks"][0]["processor"] = 7
        message = self.fails(1, "timeline", plan, self.file("wrong.json", wrong))
        self.assertIn("tasks[0]: this is no task of a processor", message)
        wrong["node"] = "nobody"
        message = self.fails(1, "timeline", plan, self.file("wrong.json", wrong))
        self.assertIn("the plan has no node nobody", message)

    def test_no_plan(self):
        message = self.fails(
            1, "run", self.model, "cpu:1; cpu:1", "--exclude", "node0", "--exclude", "node1"
        )
        self.assertIn("request 0", message)

    def test_wrong_arguments(self):
        for bad in (
            ["--repeat", 0], ["--slow", 0.5], ["--parallel", "many"], ["--deadline", "0s"],
            ["--tolerance", -1], ["--objective", "speed"], ["--slots", 1000], ["--seed", 0.5],
        ):  # fmt: skip
            self.assertIn(bad[0], self.fails(2, "run", self.model, "cpu:1", *bad))
        self.assertIn("--cores 0,x", self.fails(1, "run", self.model, "cpu:1", "--cores", "0,x"))
        self.assertIn("no such cores", self.fails(1, "run", self.model, "cpu:1", "--cores", 1023))
        message = self.fails(1, "run", self.model, "cpu:1", "--kernels", "none")
        self.assertIn("no such kernels", message)
        message = self.fails(1, "run", self.model, "cpu:1", "--check=x")
        self.assertIn("x: no such kernels", message)
        message = self.fails(1, "run", self.model, "cpu:1", "--node", "nobody")
        self.assertIn("its nodes are node0", message)


class Book(Case):
    """The address book: what is wrong is said with its place."""

    def says(self, book, *more):
        path = self.file("peers.json", book)
        return self.fails(1, "run", self.model, "cpu:1; cpu:1", "--peers", path, *more)

    def peers(self, *entries, **more):
        return {"format": "hidp-peers", "version": 1, "peers": list(entries), **more}

    def test_mistakes(self):
        one = {"name": "node0", "endpoint": "tcp://127.0.0.1:*"}
        for book, message in (
            ('{"format": "hidp-peers",\n "version": 1,, }', "peers.json:2:"),
            ({"format": "hidp-plan", "version": 1}, "no document of format hidp-peers"),
            (dict(self.peers(one), version=2), "no document of format hidp-peers"),
            (self.peers(one, extra=1), "extra is unknown"),
            ({"format": "hidp-peers", "version": 1}, "peers: a list is wanted"),
            (self.peers(3), "peers[0]: is not an object"),
            (self.peers({"name": "node0"}), "peers[0].endpoint: is missing"),
            (self.peers(dict(one, endpoint=5)), "peers[0].endpoint: is not a text"),
            (self.peers(dict(one, key="x")), "peers[0].key: is unknown"),
            (self.peers(one, dict(one, name="x")), "peers[1].x: the cluster has no such node"),
            (self.peers(one, one), "peers[1].node0: the node is listed twice"),
            (self.peers(dict(one, name="node1")), "node0 is not listed"),
            (self.peers(dict(one, endpoint="nowhere")), "nowhere"),
        ):
            with self.subTest(message=message):
                self.assertIn(message, self.says(book))

    def test_keys(self):
        other = self.good("keygen", self.folder / "other").strip()
        self.good("keygen", self.folder / "own")
        one = {"name": "node0", "endpoint": "tcp://127.0.0.1:*", "public_key": other}
        message = self.says(self.peers(one), "--key", self.folder / "own")
        self.assertIn("the address book has another key for node0", message)

    def test_clear(self):
        """In the clear only on this machine, unless it is asked for."""
        book = self.peers({"name": "node0", "endpoint": "tcp://0.0.0.0:*"})
        self.assertIn("tcp://0.0.0.0:*", self.says(book))
        path = self.file("peers.json", book)
        self.good("run", self.model, "cpu:1; cpu:1", "--peers", path, "--allow-clear")


class Node(Case):
    def test_until_it_is_told_to_end(self):
        for number in signal.SIGTERM, signal.SIGINT:
            times = self.folder / "times.json"
            book = {"format": "hidp-peers", "version": 1,
                    "peers": [{"name": "node0", "endpoint": "tcp://127.0.0.1:*"}]}  # fmt: skip
            node = subprocess.Popen(
                [HIDP, "node", "cpu:1; cpu:1", self.model, "--node", "node0",
                 "--peers", self.file("peers.json", book), "--times", times, "-v"],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            )  # fmt: skip
            try:
                self.assertRegex(
                    node.stdout.readline(),
                    r"^node0 listens at tcp://127\.0\.0\.1:\d+, 1 model, \w+ kernels\n$",
                )
                node.send_signal(number)
                _, said = node.communicate(timeout=30)
            finally:
                node.kill()
            self.assertEqual(node.returncode, 0, said)
            self.assertIn("node0: ends: ", said)
            self.assertEqual(json.loads(times.read_text())["tasks"], [])

    def test_wrong_arguments(self):
        self.fails(2, "node", "cpu:1")
        self.assertIn("--peers are required", self.fails(2, "node", "cpu:1", self.model))
        message = self.fails(
            1, "node", "cpu:1", self.folder / "none", "--node", "node0", "--peers", "none"
        )
        self.assertIn("none: No such file", message)


def main():
    global HIDP
    HIDP = sys.argv[1]
    unittest.main(argv=sys.argv[:1], verbosity=2)


if __name__ == "__main__":
    main()
