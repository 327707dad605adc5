#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Recomputes the figures of plans from their JSON and doc/cost-model.md, and compares.

    recompute.py FILE...             plans as hidp_plan_to_json() writes them
    recompute.py --from PROGRAM [ARGUMENT...]
                                     PROGRAM ARGUMENT... DIRECTORY writes the files first

Shares no code with the library; the standard library of Python is all it needs.
"""

import itertools
import json
import math
import pathlib
import subprocess
import sys
import tempfile

from recompute_model import Layer, Recomputed

CLASSES = ["none", "conv3x3", "conv", "depthwise", "gemm", "dense", "elementwise", "custom"]
DTYPE_BYTES = {"fp32": 4, "fp16": 2, "bf16": 2, "int8": 1}


def read_layer(layer):
    inputs = []
    for i in layer["inputs"]:
        rule = i["row_rule"]
        inputs.append((i["layer"], (rule["stride"], rule["divisor"], rule["pad"], rule["extent"]),
                       i["own_channels"]))
    return Layer(layer["name"], CLASSES.index(layer["op_class"]), layer["op"] == "input",
                 layer["output"], layer["shape"], layer["element_bytes"], layer["flops"],
                 layer["weight_bytes"], layer["workspace_bytes"], layer["channel_grain"],
                 layer["memory_measured"], inputs, layer["op"] == "embedding")


def read_node(node):
    figures = ["memory_bandwidth_Bps", "sync_s", "nic_bandwidth_Bps", "load_bandwidth_Bps",
               "power_idle_w", "power_transmit_w", "power_receive_w", "receive_buffers",
               "send_buffers"]
    out = {name: node.get(name, 0) for name in figures}
    out.update({name: node.get(name, False) for name in ["hub", "transfers_are_work"]})
    out["processors"] = []
    for processor in node["processors"]:
        p = {name: processor.get(name, 0)
             for name in ["overhead_s", "load", "power_active_w", "copy_bandwidth_Bps"]}
        for name in ["rate_flops", "bandwidth_Bps"]:
            p[name] = [processor.get(name, {}).get(c, 0) for c in CLASSES]
        out["processors"].append(p)
    return out


def read_links(cluster):
    names = [node["name"] for node in cluster["nodes"]]
    media = cluster.get("media", [])

    def figures(link):
        return {
            "bandwidth_Bps": float(link["bandwidth_Bps"]),
            "latency_s": link.get("latency_s", 0),
            "wire_bytes": DTYPE_BYTES[link["wire_dtype"]] if "wire_dtype" in link else None,
            "medium": media.index(link["medium"]) if "medium" in link else None,
        }

    links = {}
    if "lan" in cluster:
        pairs = itertools.permutations(range(len(names)), 2)
        links = {pair: figures(cluster["lan"]) for pair in pairs}
    for link in cluster.get("links", []):
        u, v = names.index(link["from"]), names.index(link["to"])
        links[u, v] = figures(link)
        if link.get("both_ways"):
            links[v, u] = links[u, v]
    return links


def read_stages(document, layers):
    """Stages with the lists of layers that follow from their counts."""
    stages, first = [], 0
    for stage in document["stages"]:
        stage = dict(stage, first_layer=first, shares=[dict(s) for s in stage["shares"]])
        computing = [l for l in range(first, first + stage["layer_count"])
                     if not layers[l].is_input]
        first += stage["layer_count"]
        for share in stage["shares"]:
            share.setdefault("layers", computing)
            share["steps"] = [dict(step, slices=[dict(piece) for piece in step["slices"]])
                              for step in share["steps"]]
            at = 0
            for step in share["steps"]:
                step["layers"] = share["layers"][at:at + step["layer_count"]]
                at += step["layer_count"]
                for piece in step["slices"]:
                    piece.setdefault("layers", step["layers"])
        stages.append(stage)
    return stages


def read_request(options):
    objective = options["objective"]
    weights = {
        "latency": [1, 0, 0], "period": [0, 1, 0], "energy": [0, 0, 1],
        "weighted": [options.get(name, 0)
                     for name in ("latency_weight", "period_weight", "energy_weight")],
    }[objective]
    resident = None
    if "resident" in options:
        resident = {(r["layer"], r["node"]) for r in options["resident"]}
    return {
        "stream": options.get("stream", False) or objective == "period",
        "input_node": options.get("input_node", options["leader"]),
        "output_node": options.get("output_node", options["leader"]),
        "resident": resident,
        "weights": weights + [options.get("migration_weight", 0)],
    }


def read(document):
    problem = read_request(document["options"])
    problem["layers"] = [read_layer(layer) for layer in document["derived"]["layers"]]
    problem["nodes"] = [read_node(node) for node in document["cluster"]["nodes"]]
    problem["links"] = read_links(document["cluster"])
    problem["media"] = len(document["cluster"].get("media", []))
    problem["entries"] = {}
    for entry in document.get("cost") or []:
        if not entry.get("unsupported", False):
            at = entry["layer"], entry["node"], entry["processor"]
            problem["entries"][at] = {name: entry.get(name, 0) for name in
                                      ("seconds", "row_fixed_s", "channel_fixed_s")}
    return Recomputed(problem, read_stages(document, problem["layers"]))


class Comparison:
    def __init__(self):
        self.differences = []

    def close(self, name, recomputed, stated):
        # the other way round, what is not a number would pass
        if not abs(recomputed - stated) <= 1e-9 * max(abs(recomputed), abs(stated)):
            self.differences.append("%s: recomputed %.17g, stated %.17g" %
                                    (name, recomputed, stated))

    def rounded(self, name, recomputed, stated, rounding):
        """Whole numbers; where the sum lies within 1e-9 of one, the next is right as well."""
        allowed = {rounding(recomputed * (1 + sign * 1e-9)) for sign in (-1, 0, 1)}
        if stated not in allowed:
            self.differences.append("%s: recomputed %.17g, stated %d" %
                                    (name, recomputed, stated))

    def same(self, name, recomputed, stated):
        if recomputed != stated:
            self.differences.append("%s: recomputed %s, stated %s" % (name, recomputed, stated))


def compare_tasks(c, recomputed, stated):
    def key(task):
        return [task.get(name, -1) for name in
                ("stage", "share", "kind", "step", "slice", "node", "to", "layer", "row_begin")]

    c.same("tasks", len(recomputed), len(stated))
    for ours, theirs in zip(sorted(recomputed, key=key), sorted(stated, key=key)):
        c.same("task %s" % key(ours), ours.keys(), theirs.keys())
        for name, value in ours.items() if ours.keys() == theirs.keys() else []:
            label = "task %s: %s" % (key(ours), name)
            if name.endswith("_s"):
                c.close(label, value, theirs[name])
            elif name in ("row_begin", "row_end"):
                # no row at all can be written in several ways
                if ours["row_begin"] < ours["row_end"]:
                    c.same(label, value, theirs[name])
            else:
                c.same(label, value, theirs[name])


def compare_routes(c, ours, stated):
    nodes = range(len(ours.nodes))
    for u, v in itertools.permutations(nodes, 2):
        hop = stated[u][v] if stated is not None else v
        c.same("next hop from %d to %d" % (u, v), ours.next_hop.get((u, v)), hop)


def compare(ours, document):
    stated = document["figures"]
    c = Comparison()
    for name in ("latency_s", "period_s", "energy_j", "objective", "migration_s"):
        c.close(name, getattr(ours, name), stated[name])
    c.same("migration_bytes", ours.migration_bytes, stated["migration_bytes"])
    c.rounded("transfer_bytes", ours.transfer_bytes, stated["transfer_bytes"], math.floor)
    c.same("nodes", len(ours.nodes), len(stated["nodes"]))
    for n, node in enumerate(stated["nodes"]):
        where = "node %d: " % n
        c.rounded(where + "memory_bytes", ours.memory_bytes[n], node["memory_bytes"], math.ceil)
        c.same(where + "weight_bytes", ours.weight_bytes[n], node["weight_bytes"])
        c.close(where + "transmit_s", ours.transmit_s[n], node["transmit_s"])
        c.close(where + "receive_s", ours.receive_s[n], node["receive_s"])
        c.close(where + "energy_j", ours.node_energy_j[n], node["energy_j"])
        c.same(where + "processors", len(ours.nodes[n]["processors"]), len(node["processors"]))
        for p, processor in enumerate(node["processors"]):
            at = where + "processor %d: " % p
            c.rounded(at + "memory_bytes", ours.processor_memory_bytes[n, p],
                      processor["memory_bytes"], math.ceil)
            c.close(at + "busy_s", ours.busy_s[n, p], processor["busy_s"])
    for m, medium in enumerate(stated["media"]):
        c.close("medium %d: busy_s" % m, ours.medium_busy_s[m], medium["busy_s"])
    compare_tasks(c, ours.timeline, document["timeline"])
    compare_routes(c, ours, document["derived"].get("next_hop"))
    return c.differences


def numbers(value, path=()):
    """(path, holder, key) of every number below a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        if isinstance(item, (dict, list)):
            yield from numbers(item, path + (key,))
        elif isinstance(item, (int, float)) and not isinstance(item, bool):
            yield path + (key,), value, key


def unnoticed(ours, document):
    """Figures that could be another number without the comparison saying so."""
    searched = {"lower_bound", "gap", "work"}  # say something of the search, not of the plan
    for part in ("figures", "timeline"):
        for path, holder, key in numbers(document[part]):
            nothing = (part == "timeline" and
                       holder["row_begin"] >= holder["row_end"] and key.startswith("row_"))
            if key in searched or nothing:
                continue
            was = holder[key]
            # rounded sums of bytes may be one off
            holder[key] = was + 2 if isinstance(was, int) else was * (1 + 1e-8) or 1e-12
            if not compare(ours, document):
                yield "%s: %s" % (part, path)
            holder[key] = was


def check_files(files):
    wrong = 0
    for number, file in enumerate(files):
        document = json.loads(pathlib.Path(file).read_text(encoding="utf-8"))
        ours = read(document)
        differences = compare(ours, document)
        if number % 100 == 0 and not differences:  # does the comparison compare?
            differences = ["a wrong number is not noticed: %s" % u
                           for u in unnoticed(ours, document)]
        for difference in differences:
            print("%s: %s" % (file, difference))
        wrong += bool(differences)
    print("%d plans recomputed, %d differ" % (len(files), wrong))
    return 1 if wrong or not files else 0


def main(arguments):
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    if arguments[0] != "--from":
        return check_files(arguments)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(arguments[1:] + [folder], check=True)
        return check_files(sorted(str(file) for file in pathlib.Path(folder).iterdir()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
