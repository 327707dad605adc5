#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A network on two nodes of one core each, against one of them alone.

    two_nodes.py HIDP [--networks NAME...] [--tsv FILE] [--quick]

The nodes are processes in network namespaces of their own, joined by a link of --rate; where
namespaces are not allowed, on loopback. First 'hidp profile' measures the networks on one core,
and two processes measure the link; then 'hidp run' plans with that, for a stream of requests and
for single ones.
"""

import argparse
import contextlib
import json
import os
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

NODES = ("a", "b")
ADDRESSES = ("192.0.2.1", "192.0.2.2")  # for documentation: nobody has them
ECHO_BYTES = 8 << 20
CLASSES = ("conv3x3", "conv", "depthwise", "gemm", "dense")


def run(*command, timeout=600):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=timeout, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}:\n{done.stdout}{done.stderr}")
    return done.stdout


# ---- the two places: where each node's processes run, and what its address is ----


class Loopback:
    """Both nodes where everything else is, too."""

    name = "loopback"
    addresses = ("127.0.0.1", "127.0.0.1")

    def inside(self, _):
        return []

    def close(self):
        pass


class Namespaces:
    """A network namespace for each node, joined by a link that is shaped at both ends."""

    addresses = ADDRESSES

    def __init__(self, rate):
        if os.geteuid() != 0 or not shutil.which("ip") or not shutil.which("tc"):
            raise OSError("that needs root, ip and tc")
        self.name = f"namespaces, {rate}"
        self.spaces = [f"hidp-bench-{os.getpid()}-{n}" for n in NODES]
        try:
            for space in self.spaces:
                self.tell("ip", "netns", "add", space)
            self.tell("ip", "link", "add", "hidp", "netns", self.spaces[0],
                      "type", "veth", "peer", "name", "hidp", "netns", self.spaces[1])  # fmt: skip
            for space, address in zip(self.spaces, ADDRESSES):
                self.tell("ip", "-n", space, "address", "add", f"{address}/30", "dev", "hidp")
                self.tell("ip", "-n", space, "link", "set", "lo", "up")
                self.tell("ip", "-n", space, "link", "set", "hidp", "up")
                self.tell("tc", "-n", space, "qdisc", "add", "dev", "hidp", "root", "tbf",
                          "rate", rate, "burst", "128kb", "latency", "50ms")  # fmt: skip
        except OSError:
            self.close()
            raise

    @staticmethod
    def tell(*command):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise OSError(f"{' '.join(command)}: {done.stderr.strip()}")

    def inside(self, which):
        return ["ip", "netns", "exec", self.spaces[which]]

    def close(self):
        for space in self.spaces:
            subprocess.run(["ip", "netns", "delete", space], capture_output=True, check=False)


def make_place(arguments):
    if arguments.loopback:
        return Loopback()
    try:
        return Namespaces(arguments.rate)
    except OSError as error:
        print(f"loopback, not namespaces: {error}")
        return Loopback()


# ---- the link ----


def receive(connection, count):
    got = 0
    while got < count:
        data = connection.recv(min(1 << 20, count - got))
        if not data:
            sys.exit("the link is gone")
        got += len(data)


def echo(address):
    """Answers every message of a byte with a byte, and one of ECHO_BYTES, too."""
    with socket.create_server((address, 0)) as server:
        print(server.getsockname()[1], flush=True)
        connection, _ = server.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection:
            for count in 200 * [1] + 3 * [ECHO_BYTES]:
                receive(connection, count)
                connection.sendall(b"x")


def measure(address, port):
    """Latency one way and bytes per second, on standard output."""
    with socket.create_connection((address, port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        times = []
        for message in 200 * [b"x"] + 3 * [b"x" * ECHO_BYTES]:
            began = time.monotonic()
            connection.sendall(message)
            receive(connection, 1)
            times.append(time.monotonic() - began)
    trip = statistics.median(times[:200])
    print(json.dumps({"latency_s": trip / 2, "bandwidth_Bps": ECHO_BYTES / (statistics.median(times[200:]) - trip)}))


def measure_link(place):
    here = [sys.executable, "-B", __file__]
    far = subprocess.Popen(
        [*place.inside(1), *here, "--echo", place.addresses[1]], stdout=subprocess.PIPE, text=True
    )
    try:
        port = far.stdout.readline().strip()
        return json.loads(run(*place.inside(0), *here, "--measure", place.addresses[1], port))
    finally:
        far.kill()
        far.wait()
        far.stdout.close()


# ---- the nodes ----


class Bench:
    def __init__(self, arguments, place, folder):
        self.hidp, self.arguments, self.place, self.folder = arguments.hidp, arguments, place, Path(folder)
        self.cores = sorted(os.sched_getaffinity(0))[:2]
        self.image = ["--image", "64"] if arguments.quick else []
        self.link = measure_link(place)

    def write(self, name, document):
        path = self.folder / name
        path.write_text(json.dumps(document))
        return str(path)

    def profile(self, network):
        """What the network takes on a core: nodes that are alike, and their cost files."""
        # rates only say what the core can compute at all: they are measured next
        core = {"name": "core", "kind": "cpu", "core_ids": self.cores[:1],
                "rate_flops": {c: 1e10 for c in CLASSES}, "bandwidth_Bps": {"elementwise": 1e9}}  # fmt: skip
        alone = self.write("core.json", {"format": "hidp-cluster", "version": 1,
                           "nodes": [{"name": "node", "processors": [core]}]})  # fmt: skip
        profile, cost = self.folder / "profile.json", self.folder / "cost.json"
        run("taskset", "-c", self.cores[0], self.hidp, "profile", network, "--kernels", self.arguments.kernels,
            "--cluster", alone, "--time", f"{self.arguments.time}s", "--profile", profile, "--cost", cost,
            *self.image)  # fmt: skip
        nodes, costs = [], []
        for name, number in zip(NODES, self.cores):
            node = json.loads(profile.read_text())["nodes"][0]
            node["name"] = name
            node["processors"][0]["core_ids"] = [number]
            nodes.append(node)
            times = json.loads(cost.read_text())
            times["processors"][0]["node"] = name
            costs.append(self.write(f"{name}.cost.json", times))
        return nodes, costs

    def prepare(self, network):
        nodes, self.costs = self.profile(network)
        self.network = network
        self.cluster = self.write(f"{network}.json", {"format": "hidp-cluster", "version": 1,
                                  "nodes": nodes, "lan": self.link})  # fmt: skip
        peers = []
        for name, address in zip(NODES, self.place.addresses):
            key = run(self.hidp, "keygen", "--force", self.folder / f"{name}.key").strip()
            endpoint = f"tcp://{address}:{random.randrange(12000, 32000)}"
            peers.append({"name": name, "endpoint": endpoint, "public_key": key})
        self.peers = self.write("peers.json", {"format": "hidp-peers", "version": 1, "peers": peers})

    def options(self, which, alone=False):
        common = ["--node", NODES[which], "--kernels", self.arguments.kernels, "--cores", str(self.cores[which]),
                  *self.image]  # fmt: skip
        if alone:
            return common
        return [*common, "--peers", self.peers, "--key", str(self.folder / f"{NODES[which]}.key"), "--silence", "5s"]

    @contextlib.contextmanager
    def follower(self):
        with open(self.folder / "b.err", "w", encoding="utf-8") as err:
            node = subprocess.Popen(
                [*self.place.inside(1), self.hidp, "node", self.cluster, self.network, *self.options(1)],
                stdout=subprocess.PIPE, stderr=err, text=True,
            )  # fmt: skip
        try:
            if "listens at" not in node.stdout.readline():
                sys.exit((self.folder / "b.err").read_text(encoding="utf-8"))
            yield
        finally:
            node.terminate()
            node.wait()
            node.stdout.close()

    def lead(self, alone, stream):
        """Measured and predicted (requests per second of a stream, else seconds), and how many nodes the plan has."""
        plan = self.folder / "plan.json"
        how = ["--stream", "--objective", "throughput", "--parallel", "8"] if stream else []
        cost = self.costs[:1] if alone else self.costs
        said = run(
            *self.place.inside(0), self.hidp, "run", self.network, self.cluster, *self.options(0, alone),
            *(o for c in cost for o in ("--cost", c)), *how, "--repeat", self.arguments.requests * (2 if stream else 1),
            "--quiet", "--table", "--json", plan,
        )  # fmt: skip
        if " 0 failed" not in said:
            sys.exit(f"{self.network}: a request failed\n{said}")
        found = re.search(r", on (\d+) of \d+ nodes", said)
        nodes = int(found[1]) if found else 1
        if stream:
            rates = re.search(r"^throughput +([\d.]+) requests/s, predicted ([\d.]+)", said, re.M)
            return float(rates[1]), float(rates[2]), nodes
        measured = re.search(r"^latency +median ([\d.]+) ms", said, re.M)
        predicted = re.search(r"^predicted +([\d.]+) ms", said, re.M)
        return float(measured[1]) / 1e3, float(predicted[1]) / 1e3, nodes

    def rounds(self):
        """Rows of what, one and two nodes by turns."""
        taken = {}
        with self.follower():
            for _ in range(self.arguments.rounds):
                for stream in (True, False):
                    for alone in (True, False):
                        taken.setdefault((stream, alone), []).append(self.lead(alone, stream))
        for stream in (True, False):
            row = [self.network, "throughput_rps" if stream else "latency_s"]
            medians = []
            for alone in (True, False):
                measured = statistics.median(t[0] for t in taken[stream, alone])
                row += [measured, taken[stream, alone][-1][1]]
                medians.append(measured)
            yield [*row, taken[stream, False][-1][2], medians[1] / medians[0]]


COLUMNS = ("network", "what", "one", "one_predicted", "two", "two_predicted", "nodes", "ratio")


def arguments_of(command):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("hidp")
    parser.add_argument("--networks", nargs="+", default=["vgg19", "resnet152"])
    parser.add_argument("--rate", default="1gbit", help="of the link, as tc has it")
    parser.add_argument("--loopback", action="store_true", help="no namespaces")
    parser.add_argument("--kernels", default="onednn")
    parser.add_argument("--time", type=float, default=20, help="seconds for each profile")
    parser.add_argument("--requests", type=int, default=20, help="one after another; twice as many in a stream")
    parser.add_argument("--rounds", type=int, default=5, help="of which the medians are taken")
    parser.add_argument("--tsv")
    parser.add_argument("--quick", action="store_true", help="does it work? figures mean nothing")
    arguments = parser.parse_args(command)
    if arguments.quick:
        arguments.networks, arguments.time, arguments.requests, arguments.rounds = ["mobilenet_v2"], 1, 4, 1
    return arguments


def main():
    if sys.argv[1:2] == ["--echo"]:
        return echo(sys.argv[2])
    if sys.argv[1:2] == ["--measure"]:
        return measure(sys.argv[2], int(sys.argv[3]))
    arguments = arguments_of(sys.argv[1:])
    if len(os.sched_getaffinity(0)) < 2:
        print("skipped: there are no two cores")
        return 77
    place = make_place(arguments)
    rows = []
    try:
        with tempfile.TemporaryDirectory(prefix="hidp-nodes-") as folder:
            bench = Bench(arguments, place, folder)
            print(f"two nodes of one core each ({place.name}): "
                  f"{bench.link['latency_s'] * 1e6:.0f} us, {bench.link['bandwidth_Bps'] * 8e-6:.0f} Mbit/s measured")
            print(f"{'network':16}{'what':16}{'one':>10}{'predicted':>11}{'two':>10}{'predicted':>11}"
                  f"{'nodes':>7}{'two/one':>9}")
            for network in arguments.networks:
                bench.prepare(network)
                for row in bench.rounds():
                    rows.append(row)
                    print("{:16}{:16}{:10.4g}{:11.4g}{:10.4g}{:11.4g}{:7}{:9.3f}".format(*row), flush=True)
    finally:
        place.close()
    if arguments.tsv:
        text = f"# two_nodes: {place.name}\n" + "\t".join(COLUMNS) + "\n"
        text += "".join("\t".join(map(str, row)) + "\n" for row in rows)
        Path(arguments.tsv).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
