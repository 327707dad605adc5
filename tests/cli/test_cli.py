# SPDX-License-Identifier: MIT
"""The command `hidp`, as a user meets it: output, messages, exit codes, files.

    test_cli.py HIDP BOARDS_DIR VERSION WITH_JSON(0|1) WITH_NODES(0|1)
"""

import copy
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree
from pathlib import Path

HIDP, BOARDS, VERSION, WITH_JSON = "", "", "", True
COMMANDS = ["plan", "evaluate", "boards", "models", "inspect", "profile"]
NODES = ["keygen", "node", "run", "timeline"]

LAN = "cpu:50,gpu:400; cpu:20 | lan 940M 0.25ms"
MODEL = {
    "format": "hidp-model",
    "version": 1,
    "name": "small",
    "layers": [
        {"name": "image", "op": "input", "shape": [1, 3, 64, 64]},
        {"name": "conv=1", "op": "conv", "inputs": ["image"], "out_channels": 16,
         "kernel": [3, 3], "pad": [1, 1, 1, 1]},
        {"name": "relu", "op": "activation", "inputs": ["conv=1"], "function": "relu"},
        {"name": "conv/2", "op": "conv", "inputs": ["relu"], "out_channels": 16,
         "kernel": [3, 3], "pad": [1, 1, 1, 1]},
    ],
}  # fmt: skip


def cpu(name, flops=50e9):
    rates = {c: flops for c in ("conv3x3", "conv", "gemm", "dense", "elementwise", "depthwise")}
    return {"name": name, "kind": "cpu", "rate_flops": rates, "power_active_w": 4}


CLUSTER = {
    "format": "hidp-cluster",
    "version": 1,
    "nodes": [
        {"name": "a/b", "processors": [cpu("cpu"), cpu("x/y")]},
        {"name": "far", "processors": [cpu("cpu")]},
    ],
    "lan": {"bandwidth_Bps": 117e6, "latency_s": 200e-6},
}


def run(*arguments, stdin=None, **more):
    return subprocess.run(
        [HIDP, *map(str, arguments)],
        input=stdin, capture_output=True, text=True, timeout=120, **more,
    )  # fmt: skip


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def file(self, name, content):
        path = self.folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    def good(self, *arguments, **more):
        done = run(*arguments, **more)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr, "")
        return done.stdout

    def fails(self, code, *arguments, **more):
        """The message: one line, or for wrong usage two, on standard error alone."""
        done = run(*arguments, **more)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertTrue(done.stderr.startswith("hidp"), done.stderr)
        if code == 2:
            self.assertIn("--help", done.stderr)
        return done.stderr


class Help(Case):
    def test_no_command(self):
        done = run()
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stdout, "")
        self.assertEqual(done.stderr, self.good("--help"))

    def test_help(self):
        text = self.good("--help")
        self.assertEqual(text, self.good("help"))
        for command in COMMANDS:
            self.assertIn(f"\n  {command} ", text)
            usage = self.good("help", command)
            self.assertTrue(usage.startswith(f"Usage: hidp {command}"), usage)
            self.assertEqual(usage, self.good(command, "--help"))
            self.assertLessEqual(max(map(len, usage.split("\n"))), 90)

    def test_every_option_is_in_the_help(self):
        """An option that is not documented is complained about as unknown, and the reverse."""
        for command in COMMANDS:
            for option in set(re.findall(r"--[a-z-]+", self.good("help", command))):
                message = run(command, f"{option}=x").stderr
                self.assertNotIn("unrecognized option", message)

    def test_manual_page(self):
        page = (Path(__file__).resolve().parents[2] / "examples" / "cli" / "hidp.1").read_text()
        known = {"-" + option for option in re.findall(r"(?:Fl|,) (-[a-z-]+)", page)}
        for command in COMMANDS:
            for option in set(re.findall(r"--[a-z-]+", self.good("help", command))):
                self.assertIn(option, known)

    def test_version(self):
        self.assertEqual(self.good("--version"), f"hidp {VERSION}\n")

    def test_unknown(self):
        self.assertIn("there is no command plna", self.fails(2, "plna"))
        self.assertIn("there is no option --verbose", self.fails(2, "--verbose"))
        self.assertIn("there is no command plna", self.fails(2, "help", "plna"))
        for command in COMMANDS:
            self.assertIn("--nonsense", self.fails(2, command, "--nonsense"))
        self.fails(2, "help", "plan", "evaluate")


class Models(Case):
    def test_list(self):
        rows = {line.split()[0]: line for line in self.good("models").split("\n") if line}
        for name in ("efficientnet_b0", "inception_v3", "resnet50", "resnet101", "resnet152",
                     "vgg16", "vgg19", "mobilenet_v2", "vit_b_16", "bert_base"):  # fmt: skip
            self.assertIn(name, rows)
        self.assertIn("4.09 G", rows["resnet50"])
        self.assertIn("25.6 M", rows["resnet50"])
        self.assertIn("3 x 224 x 224", rows["resnet50"])

    def test_layers(self):
        text = self.good("models", "resnet50")
        self.assertIn("layer4.2.conv3", text)
        last = text.split("\n")[-2]
        self.assertEqual(last, "resnet50: 58 layers, 4.09 G MACs, 25.6 M parameters, 102 MB of weights")
        halves = self.good("models", "resnet50", "--dtype=fp16").split("\n")[-2]
        self.assertTrue(halves.endswith("25.6 M parameters, 51.1 MB of weights"), halves)
        unfused = self.good("models", "resnet50", "--no-fuse").split("\n")[-2]
        self.assertGreater(int(re.search(r"(\d+) layers", unfused)[1]), 100)

    def test_mistakes(self):
        self.assertIn("resnet5: no such network", self.fails(1, "models", "resnet5"))
        self.assertIn("fp17", self.fails(1, "models", "resnet50", "--dtype", "fp17"))
        self.fails(2, "models", "resnet50", "vgg16")


class Inspect(Case):
    def test_table(self):
        text = self.good("inspect", "resnet50")
        self.assertIn("input   input  1 x 224 x 224 x 3  float32\n", text)
        self.assertIn("output  fc  1 x 1 x 1 x 1000  float32\n", text)
        rows = {line.split()[1]: line for line in text.split("\n") if len(line.split()) > 6}
        self.assertRegex(rows["conv1"], r"conv\+batch_norm\+relu +64 x 112 x 112 .* window k7 s2 p3$")
        self.assertTrue(rows["layer1.0.conv1"].endswith(" same"))
        self.assertTrue(rows["layer2.0.downsample.0"].endswith(" window k1 s2 p0; same"))
        self.assertTrue(rows["avgpool"].endswith(" all"))
        last = text.split("\n")[-2]
        self.assertEqual(
            last,
            "resnet50: 58 layers, 20 cut points, 4.09 G MACs, 25.6 M parameters, 102 MB of weights",
        )

    def test_cut_points(self):
        """One in front of every residual block, none within."""
        lines = self.good("inspect", "resnet50").split("\n")
        cuts = [lines[i - 1].split()[1] for i, line in enumerate(lines) if line.strip() == "--"]
        self.assertEqual(len(cuts), 20)
        self.assertEqual(cuts[:4], ["conv1", "maxpool", "layer1.0.downsample.0", "layer1.1.conv3"])
        self.assertEqual(cuts[-3:], ["layer4.2.conv3", "avgpool", "flatten"])

    def test_graph(self):
        dot = self.good("inspect", "resnet50", "--dot", "-")
        self.assertTrue(dot.startswith('digraph "resnet50" {\n'))
        self.assertEqual(len(re.findall(r"^  \d+ \[label=", dot, re.M)), 58)
        # 57 layers read one tensor, 16 of them add another
        self.assertEqual(len(re.findall(r"^  \d+ -> \d+", dot, re.M)), 57 + 16)
        self.assertEqual(len(re.findall(r"penwidth=3", dot)), 20)

    def test_picture(self):
        svg = self.folder / "graph.svg"
        if shutil.which("dot") is None:
            self.skipTest("there is no Graphviz")
        self.assertEqual(self.good("inspect", "resnet50", "--svg", svg, "-q"), "")
        self.assertEqual(xml.etree.ElementTree.parse(svg).getroot().tag, "{http://www.w3.org/2000/svg}svg")

    def test_no_graphviz(self):
        svg = self.folder / "graph.svg"
        message = self.fails(1, "inspect", "vgg16", "-q", "--svg", svg, env={**os.environ, "PATH": ""})
        self.assertIn("dot: No such file or directory: --svg needs Graphviz", message)
        self.assertFalse(svg.exists())

    def test_hostile_names(self):
        if not WITH_JSON:
            self.skipTest("built without JSON")
        model = copy.deepcopy(MODEL)
        model["name"] = 'a"b'
        model["layers"][0]["name"] = model["layers"][1]["inputs"][0] = 'x"; \\ \n[y'
        dot = self.good("inspect", self.file("m.json", model), "--dot", "-")
        self.assertIn('digraph "a\\"b"', dot)
        self.assertIn('label="x\\"; \\\\ ?[y\\n', dot)

    def test_json(self):
        if not WITH_JSON:
            self.skipTest("built without JSON")
        path = self.folder / "model.json"
        text = self.good("inspect", "resnet50", "--json", path)
        again = self.good("inspect", path)
        self.assertEqual(text, again)

    def test_mistakes(self):
        self.fails(2, "inspect")
        self.fails(2, "inspect", "vgg16", "resnet50")
        self.assertIn("--dim 5 is not understood", self.fails(2, "inspect", "vgg16", "--dim", "5"))
        self.assertIn("--dim a=0", self.fails(2, "inspect", "vgg16", "--dim", "a=0"))
        self.assertIn("--dim is for ONNX files", self.fails(1, "inspect", "vgg16", "--dim", "a=1"))


class Boards(Case):
    def test_list(self):
        text = self.good("boards", "--boards", BOARDS)
        self.assertRegex(text, r"(?m)^jetson_tx2 +8\.00 GB .*gpu")
        self.assertRegex(text, r"(?m)^paper_wifi .*jetson_nano")

    def test_one(self):
        text = self.good("boards", "jetson_tx2", "--boards", BOARDS)
        self.assertTrue(text.startswith("jetson_tx2\n"), text)
        self.assertRegex(text, r"conv3x3 +\d")
        self.assertIn("over wifi", self.good("boards", "paper_wifi", "--boards", BOARDS))

    def test_found_without_being_told(self):
        self.assertEqual(self.good("boards"), self.good("boards", "--boards", BOARDS))

    def test_mistakes(self):
        self.assertIn("No such file", self.fails(1, "boards", "--boards", self.folder / "none"))
        self.assertIn("no such file, board", self.fails(1, "boards", "jetson_tx9"))

    def test_mistake_in_a_profile_is_placed_in_the_profile(self):
        self.file("odd.json", '{"format": "hidp-node", "version": 1,\n "processors": [],\n "memori": 1}')
        message = self.fails(1, "boards", "odd", "--boards", self.folder)
        self.assertRegex(message, r"/odd\.json:\d+:\d+: ")
        cluster = self.file("c.json", '{"format": "hidp-cluster", "version": 1, "nodes": [{"profile": "odd"}]}')
        message = self.fails(1, "plan", "resnet50", cluster, "--boards", self.folder)
        self.assertRegex(message, r"/odd\.json:\d+:\d+: ")
        cluster = self.file("c.json", '{"format": "hidp-cluster", "version": 1,\n "nodes": [{"profile": "none"}]}')
        message = self.fails(1, "plan", "resnet50", cluster, "--boards", self.folder)
        self.assertRegex(message, r"/c\.json:2:\d+: .*\"none\"")


class Plan(Case):
    def test_line(self):
        text = self.good("plan", "resnet50", LAN)
        self.assertTrue(text.startswith("resnet50, 58 layers, on "), text)
        self.assertRegex(text, r"(?m)^  latency +[\d.]+ ms  \(objective; ")
        self.assertRegex(text, r"proven optimal|at most [\d.]+ % above the optimum, bound ")
        self.assertEqual(text, self.good("plan", "resnet50", LAN))

    def test_objectives(self):
        for objective, row in (("latency", "latency"), ("period", "period"),
                               ("throughput", "period"), ("energy", "energy")):  # fmt: skip
            text = self.good("plan", "mobilenet_v2", LAN, "--objective", objective)
            self.assertRegex(text, rf"(?m)^  {row} .*\(objective; ")
        self.assertIn("for a stream", self.good("plan", "mobilenet_v2", LAN, "--stream"))

    def test_contiguous(self):
        text = self.good("plan", "mobilenet_v2", LAN, "--objective", "period", "--contiguous")
        self.assertNotRegex(text, r" (split|replica|rows|channels) ")

    def test_strategies(self):
        def latency(strategy):
            text = self.good("plan", "mobilenet_v2", LAN, "--strategy", strategy)
            return float(re.search(r"latency +([\d.]+) ms", text)[1])

        self.assertLessEqual(latency("auto"), latency("paper") + 1e-2)
        self.assertLessEqual(latency("auto"), latency("single") + 1e-2)

    def test_network_options(self):
        self.assertIn("on 1 of 1 node", self.good("plan", "bert_base", "cpu:50", "--tokens", 64))
        small = self.good("plan", "resnet50", "cpu:50", "--image", 128)
        large = self.good("plan", "resnet50", "cpu:50", "--image", 256, "--batch=2")
        self.assertLess(*(float(re.search(r"latency +([\d.]+) ms", t)[1]) for t in (small, large)))

    def test_mistakes_in_arguments(self):
        self.assertIn("are wanted", self.fails(2, "plan"))
        self.assertIn("are wanted", self.fails(2, "plan", "resnet50"))
        self.assertIn("too many", self.fails(2, "plan", "resnet50", LAN, LAN))
        self.assertIn("standard input", self.fails(2, "plan", "-", "-"))
        for option, value in (("objective", "speed"), ("strategy", "best"),
                              ("latency-limit", "5 parsecs"), ("latency-limit", "-1ms"),
                              ("latency-limit", "0"), ("period-limit", "inf"),
                              ("energy-limit", "1kJ"), ("work", "0.5"), ("batch", "0"),
                              ("image", "-3"), ("tokens", "many")):  # fmt: skip
            message = self.fails(2, "plan", "resnet50", LAN, f"--{option}", value)
            self.assertIn(f"--{option} {value}", message)

    def test_mistakes_in_names(self):
        for option, value in (("--leader", "nobody"), ("--input", "nobody"), ("--output", "n"),
                              ("--exclude", "node9"), ("--exclude", "node0/npu"),
                              ("--load", "node0/npu=0.5"), ("--load", "node0=2"),
                              ("--load", "node0"), ("--pin", "conv1=node9"),
                              ("--pin", "conv9000=node0"), ("--pin", "conv1")):  # fmt: skip
            message = self.fails(1, "plan", "resnet50", LAN, option, value)
            self.assertIn(f"{option} {value}: ", message)
        self.assertIn("no such network", self.fails(1, "plan", "resnet5", LAN))
        self.assertIn("no such file, board", self.fails(1, "plan", "resnet50", "nowhere"))

    def test_mistake_in_a_line_is_marked(self):
        line = "cpu:50,cpx:400 | lan"
        message = self.fails(1, "plan", "resnet50", line).split("\n")
        self.assertIn("at the mark", message[0])
        self.assertEqual(message[1], "  " + line)
        self.assertEqual(message[2], "  " + " " * line.index("cpx") + "^")

    def test_limits(self):
        self.assertIn("hidp: no plan: ", self.fails(1, "plan", "resnet50", LAN, "--latency-limit", "1us"))
        picture = self.file("old.svg", "old")
        self.fails(1, "plan", "resnet50", LAN, "--energy-limit", "1uJ", "--svg", picture)
        self.assertEqual(picture.read_text(), "old")
        self.good("plan", "resnet50", LAN, "--latency-limit", "10s", "--period-limit=5", "--energy-limit", "1000J")

    def test_exclude_and_load(self):
        text = self.good("plan", "resnet50", LAN, "--exclude", "node0/gpu1", "--exclude", "node1")
        self.assertIn("not used: node1", text)
        self.assertRegex(text, r"(?m)^ +gpu1 +0 s")
        free = self.good("plan", "resnet50", "cpu:50")
        loaded = self.good("plan", "resnet50", "cpu:50", "--load", "node0/cpu0=0.5")
        first, second = (float(re.search(r"latency +([\d.]+) ms", t)[1]) for t in (free, loaded))
        self.assertAlmostEqual(second / first, 2, places=1)
        self.assertEqual(loaded, self.good("plan", "resnet50", "cpu:50", "--load", "node0=0.5"))

    def test_leader(self):
        text = self.good("plan", "mobilenet_v2", LAN, "--leader", "node1")
        self.assertRegex(text, r"(?m)^node1 ")
        text = self.good("plan", "mobilenet_v2", LAN, "--output", "node1")
        self.assertRegex(text, r"(?m)^delivery ")

    def test_explain(self):
        table = self.good("plan", "mobilenet_v2", LAN)
        both = self.good("plan", "mobilenet_v2", LAN, "--explain")
        self.assertTrue(both.startswith(table + "\n"), both)
        alone = self.good("plan", "mobilenet_v2", LAN, "--explain", "--quiet")
        self.assertEqual(both, table + "\n" + alone)
        for wanted in ("objective  latency ", "limits     none but memory", "Stage 1, ",
                       "alternatives were planned, the best first: ", "node1"):  # fmt: skip
            self.assertIn(wanted, alone)
        evaluated = self.file("plan.json", "")
        if WITH_JSON:
            self.good("plan", "mobilenet_v2", LAN, "-q", "--json", evaluated)
            self.assertIn("this plan was not searched for",
                          self.good("evaluate", evaluated, "-q", "--explain"))  # fmt: skip

    def test_weights(self):
        text = self.good("plan", "mobilenet_v2", LAN, "--weights", "1,0,0.5", "--explain")
        self.assertRegex(text, r"(?m)^  weighted .*\(objective; ")
        self.assertRegex(text, r"weighted sum [\d.]+ \(latency [\d.]+, energy [\d.]+\)")
        for wrong in ("1,2", "1,2,3,4", "0,0,0", "1,-1,0", "1,x,0", "inf,1,1", ""):
            message = self.fails(2, "plan", "mobilenet_v2", LAN, "--weights", wrong)
            self.assertIn("three numbers such as 1,0,0.5", message)

    def test_messages_say_what_there_is(self):
        for option in (("--leader", "node7"), ("--exclude", "node7/gpu"), ("--load", "node7=0.5")):
            message = self.fails(1, "plan", "mobilenet_v2", LAN, *option)
            self.assertIn("its nodes are node0, node1", message)
        message = self.fails(2, "plan", "mobilenet_v2", LAN, "--objective", "speed")
        self.assertIn("latency, period, throughput or energy", message)

    def test_quiet(self):
        self.assertEqual(self.good("plan", "mobilenet_v2", LAN, "-q"), "")


class Files(Case):
    def test_reports(self):
        svg, trace = self.folder / "a.svg", self.folder / "a.json"
        self.good("plan", "resnet50", LAN, "-q", "--svg", svg, "--trace", trace)
        self.assertEqual(xml.etree.ElementTree.parse(svg).getroot().tag, "{http://www.w3.org/2000/svg}svg")
        self.assertGreater(len(json.loads(trace.read_text())["traceEvents"]), 10)
        self.assertEqual(sorted(p.name for p in self.folder.iterdir()), ["a.json", "a.svg"])
        self.assertEqual(svg.stat().st_mode & 0o777, 0o666 & ~self.umask())

    @staticmethod
    def umask():
        mask = os.umask(0)
        os.umask(mask)
        return mask

    def test_standard_output(self):
        text = self.good("plan", "mobilenet_v2", LAN, "--svg", "-")
        xml.etree.ElementTree.fromstring(text)  # and no table in it
        json.loads(self.good("plan", "mobilenet_v2", LAN, "--trace", "-"))

    def test_replaces_and_follows(self):
        target = self.file("target.svg", "old")
        link = self.folder / "link.svg"
        link.symlink_to(target)
        self.good("plan", "mobilenet_v2", LAN, "-q", "--svg", link)
        self.assertTrue(link.is_symlink())
        self.assertIn("<svg", target.read_text())
        before = target.stat().st_ino
        self.good("plan", "mobilenet_v2", LAN, "-q", "--svg", target)
        self.assertNotEqual(target.stat().st_ino, before)  # a new file in the place of the old

    def test_cannot_write(self):
        for path in (self.folder / "none" / "a.svg", self.folder):
            message = self.fails(1, "plan", "mobilenet_v2", LAN, "-q", "--svg", path)
            self.assertTrue(message.startswith(f"hidp: {path}: "), message)
        self.assertEqual(list(self.folder.iterdir()), [])

    @unittest.skipUnless(Path("/dev/full").exists(), "no /dev/full here")
    def test_full_disk(self):
        message = self.fails(1, "plan", "mobilenet_v2", LAN, "-q", "--svg", "/dev/full")
        self.assertIn("/dev/full: No space left on device", message)
        for arguments in (("models",), ("--help",), ("plan", "mobilenet_v2", LAN)):
            with open("/dev/full", "w") as full:
                done = subprocess.run([HIDP, *arguments], stdout=full, stderr=subprocess.PIPE, text=True)
            self.assertEqual(done.returncode, 1)
            self.assertEqual(done.stderr, "hidp: standard output: No space left on device\n")

    def test_broken_pipe(self):
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run([HIDP, "plan", "resnet152", LAN, "--trace", "-"], stdout=writer, stderr=subprocess.PIPE)
        os.close(writer)
        self.assertEqual(done.returncode, -signal.SIGPIPE)


class Documents(Case):
    def setUp(self):
        super().setUp()
        self.model = self.file("model.json", MODEL)
        self.cluster = self.file("cluster.json", CLUSTER)

    def test_files_and_standard_input(self):
        text = self.good("plan", self.model, self.cluster)
        self.assertTrue(text.startswith("small, 3 layers, on "), text)
        self.assertEqual(text, self.good("plan", "-", self.cluster, stdin=json.dumps(MODEL)))
        self.assertEqual(text, self.good("plan", self.model, "-", stdin=json.dumps(CLUSTER)))
        self.assertIn("small: 3 layers", self.good("models", self.model))
        self.assertIn("small, 4 layers", self.good("plan", self.model, self.cluster, "--no-fuse"))

    def test_boards_by_name(self):
        text = self.good("plan", "resnet50", "paper_lan", "--boards", BOARDS)
        self.assertIn("of 5 nodes", text)
        text = self.good("plan", "resnet50", "jetson_nano", "--boards", BOARDS)
        self.assertIn("on 1 of 1 node", text)

    def test_names_with_slashes_and_equals(self):
        pinned = ("--pin", "conv=1=a/b/x/y", "--pin", "conv/2=far")
        plan = json.loads(self.good("plan", self.model, self.cluster, "--json", "-", *pinned))
        tasks = [t for t in plan["timeline"] if t["kind"] == "compute"]
        self.assertEqual([(t["node"], t["processor"]) for t in tasks], [(0, 1), (1, 0)])
        text = self.good("plan", self.model, self.cluster, "--exclude", "a/b", "--load", "far/cpu=0.2")
        self.assertRegex(text, r"(?m)^ +far +all")

    def test_places_of_mistakes(self):
        wrong = self.file("wrong.json", '{"format": "hidp-cluster",\n "version": 1,\n "nodez": []}')
        message = self.fails(1, "plan", "resnet50", wrong)
        self.assertRegex(message, rf"^hidp: {wrong}:3:\d+: .*nodez")
        wrong = self.file("wrong.json", '{"format": "hidp-model",\n "version": 1,\n "layers": [}')
        self.assertRegex(self.fails(1, "plan", wrong, LAN), rf"^hidp: {wrong}:3:\d+: ")
        self.assertRegex(self.fails(1, "plan", "-", LAN, stdin="[]"), r"^hidp: -:1:\d+: ")
        self.assertIn("directory", self.fails(1, "plan", self.folder, LAN).lower())

    def test_options_for_the_zoo_alone(self):
        for option in ("--dtype=fp16", "--batch=2", "--image=64", "--tokens=5"):
            self.assertIn("networks of the zoo", self.fails(1, "plan", self.model, LAN, option))

    def test_costs(self):
        def table(node, seconds):
            costs = [{"layer": layer, "seconds": seconds} for layer in ("conv=1", "conv/2")]
            return {"format": "hidp-cost", "version": 1, "model": "small",
                    "processors": [{"node": node, "processor": "cpu", "costs": costs}]}  # fmt: skip

        slow = self.file("slow.json", table("far", 0.5))
        plain = self.good("plan", self.model, "cpu:1")
        message = self.fails(1, "plan", self.model, self.cluster, "--cost", self.file("x=y", "{}"))
        self.assertIn("x=y:1:1: ", message)
        message = self.fails(1, "plan", self.model, self.cluster, "--cost", "nobody=" + str(slow))
        self.assertIn("its nodes are a/b, far", message)
        text = self.good("plan", self.model, self.cluster, "--exclude", "a/b", "--cost", slow)
        self.assertRegex(text, r"(?m)^  latency +1(\.\d+)? +s ")
        quick = self.file("quick.json", table("any", 1e-3))
        text = self.good("plan", self.model, self.cluster, "--exclude", "a/b", "--cost", slow,
                         "--cost", f"far={quick}")  # fmt: skip
        self.assertRegex(text, r"(?m)^  latency +5(\.\d+)? +ms ")
        self.assertIn("no node", self.fails(1, "plan", self.model, self.cluster, "--cost", quick))
        self.assertNotEqual(plain, text)

    def test_profile(self):
        profile, costs = self.folder / "p.json", self.folder / "c.json"
        arguments = ("profile", self.model, "--cluster", "cpu:50,cpu:50", "--time", "100ms",
                     "--rounds", 3)  # fmt: skip
        done = run(*arguments, "--profile", profile, "--cost", costs)
        if "has no kernels" in done.stderr:
            self.skipTest("built without kernels")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"^small, kernels \w+, 3 rounds\nnode0\n")
        self.assertRegex(done.stdout, r"(?m)^  cpu1 alone: [\d.]+ ms$")
        table = json.loads(costs.read_text())
        self.assertEqual([layer["name"] for layer in table["layers"]], ["conv=1", "conv/2"])
        self.assertEqual([p["processor"] for p in table["processors"]], ["cpu0", "cpu1"])
        for entry in table["processors"][0]["costs"]:
            self.assertGreater(entry["seconds"], 0)
        latency = r"(?m)^  latency +([\d.]+ \w+) "
        planned = self.good("plan", self.model, profile, "--cost", costs)
        alone = self.good("plan", self.model, profile, "--cost", costs, "--strategy", "single")
        self.assertNotEqual(re.search(latency, planned)[1], "0 s")
        self.assertIn("on 1 of 1 node", alone)
        checked = self.good(*arguments, "--check")
        self.assertRegex(checked, r"(?m)^plan +predicted +measured +difference$")
        self.assertRegex(checked, r"(?m)^planned +[\d.]+ ms +[\d.]+ ms +[+-][\d.]+ %$")
        self.assertRegex(checked, r"(?m)^median +[\d.]+ %$")
        self.assertEqual(self.good(*arguments, "--quiet"), "")
        # of a cluster of several nodes it is the first one, and what is written is for it alone
        several = ("profile", self.model, "--cluster", "cpu:50,cpu:25; cpu:20", "--rounds", 1,
                   "--check", "--profile", profile, "--cost", costs)  # fmt: skip
        self.good(*several)
        self.assertEqual([n["name"] for n in json.loads(profile.read_text())["nodes"]], ["node0"])
        self.assertIn("of 1 node", self.good("plan", self.model, profile, "--cost", costs))

    def test_profile_mistakes(self):
        self.assertIn("a model is wanted", self.fails(2, "profile"))
        for option, value in (("time", "soon"), ("time", "0"), ("rounds", "0.5"), ("image", "x"),
                              ("granularity", "boards")):  # fmt: skip
            message = self.fails(2, "profile", self.model, f"--{option}", value)
            self.assertIn(f"--{option} {value}", message)
        self.fails(2, "profile", self.model, "--cluster", LAN, "--name", "here")
        message = self.fails(1, "profile", self.model, "--cluster", "cpu:50", "--kernels", "no such")
        self.assertRegex(message, "kernels")

    def test_evaluate(self):
        file = self.folder / "plan.json"
        table = self.good("plan", "resnet50", LAN, "--json", file)
        evaluated = self.good("evaluate", file, "--verify")
        # the same but for the bound, which is not believed
        self.assertEqual(re.sub(r" \(objective.*", "", table), re.sub(r" \(objective.*", "", evaluated))
        self.assertIn("(objective; no lower bound)", evaluated)
        self.assertEqual(evaluated, self.good("evaluate", "-", stdin=file.read_text()))

        def latency(text):
            return float(re.search(r"latency +([\d.]+) ms", text)[1])

        slower = self.good("evaluate", file, "--load", "node0=0.5")
        self.assertAlmostEqual(latency(slower) / latency(table), 2, places=1)
        faster = self.good("evaluate", file, "--cluster", LAN.replace("50", "100").replace("400", "800"))
        self.assertLess(latency(faster), latency(table))
        again = self.folder / "again.json"
        self.good("evaluate", file, "-q", "--json", again)
        self.assertEqual(json.loads(again.read_text())["stages"], json.loads(file.read_text())["stages"])

    def test_evaluate_mistakes(self):
        self.assertIn("a plan is wanted", self.fails(2, "evaluate"))
        self.fails(2, "evaluate", "a", "b")
        self.fails(2, "evaluate", "-", "--cluster", "-")
        missing = self.folder / "none.json"
        self.assertEqual(self.fails(1, "evaluate", missing), f"hidp: {missing}: No such file or directory\n")
        self.assertRegex(self.fails(1, "evaluate", self.model), rf"^hidp: {self.model}:1:\d+: ")
        file = self.folder / "plan.json"
        self.good("plan", self.model, LAN, "-q", "--json", file)
        self.assertIn("other nodes", self.fails(1, "evaluate", file, "--cluster", "cpu:50"))
        self.assertIn("--load far=1: ", self.fails(1, "evaluate", file, "--load", "far=1"))

    def test_broken_plan_is_refused(self):
        file = self.folder / "plan.json"
        self.good("plan", self.model, LAN, "-q", "--json", file)
        plan = json.loads(file.read_text())
        plan["stages"].append(plan["stages"][0])
        file.write_text(json.dumps(plan))
        message = self.fails(1, "evaluate", file)
        self.assertTrue(message.startswith(f"hidp: {file}"), message)


if __name__ == "__main__":
    HIDP, BOARDS, VERSION = sys.argv[1:4]
    WITH_JSON = sys.argv[4] == "1"
    COMMANDS += NODES if sys.argv[5] == "1" else []
    if not WITH_JSON:
        for case in (Boards, Documents):
            case.__unittest_skip__, case.__unittest_skip_why__ = True, "built without JSON"
    unittest.main(argv=[sys.argv[0]], verbosity=1)
