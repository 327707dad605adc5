#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A small cluster on one machine, for examples/demo.

    demo_cluster.py HIDP FOLDER PROFILE COST

Three nodes, each on one core of this machine and so many times slower than it. Writes into
FOLDER what 'hidp node' and 'hidp run' want: the cluster and the costs of each node, as 'hidp
profile' measured them on one core, keys, and the address book; and prints a line "NAME CORE
SLOW" for each node, the leader first.
"""

import json
import os
import random
import socket
import subprocess
import sys
from pathlib import Path

# so many times slower than a core of this machine; two of them share one
NODES = {"camera": 4, "box": 3.5, "board": 4.5}
# ZeroMQ with CURVE between processes of one machine that have other work
LAN = {"bandwidth_Bps": 250e6, "latency_s": 300e-6}


def free_port():
    """Not one of those that the system gives to anybody who connects somewhere."""
    while True:
        port = random.randrange(12000, 32000)
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def write(path, document):
    path.write_text(json.dumps(document, indent=1) + "\n")


def make_node(name, slow, core, profile):
    processor = json.loads(json.dumps(profile["processors"][0]))
    for rates in ("rate_flops", "bandwidth_Bps"):
        processor[rates] = {c: rate / slow for c, rate in processor.get(rates, {}).items()}
    processor.update(name="core", core_ids=[core])
    processor["overhead_s"] = slow * processor.get("overhead_s", 0)
    return {"name": name, "processors": [processor]}


def make_costs(name, slow, costs):
    first = json.loads(json.dumps(costs["processors"][0]))
    first.update(node=name, processor="core")
    for entry in first["costs"]:
        for key in entry:
            if key.endswith("_s") or key == "seconds":
                entry[key] *= slow
    return dict(costs, processors=[first])


def main():
    hidp, folder, profile, costs = sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4]
    profile = json.loads(Path(profile).read_text())
    costs = json.loads(Path(costs).read_text())
    cores = sorted(os.sched_getaffinity(0))[:2]
    nodes, peers = [], []
    for i, (name, slow) in enumerate(NODES.items()):
        core = cores[i % len(cores)]
        nodes.append(make_node(name, slow, core, profile["nodes"][0]))
        write(folder / f"{name}.cost.json", make_costs(name, slow, costs))
        public_key = subprocess.run(
            [hidp, "keygen", "--force", folder / f"{name}.key"],
            check=True, capture_output=True, text=True,
        ).stdout.strip()  # fmt: skip
        endpoint = f"tcp://127.0.0.1:{free_port()}"
        peers.append({"name": name, "endpoint": endpoint, "public_key": public_key})
        print(name, core, slow)
    cluster = {"format": "hidp-cluster", "version": 1, "nodes": nodes, "lan": LAN}
    write(folder / "cluster.json", cluster)
    write(folder / "peers.json", {"format": "hidp-peers", "version": 1, "peers": peers})


if __name__ == "__main__":
    main()
