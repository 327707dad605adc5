# SPDX-License-Identifier: MIT
"""Nodes of a cluster as processes on this machine, for the end-to-end tests.

Keys are made on the spot, ports are free ones, everything is on loopback and in a temporary
folder, and no process outlives its Machines.
"""

import json
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

CLASSES = ("conv3x3", "conv", "depthwise", "gemm", "dense")

# A network that takes some milliseconds with plain kernels: a stem, a residual block, two
# branches that are joined, and a dense end.
MODEL = {
    "format": "hidp-model",
    "version": 1,
    "name": "small",
    "layers": [
        {"name": "image", "op": "input", "shape": [1, 3, 48, 48]},
        {"name": "stem", "op": "conv", "inputs": ["image"], "out_channels": 24,
         "kernel": [3, 3], "pad": [1, 1, 1, 1]},
        {"name": "stem.relu", "op": "activation", "inputs": ["stem"], "function": "relu"},
        {"name": "block.1", "op": "conv", "inputs": ["stem.relu"], "out_channels": 24,
         "kernel": [3, 3], "pad": [1, 1, 1, 1]},
        {"name": "block.relu", "op": "activation", "inputs": ["block.1"], "function": "relu"},
        {"name": "block.2", "op": "conv", "inputs": ["block.relu"], "out_channels": 24,
         "kernel": [3, 3], "pad": [1, 1, 1, 1]},
        {"name": "block.add", "op": "binary", "inputs": ["block.2", "stem.relu"],
         "function": "add"},
        {"name": "left", "op": "conv", "inputs": ["block.add"], "out_channels": 16,
         "kernel": [1, 1]},
        {"name": "right", "op": "conv", "inputs": ["block.add"], "out_channels": 16,
         "kernel": [5, 5], "pad": [2, 2, 2, 2]},
        {"name": "join", "op": "concat", "inputs": ["left", "right"], "axis": "channels"},
        {"name": "pool", "op": "max_pool", "inputs": ["join"], "kernel": [2, 2]},
        {"name": "last", "op": "conv", "inputs": ["pool"], "out_channels": 32,
         "kernel": [3, 3], "pad": [1, 1, 1, 1]},
        {"name": "mean", "op": "global_pool", "inputs": ["last"]},
        {"name": "classes", "op": "dense", "inputs": ["mean"], "out_channels": 10},
    ],
}  # fmt: skip


ports_given, ports_lock = set(), threading.Lock()


def free_port():
    """A port that is free now, that nobody else here was given, and that is not one of those which
    the system gives to anybody who connects."""
    while True:
        port = random.randrange(12000, 32000)
        with ports_lock:
            if port in ports_given:
                continue
            ports_given.add(port)
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def cluster(names, flops=1.5e9, speeds=None):
    """All nodes alike, or with these speeds, on a LAN that is quick enough to be worth it."""
    speeds = speeds or [1] * len(names)
    return {
        "format": "hidp-cluster",
        "version": 1,
        "nodes": [
            {
                "name": name,
                "sync_s": 20e-6,
                "processors": [
                    {
                        "name": "cpu",
                        "kind": "cpu",
                        "overhead_s": 10e-6,
                        "rate_flops": {c: flops * speed for c in CLASSES},
                        "bandwidth_Bps": {"elementwise": 2e9},
                    }
                ],
            }
            for name, speed in zip(names, speeds)
        ],
        "lan": {"bandwidth_Bps": 400e6, "latency_s": 100e-6},
    }


class Machines:
    """A cluster whose first node leads ('hidp run') while the others follow ('hidp node').

    With a network (links.py) there is a link from every node to every other: links["ab"]."""

    def __init__(
        self, hidp, names="abc", model=MODEL, options=(), kernels="reference", network=None, **how
    ):
        self.hidp, self.names = str(hidp), list(names)
        # patience, so that a busy machine is not taken for one that is gone
        self.options = ["--silence", "3s", *map(str, options)]
        if kernels is not None:
            self.options += ["--kernels", kernels]
        self.temporary = tempfile.TemporaryDirectory(prefix="hidp-e2e-")
        self.folder = Path(self.temporary.name)
        self.nodes = {}
        self.others = []
        self.cluster = self.write("cluster.json", cluster(self.names, **how))
        self.model = model if isinstance(model, str) else self.write("model.json", model)
        self.peers = [
            {"name": n, "endpoint": f"tcp://127.0.0.1:{free_port()}", "public_key": self.keys(n)}
            for n in self.names
        ]
        self.book = self.write_book("peers.json", self.peers)
        self.network, self.links, self.books = network, {}, {}
        if network is not None:
            for name in self.names:
                self.books[name] = self.write_book(f"peers-{name}.json", self.linked(name))

    def linked(self, name):
        """The address book of a node whose links go over the network."""
        peers = [dict(peer) for peer in self.peers]
        for peer in peers:
            if peer["name"] == name:
                continue
            target = int(peer["endpoint"].rsplit(":", 1)[1])
            link = self.links[name + peer["name"]] = self.network.link(target)
            peer["endpoint"] = f"tcp://127.0.0.1:{link.port}"
        return peers

    def write(self, name, content):
        path = self.folder / name
        path.write_text(json.dumps(content))
        return str(path)

    def write_book(self, name, peers):
        return self.write(name, {"format": "hidp-peers", "version": 1, "peers": peers})

    def keys(self, name):
        made = subprocess.run(
            [self.hidp, "keygen", str(self.folder / f"{name}.key")],
            capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
        return made.stdout.strip()

    def who(self, name=None, book=None, key=None):
        """Which node it is, the first if not said; where the others are; and its key."""
        name = name or self.names[0]
        return [
            "--node", name, "--peers", book or self.books.get(name, self.book),
            "--key", key or str(self.folder / f"{name}.key"),
        ]  # fmt: skip

    def common(self, name, book=None, key=None):
        return [*self.who(name, book, key), *self.options]

    def start(self, name, *more, inside=()):
        """A follower, inside what a command makes; returns when it listens."""
        err = open(self.folder / f"{name}.err", "a")
        node = subprocess.Popen(
            [*inside, self.hidp, "node", self.cluster, self.model, *self.common(name), *map(str, more)],
            stdout=subprocess.PIPE, stderr=err, text=True,
        )  # fmt: skip
        err.close()
        self.nodes[name] = node
        line = node.stdout.readline()
        if "listens at" not in line:
            raise AssertionError(f"{name} does not listen: {line}{self.said(name)}")
        return node

    def start_all(self):
        for name in self.names[1:]:
            self.start(name)

    def said(self, name):
        return (self.folder / f"{name}.err").read_text()

    def lead(self, *more, book=None, key=None):
        """The leader, under way."""
        return self.lead_as(self.common(self.names[0], book, key), *more)

    def lead_as(self, who, *more):
        command = [
            self.hidp, "run", self.model, self.cluster, *who,
            "--log", self.folder / "log", "-v", *more,
        ]  # fmt: skip
        (self.folder / "log").unlink(missing_ok=True)
        with open(self.folder / "lead.out", "w") as out, open(self.folder / "lead.err", "w") as err:
            leader = subprocess.Popen([str(c) for c in command], stdout=out, stderr=err)
        self.others.append(leader)
        return leader

    def lead_output(self):
        return (self.folder / "lead.out").read_text()

    def lead_said(self):
        return (self.folder / "lead.err").read_text()

    def log(self):
        path = self.folder / "log"
        return [json.loads(l) for l in path.read_text().splitlines()] if path.exists() else []

    def wait_for_state(self, leader, word, timeout=30):
        """Until the leader has said that it is in this state; False: it ended before."""
        end = time.monotonic() + timeout
        pattern = re.compile(rf": {word}: plan ")
        while time.monotonic() < end:
            if pattern.search(self.lead_said()):
                return True
            if leader.poll() is not None:
                return False
            time.sleep(0.001)
        raise AssertionError(f"the leader is never in state {word}:\n{self.lead_said()}")

    def nodes_used(self):
        """How many nodes the plan used that 'run --table' printed."""
        found = re.search(r", on (\d+) of (\d+) nodes|, on 1 node", self.lead_output())
        if found is None:
            raise AssertionError(f"no table:\n{self.lead_output()}")
        return int(found.group(1) or 1)

    def end(self, name, timeout=20):
        """Asks a follower to end; its exit status."""
        node = self.nodes.pop(name)
        node.send_signal(signal.SIGCONT)
        node.send_signal(signal.SIGTERM)
        try:
            code = node.wait(timeout)
        finally:
            if node.poll() is None:
                node.kill()
                node.wait()
            node.stdout.close()
        return code

    def close(self):
        for process in [*self.nodes.values(), *self.others]:
            if process.poll() is None:
                process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()
        if self.network is not None:
            self.network.remove(self.links.values())
        self.nodes, self.others, self.links = {}, [], {}
        self.temporary.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def end_with_signals():
    """A test that is told to end ends its processes first."""

    def end(number, _):
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)


def skip_without(hidp):
    if hidp == "none":
        print("skipped: hidp node was not built, for want of Jansson, hidp-zmq or hidp-reference")
        sys.exit(77)
