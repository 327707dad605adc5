# SPDX-License-Identifier: MIT
"""What a plan costs, written from doc/cost-model.md alone.

Section numbers in comments are those of that page. Sets of rows are integers with
one bit per row, so that presence is followed row by row.
"""

import itertools
import math


def empty(rows):
    return rows[1] <= rows[0]


def length(rows):
    return max(0, rows[1] - rows[0])


def hull(a, b):
    if empty(a):
        return b
    if empty(b):
        return a
    return (min(a[0], b[0]), max(a[1], b[1]))


def mask(rows):
    return ((1 << length(rows)) - 1) << rows[0] if not empty(rows) else 0


def count(bits):
    return bin(bits).count("1")


def lowest(bits):
    return (bits & -bits).bit_length() - 1


class Layer:
    """A layer of the model, with what section 1 and 2 reckon from."""

    def __init__(self, name, op_class, is_input, is_output, shape, dtype_bytes, flops,
                 weight_bytes, workspace_bytes, channel_grain, memory_measured, inputs,
                 looks_up=False):
        self.name = name
        self.op_class = op_class
        self.is_input = is_input
        self.is_output = is_output
        self.batch, self.channels, self.rows, self.width = shape
        self.dtype_bytes = dtype_bytes
        self.flops = flops
        self.weight_bytes = weight_bytes
        self.workspace_bytes = workspace_bytes
        self.memory_measured = memory_measured
        self.looks_up = looks_up
        self.groups = self.channels // channel_grain if channel_grain > 0 else 1
        self.inputs = inputs  # (layer, (stride, divisor, pad, extent), own channels)
        self.elements_per_row = self.batch * self.channels * self.width
        self.row_bytes = self.elements_per_row * dtype_bytes


def need(rule, rows, of):
    """Section 1: rows of an input of `rows` rows that the output rows `of` need."""
    if empty(of):
        return (0, 0)
    stride, divisor, pad, extent = rule
    first = (of[0] * stride - pad) // divisor
    last = ((of[1] - 1) * stride - pad + extent - 1) // divisor
    return (max(first, 0), min(last + 1, rows))


def rows_read(rule, rows, r):
    stride, divisor, _, extent = rule
    return min(rows, ((r - 1) * stride + extent - 1) // divisor + 1)


class Recomputed:
    """All figures of one plan.

    problem: layers, nodes, links, media, entries, and what is asked (see recompute.py)
    stages:  the decisions, as nested dictionaries
    """

    def __init__(self, problem, stages):
        self.p = problem
        self.layers = problem["layers"]
        self.nodes = problem["nodes"]
        self.stages = stages
        self.stream = problem["stream"]
        self.last_stage_of_reader = self.find_readers()
        self.next_hop = self.find_routes()
        self.place_steps()
        self.add_up()

    # ---- sections 3 and 4: who computes which rows

    def need_outside(self, layers, comp):
        """Hulls of the rows that layers read of tensors that none of them makes."""
        wanted = {}
        for l in layers:
            for i, rule, _ in self.layers[l].inputs:
                if i in layers:
                    continue
                rows = need(rule, self.layers[i].rows, comp[l])
                wanted[i] = hull(wanted.get(i, (0, 0)), rows)
        return {t: wanted[t] for t in sorted(wanted) if not empty(wanted[t])}

    def backwards(self, layers, own):
        comp = dict(own)
        for l in reversed(layers):
            for i, rule, _ in self.layers[l].inputs:
                if i in comp:
                    comp[i] = hull(comp[i], need(rule, self.layers[i].rows, comp[l]))
        return comp

    def place_steps(self):
        for stage in self.stages:
            for share in stage["shares"]:
                own = {}
                for l in share["layers"]:
                    h = self.layers[l].rows
                    own[l] = (0, h)
                    if stage["kind"] == "split":
                        units = stage["row_units"]
                        own[l] = (share["row_begin"] * h // units, share["row_end"] * h // units)
                share["own"] = own
                share["comp"] = self.backwards(share["layers"], own)
                for step in share["steps"]:
                    for piece in step["slices"]:
                        piece["comp"] = self.slice_comp(share["comp"], step, piece)

    def slice_comp(self, comp, step, piece):
        if step["kind"] != "rows" or len(step["slices"]) == 1:
            return {l: comp[l] for l in piece["layers"]}
        z0, z1 = comp[step["layers"][-1]]
        own = {}
        for l in step["layers"]:
            l0, l1 = comp[l]
            n = length(comp[l])
            own[l] = (l0 + (piece["begin"] - z0) * n // (z1 - z0),
                      l0 + (piece["end"] - z0) * n // (z1 - z0))
        return self.backwards(step["layers"], own)

    # ---- section 2: one layer on one processor

    def part(self, l, step, piece):
        """q_c of a slice."""
        if step["kind"] != "channels":
            return 1.0
        return (piece["end"] - piece["begin"]) / self.layers[l].groups

    def moved(self, l, r, q_c):
        layer = self.layers[l]
        if r == 0 or layer.op_class == 0:
            return 0.0
        weights = r * layer.row_bytes if layer.looks_up else layer.weight_bytes
        b = r * layer.row_bytes * q_c + weights * q_c
        for i, rule, own in layer.inputs:
            f = q_c if own else 1.0
            b += rows_read(rule, self.layers[i].rows, r) * self.layers[i].row_bytes * f
        return b

    def time(self, l, n, p, r, q_c, channels):
        layer, processor = self.layers[l], self.nodes[n]["processors"][p]
        if r == 0:
            return 0.0
        free = 1 - processor["load"]
        q = r / layer.rows * q_c
        entry = self.p["entries"].get((l, n, p))
        if entry is not None:
            fixed = entry["channel_fixed_s"] if channels else entry["row_fixed_s"]
            return (fixed + q * (entry["seconds"] - fixed)) / free
        if layer.op_class == 0:
            return 0.0
        rate = processor["rate_flops"][layer.op_class]
        bandwidth = processor["bandwidth_Bps"][layer.op_class]
        compute = q * layer.flops / rate if rate > 0 else 0.0
        move = self.moved(l, r, q_c) / bandwidth if bandwidth > 0 else 0.0
        return (processor["overhead_s"] + max(compute, move)) / free

    # ---- section 4: a share on its node

    def run_share(self, share, before, present, busy, log):
        """Duration of a share; `before`: the step before its first, or None.

        log(step, slice, start, end, wait) hears of every slice.
        """
        n = share["node"]
        node = self.nodes[n]
        memory = dict(present)  # tensor -> rows in the node's memory
        own = [dict() for _ in node["processors"]]  # the same for memories of processors
        duration = 0.0
        for number, step in enumerate(share["steps"]):
            took = self.run_step(n, node, step, before, memory, own, busy)
            for k, (seconds, wait) in enumerate(took):
                log(number, k, duration, duration + seconds, wait)
            duration += max(seconds for seconds, _ in took)
            before = step
        last = 0.0
        for p, processor in enumerate(node["processors"]):
            copied = 0.0
            for t in share["layers"]:
                if not self.read_outside(t, share["layers"]):
                    continue
                rows = own[p].get(t, 0) & ~memory.get(t, 0)
                copied += count(rows) * self.layers[t].row_bytes
                memory[t] = memory.get(t, 0) | rows
            if copied > 0:
                seconds = copied / processor["copy_bandwidth_Bps"]
                busy[n, p] += seconds
                last = max(last, seconds)
        return duration + last

    def run_step(self, n, node, step, before, memory, own, busy):
        h = 0.0
        if before is not None:
            same = (step["kind"] == "single" and before["kind"] == "single" and
                    step["slices"][0]["processor"] == before["slices"][0]["processor"])
            h = 0.0 if same else node["sync_s"]
        channels = step["kind"] == "channels"
        times, total_bytes = [], 0.0
        for piece in step["slices"]:
            t = 0.0
            for l in piece["layers"]:
                r, q_c = length(piece["comp"][l]), self.part(l, step, piece)
                t += self.time(l, n, piece["processor"], r, q_c, channels)
                total_bytes += self.moved(l, r, q_c)
            times.append(t)
        took = []  # time of each slice, and how much of it is not computing
        for piece, t in zip(step["slices"], times):
            p = piece["processor"]
            copy = node["processors"][p]["copy_bandwidth_Bps"]
            if len(step["slices"]) > 1 and node["memory_bandwidth_Bps"] > 0:
                t = max(t, total_bytes / node["memory_bandwidth_Bps"])
            fetch, came_in = self.fetch(n, node, piece, memory, own, busy)
            out = 0.0
            if channels and copy > 0:
                l = piece["layers"][0]
                out = (length(piece["comp"][l]) * self.layers[l].row_bytes *
                       self.part(l, step, piece) / copy)
            took.append((h + fetch + t + out, h + fetch + out))
            busy[n, p] += h + came_in + t + out
        for piece in step["slices"]:
            p = piece["processor"]
            has_own = node["processors"][p]["copy_bandwidth_Bps"] > 0
            where = own[p] if has_own and not channels else memory
            for l in piece["layers"]:
                where[l] = where.get(l, 0) | mask(piece["comp"][l])
        return took

    def fetch(self, n, node, piece, memory, own, busy):
        p = piece["processor"]
        copy = node["processors"][p]["copy_bandwidth_Bps"]
        fetch = came_in = 0.0
        for t, rows in self.need_outside(piece["layers"], piece["comp"]).items():
            bytes_per_row = self.layers[t].row_bytes
            have = own[p].get(t, 0) if copy > 0 else memory.get(t, 0)
            wanted = mask(rows) & ~have
            absent = wanted & ~memory.get(t, 0)
            for q, other in enumerate(own):
                rows_there = absent & other.get(t, 0)
                if rows_there == 0:
                    continue
                seconds = (count(rows_there) * bytes_per_row /
                           node["processors"][q]["copy_bandwidth_Bps"])
                fetch += seconds
                busy[n, q] += seconds
                absent &= ~rows_there
                memory[t] = memory.get(t, 0) | rows_there
            assert absent == 0, "rows of %s are nowhere" % self.layers[t].name
            if copy > 0:
                seconds = count(wanted) * bytes_per_row / copy
                fetch += seconds
                came_in += seconds
                own[p][t] = have | wanted
        return fetch, came_in

    def read_outside(self, t, layers):
        return self.layers[t].is_output or any(
            i == t for l in range(len(self.layers)) if l not in layers
            for i, _, _ in self.layers[l].inputs)

    # ---- section 5: stages and messages

    def rate(self, u, v):
        limits = [self.p["links"][u, v]["bandwidth_Bps"]]
        limits += [self.nodes[n]["nic_bandwidth_Bps"] for n in (u, v)]
        return min(limit for limit in limits if limit > 0)

    def find_routes(self):
        nodes = range(len(self.nodes))
        time = {(u, v): math.inf for u in nodes for v in nodes}
        hop = {}
        for (u, v), link in self.p["links"].items():
            time[u, v] = link["latency_s"] + 2**20 / self.rate(u, v)
            hop[u, v] = v
        for k, u, v in itertools.product(nodes, nodes, nodes):
            if u != k and v not in (u, k) and time[u, k] + time[k, v] < time[u, v]:
                time[u, v] = time[u, k] + time[k, v]
                hop[u, v] = hop[u, k]
        return hop

    def send(self, state, wanted, to):
        """Brings rows {tensor: bits} to a node; returns the last arrival of what is asked for."""
        for t, rows in wanted.items():
            missing = rows & ~state.present[to].get(t, 0)
            by_owner = {}
            for owner, owned in state.owner[t]:
                if missing & owned:
                    by_owner[owner] = by_owner.get(owner, 0) | missing & owned
            for owner in sorted(by_owner, key=lambda o: lowest(by_owner[o])):
                at = owner
                while at != to:
                    hop = self.next_hop[at, to]
                    carried = by_owner[owner] & ~state.present[hop].get(t, 0)
                    if carried:
                        self.message(state, t, carried, at, hop)
                    at = hop
        latest = 0.0
        for t, rows in wanted.items():
            while rows:
                r = lowest(rows)
                rows &= rows - 1
                latest = max(latest, state.arrival.get((to, t, r), 0.0))
        return latest

    def message(self, state, t, rows, u, v):
        link = self.p["links"][u, v]
        layer = self.layers[t]
        size = count(rows) * layer.elements_per_row * (link["wire_bytes"] or layer.dtype_bytes)
        wire = size / self.rate(u, v)
        start = max(state.sender.get(u, 0.0), state.receiver.get(v, 0.0))
        bits = rows
        while bits:
            r = lowest(bits)
            bits &= bits - 1
            start = max(start, state.arrival.get((u, t, r), 0.0))
        m = link["medium"]
        if m is not None:
            start = max(start, state.medium.get(m, 0.0))
            state.medium[m] = start + wire
            state.medium_busy[m] += wire
        state.sender[u] = state.receiver[v] = start + wire
        state.transmit[u] += wire
        state.receive[v] += wire
        state.bytes += size
        state.buffered[u] += count(rows) * layer.row_bytes * self.nodes[u]["send_buffers"]
        state.buffered[v] += count(rows) * layer.row_bytes * self.nodes[v]["receive_buffers"]
        state.sent(t, rows, u, v, m, start, wire, start + wire + link["latency_s"], size)
        state.active |= {u, v}
        state.present[v][t] = state.present[v].get(t, 0) | rows
        while rows:
            r = lowest(rows)
            rows &= rows - 1
            state.arrival[v, t, r] = start + wire + link["latency_s"]

    def run_route(self, choice):
        state = Route(self, choice)
        latency = 0.0
        for s, stage in enumerate(self.stages):
            shares = state.shares(s)
            state.begin_stage(s, latency)
            self.forget(state, s)
            begins, end = [], 0.0
            for number, share in shares:
                state.receiver_share = number
                wanted = self.need_outside(share["layers"], share["comp"])
                wanted = {t: mask(rows) for t, rows in wanted.items()}
                self.send(state, wanted, share["node"])
                begins.append(wanted)
            for (number, share), wanted in zip(shares, begins):
                n = share["node"]
                begin = self.send(state, wanted, n)  # all is there: sends nothing
                before = state.last_step(s - 1, n)
                duration = self.run_share(share, before, state.present[n], state.busy,
                                          state.ran(number, share, begin))
                end = max(end, begin + duration)
            latency += end
            self.hold(state, [share for _, share in shares])
            state.end_stage([share for _, share in shares])
        state.begin_stage(len(self.stages), latency)
        self.forget(state, len(self.stages))
        delivery = 0.0
        for t, layer in enumerate(self.layers):
            if layer.is_output:
                everything = {t: mask((0, layer.rows))}
                delivery = max(delivery, self.send(state, everything, self.p["output_node"]))
        state.latency = latency + delivery
        self.hold(state, [])
        return state

    # ---- section 9: memory

    def find_readers(self):
        last = {}
        for s, stage in enumerate(self.stages):
            for l in range(stage["first_layer"], stage["first_layer"] + stage["layer_count"]):
                for i, _, _ in self.layers[l].inputs:
                    last[i] = max(last.get(i, 0), s)
        return last

    def working_set(self, layers, rows):
        largest = 0.0
        for k, l in enumerate(layers):
            total = 0.0
            for o in layers[:k + 1]:
                later = any(i == o for reader in layers[k:] for i, _, _ in self.layers[reader].inputs)
                outside = self.read_outside(o, layers)
                if outside or (not self.layers[o].memory_measured and (o == l or later)):
                    total += rows[o] * self.layers[o].row_bytes
            total += self.layers[l].workspace_bytes * rows[l] / self.layers[l].rows
            largest = max(largest, total)
        return largest

    def share_working_set(self, share):
        rows = {}
        for step in share["steps"]:
            for piece in step["slices"][:1] if step["kind"] == "channels" else step["slices"]:
                for l in piece["layers"]:
                    rows[l] = rows.get(l, 0) + length(piece["comp"][l])
        return self.working_set(share["layers"], rows)

    def last_use(self, state, n, t):
        owns = self.nodes[n]["hub"] or any(o == n and bits for o, bits in state.owner.get(t, []))
        if self.layers[t].is_output and (owns or n == self.p["output_node"]):
            return len(self.stages)
        if owns:
            return self.last_stage_of_reader.get(t, 0)
        return max([0] + [s for s in range(len(self.stages)) for _, share in state.shares(s)
                          if share["node"] == n and any(
                              i == t for l in share["layers"] for i, _, _ in self.layers[l].inputs)])

    def forget(self, state, s):
        for n, tensors in enumerate(state.present):
            for t in list(tensors):
                if self.last_use(state, n, t) < s:
                    del tensors[t]

    def hold(self, state, shares):
        """Adds the activations of a stage, once its messages have come."""
        for n in range(len(self.nodes)):
            held = sum(count(bits) * self.layers[t].row_bytes
                       for t, bits in state.present[n].items())
            held += sum(self.share_working_set(share) for share in shares if share["node"] == n)
            held += state.buffered[n]
            state.buffered[n] = 0.0
            if self.stream:
                state.activations[n] += held
            else:
                state.activations[n] = max(state.activations[n], held)

    def processor_memory(self, n, p):
        weights, by_stage = 0.0, []
        for stage in self.stages:
            largest = 0.0
            for share in stage["shares"]:
                for step in share["steps"] if share["node"] == n else []:
                    for piece in step["slices"]:
                        if piece["processor"] != p:
                            continue
                        rows = {l: length(piece["comp"][l]) for l in piece["layers"]}
                        layers = [l for l in piece["layers"] if rows[l] > 0]
                        weights += sum(math.ceil(self.layers[l].weight_bytes *
                                                 self.part(l, step, piece)) for l in layers)
                        inputs = sum(length(r) * self.layers[t].row_bytes for t, r in
                                     self.need_outside(layers, piece["comp"]).items())
                        largest = max(largest, inputs + self.working_set(layers, rows))
            by_stage.append(largest)
        return weights + (sum(by_stage) if self.stream else max(by_stage))

    # ---- sections 6, 7, 8, 10

    def computes(self):
        """(node, layer) of all rows computed, on any route."""
        return {(share["node"], l) for stage in self.stages for share in stage["shares"]
                for l in share["layers"] if not empty(share["comp"][l])}

    def add_up(self):
        choices = [range(len(stage["shares"])) if stage["kind"] == "replica" else [None]
                   for stage in self.stages]
        nodes, media = range(len(self.nodes)), range(self.p["media"])
        where = [(n, p) for n in nodes for p in range(len(self.nodes[n]["processors"]))]
        self.transfer_bytes = 0.0
        self.busy_s = {at: 0.0 for at in where}
        self.transmit_s = [0.0 for _ in nodes]
        self.receive_s = [0.0 for _ in nodes]
        self.medium_busy_s = [0.0 for _ in media]
        activations = [0.0 for _ in nodes]
        active = {self.p["input_node"], self.p["output_node"]} | {
            share["node"] for stage in self.stages for share in stage["shares"]}
        slowest = None
        for choice in itertools.product(*choices):
            weight = 1.0
            for stage, k in zip(self.stages, choice):
                if k is not None:
                    weight *= stage["shares"][k]["fraction"]
            route = self.run_route(choice)
            if not slowest or route.latency > slowest.latency:
                slowest = route
            self.transfer_bytes += weight * route.bytes
            for at in where:
                self.busy_s[at] += weight * route.busy[at]
            for n in nodes:
                self.transmit_s[n] += weight * route.transmit[n]
                self.receive_s[n] += weight * route.receive[n]
                activations[n] = max(activations[n], route.activations[n])
            for m in media:
                self.medium_busy_s[m] += weight * route.medium_busy[m]
            active |= route.active
        self.latency_s, self.timeline = slowest.latency, slowest.tasks
        self.period_s = self.find_period()
        elapsed = self.period_s if self.stream else self.latency_s
        self.node_energy_j = []
        self.weight_bytes = [sum(self.layers[l].weight_bytes for m, l in self.computes() if m == n)
                             for n in nodes]
        for n in nodes:
            node = self.nodes[n]
            self.node_energy_j.append(
                sum(self.busy_s[n, p] * processor["power_active_w"]
                    for p, processor in enumerate(node["processors"])) +
                self.transmit_s[n] * node["power_transmit_w"] +
                self.receive_s[n] * node["power_receive_w"] +
                (node["power_idle_w"] * elapsed if n in active else 0.0))
        self.energy_j = sum(self.node_energy_j)
        self.memory_bytes = [w + a for w, a in zip(self.weight_bytes, activations)]
        self.processor_memory_bytes = {at: self.processor_memory(*at) for at in where}
        self.migrate()

    def find_period(self):
        period = max(itertools.chain(self.busy_s.values(), self.medium_busy_s))
        for n, node in enumerate(self.nodes):
            sent, received = self.transmit_s[n], self.receive_s[n]
            if node["transfers_are_work"]:
                for p in range(len(node["processors"])):
                    period = max(period, self.busy_s[n, p] + sent + received)
            elif not node["hub"]:
                period = max(period, sent, received)
        return period

    def migrate(self):
        self.migration_bytes = self.migration_s = 0.0
        resident = self.p["resident"]
        for n, l in sorted(self.computes()) if resident is not None else []:
            if (l, n) not in resident:
                self.migration_bytes += self.layers[l].weight_bytes
                if self.nodes[n]["load_bandwidth_Bps"] > 0:
                    self.migration_s += (self.layers[l].weight_bytes /
                                         self.nodes[n]["load_bandwidth_Bps"])
        weights = self.p["weights"]  # latency, period, energy, migration
        self.objective = (weights[0] * self.latency_s + weights[1] * self.period_s +
                          weights[2] * self.energy_j + weights[3] * self.migration_s)


class Route:
    """What is where, and since when, on one way through the replicas."""

    def __init__(self, plan, choice):
        self.plan = plan
        self.choice = choice
        nodes = range(len(plan.nodes))
        self.present = [dict() for _ in nodes]  # tensor -> rows
        self.owner = {}  # tensor -> [(node, rows)]
        self.busy = {(n, p): 0.0 for n in nodes for p in range(len(plan.nodes[n]["processors"]))}
        self.transmit = [0.0 for _ in nodes]
        self.receive = [0.0 for _ in nodes]
        self.medium_busy = [0.0] * plan.p["media"]
        self.activations = [0.0 for _ in nodes]
        self.buffered = [0.0 for _ in nodes]  # by the messages of this stage
        self.bytes = 0
        self.active = set()
        self.tasks = []
        for t, layer in enumerate(plan.layers):
            if layer.is_input:
                everything = mask((0, layer.rows))
                self.present[plan.p["input_node"]][t] = everything
                self.owner[t] = [(plan.p["input_node"], everything)]

    def shares(self, s):
        stage = self.plan.stages[s]
        return [(k, share) for k, share in enumerate(stage["shares"])
                if self.choice[s] is None or self.choice[s] == k]

    def last_step(self, s, n):
        if s < 0:
            return None
        for _, share in self.shares(s):
            if share["node"] == n:
                return share["steps"][-1]
        return None

    def begin_stage(self, stage, start):
        self.stage, self.start = stage, start
        self.receiver_share = 0
        self.arrival, self.sender, self.receiver, self.medium = {}, {}, {}, {}

    # ---- the timeline

    def sent(self, t, rows, u, v, medium, start, wire, arrival, size):
        start += self.start
        self.tasks.append({} if medium is None else {"medium": medium})
        self.tasks[-1].update({
            "kind": "transfer", "stage": self.stage, "share": self.receiver_share, "node": u,
            "to": v, "layer": t, "row_begin": lowest(rows), "row_end": rows.bit_length(),
            "start_s": start, "end_s": start + wire, "arrival_s": self.start + arrival,
            "bytes": size})

    def ran(self, number, share, begin):
        def log(step, k, start, end, wait):
            piece = share["steps"][step]["slices"][k]
            rows = piece["comp"][piece["layers"][-1]]
            self.tasks.append({
                "kind": "compute", "stage": self.stage, "share": number, "step": step, "slice": k,
                "node": share["node"], "processor": piece["processor"],
                "layer": piece["layers"][0], "layer_count": len(piece["layers"]),
                "row_begin": rows[0], "row_end": rows[1], "start_s": self.start + begin + start,
                "end_s": self.start + begin + end, "wait_s": wait})
        return log

    def end_stage(self, shares):
        for share in shares:
            n = share["node"]
            for l in share["layers"]:
                owned = mask(share["own"][l])
                if owned:
                    self.owner.setdefault(l, []).append((n, owned))
                self.present[n][l] = self.present[n].get(l, 0) | mask(share["comp"][l])
