# SPDX-License-Identifier: MIT
"""Nodes die, freeze and come back, and links are cut, broken and slowed down, while requests are
under way.

    test_faults.py HIDP [--count N] [--seed N] [--jobs N]

Each round has a leader run some requests on three or four processes while something goes wrong at
a random moment, or in a certain state of the leader. All requests must end with the right
result, in time, and the nodes that are left must serve the next round. Several clusters have their
rounds at once, half of them over links that can fail.
"""

import argparse
import random
import signal
import sys
import threading
import time

from links import Network
from machines import Machines, end_with_signals, skip_without

REQUESTS = 12
# A round takes some fractions of a second; a fault costs the silence after which a node is
# lost, and a new plan. More than this is a node that hangs, also on a busy machine.
PATIENCE_S = 90
SILENCE_S = 0.3
# A request meets a few faults at most. Well below the time that nodes have to get ready: nobody
# may wait in vain for one that will never be.
LONGEST_S = 30
DEADLINE_S = 2
STATES = ("analyse", "explore", "offload", "map", "execute")
NODE_FAULTS = ("kill", "kill", "kill both", "restart", "freeze", "pause", "leader")
LINK_FAULTS = ("cut", "cut for a while", "break", "break for a while", "slow", "crawl")


class Wrong(Exception):
    pass


class Rounds:
    """Rounds of one cluster."""

    def __init__(self, machines, rng):
        self.machines, self.rng = machines, rng
        self.followers = machines.names[1:]
        self.frozen = set()
        self.tally = {}
        self.again = 0
        self.longest = self.longest_deadline = 0

    def kill(self, name):
        node = self.machines.nodes.pop(name)
        node.kill()
        node.wait()
        node.stdout.close()

    def freeze(self, name):
        self.machines.nodes[name].send_signal(signal.SIGSTOP)
        self.frozen.add(name)

    def thaw(self, name):
        self.frozen.discard(name)
        if name in self.machines.nodes:
            self.machines.nodes[name].send_signal(signal.SIGCONT)

    def nap(self, most):
        time.sleep(self.rng.uniform(0, most))

    def moment(self, leader):
        """Waits for the moment at which something goes wrong; its name."""
        if self.rng.random() < 0.5:
            self.nap(0.5)
            return "at any time"
        state = self.rng.choice(STATES)
        if not self.machines.wait_for_state(leader, state, PATIENCE_S):
            return "too late"
        self.nap(0.02)
        return f"in state {state}"

    def disturb(self, leader):
        """Something goes wrong; what it was."""
        kind = self.rng.choice(NODE_FAULTS + (LINK_FAULTS if self.machines.links else ()))
        if kind in LINK_FAULTS:
            self.disturb_links(kind)
        else:
            self.disturb_nodes(kind, leader)
        return kind

    def disturb_nodes(self, kind, leader):
        victims = self.rng.sample(self.followers, 2)
        if kind == "kill":
            self.kill(victims[0])
        elif kind == "kill both":
            self.kill(victims[0])
            self.nap(0.1)
            self.kill(victims[1])
        elif kind == "restart":
            self.kill(victims[0])
            self.nap(0.3)
            self.machines.start(victims[0])
        elif kind == "freeze":
            self.freeze(victims[0])
        elif kind == "pause":
            self.freeze(victims[0])
            self.nap(2.5 * SILENCE_S)
            self.thaw(victims[0])
        else:
            leader.kill()

    def disturb_links(self, kind):
        """One way or both between two nodes, or all of a node."""
        one, other = self.rng.sample(self.machines.names, 2)
        links = self.machines.links
        ways = self.rng.choice(
            ([one + other], [one + other, other + one], [w for w in links if one in w])
        )
        for way in ways:
            if kind.startswith("cut"):
                links[way].cut()
            elif kind.startswith("break"):
                links[way].break_off()
            else:
                links[way].slow_down(20e6 if kind == "slow" else 200e3)
        if not kind.startswith("slow") and kind not in ("cut", "break"):
            self.nap(5 * SILENCE_S)
            self.mend_links()

    def mend_links(self):
        for link in self.machines.links.values():
            link.mend()

    def check(self, leader, kind, begin, deadline):
        try:
            code = leader.wait(max(1, PATIENCE_S - (time.monotonic() - begin)))
        except Exception:
            raise Wrong("the leader hangs") from None
        if kind == "leader":
            return
        log = self.machines.log()
        if code != 0 or len(log) != REQUESTS:
            raise Wrong(f"the leader ended with {code} after {len(log)} requests")
        for request in log:
            if request["status"] != 0 or request["difference"] != 0:
                raise Wrong(f"a request went wrong: {request}")
            self.longest = max(self.longest, request["total_s"])
            if deadline:
                self.longest_deadline = max(self.longest_deadline, request["total_s"])
            if request["total_s"] > LONGEST_S:
                raise Wrong(f"a request took too long: {request}")
            self.again += request["attempts"] > 1

    def mend(self):
        self.mend_links()
        for name in list(self.frozen):
            self.thaw(name)
        for name in self.followers:
            node = self.machines.nodes.get(name)
            if node is not None and node.poll() is not None:
                raise Wrong(f"{name} ended by itself, with {node.returncode}")
            if node is None:
                self.machines.start(name)

    def round(self):
        self.mend()
        begin = time.monotonic()
        how = self.rng.choice(
            [(), (), ("--stream", "--parallel", 3), ("--deadline", f"{DEADLINE_S}s")]
        )
        leader = self.machines.lead(
            "--repeat", REQUESTS, "--variety", 2, "--check", "--work", 20000, "--quiet", *how
        )
        moment = self.moment(leader)
        kind = self.disturb(leader)
        self.tally[kind] = self.tally.get(kind, 0) + 1
        try:
            self.check(leader, kind, begin, "--deadline" in how)
        except Wrong as wrong:
            raise Wrong(f"{kind} {moment}: {wrong}\n{self.machines.lead_said()}") from None

    def end(self):
        self.mend()
        for name in self.followers:
            if self.machines.end(name) != 0:
                raise Wrong(f"{name} does not end when it is told to:\n{self.machines.said(name)}")


class Jobs:
    """Several clusters, each with its rounds, until there were enough or something went wrong."""

    def __init__(self, arguments):
        self.arguments = arguments
        self.left = arguments.count
        self.lock = threading.Lock()
        self.is_over = False
        self.all, self.wrong = [], []
        self.network = Network()

    def takes_one(self):
        with self.lock:
            self.left -= 1
            return self.left >= 0 and not self.is_over

    def job(self, number):
        seed = self.arguments.seed + number
        names = "abcd" if seed % 2 else "abc"
        network = self.network if seed // 2 % 2 else None
        with Machines(
            self.arguments.hidp,
            names, options=["--silence", f"{SILENCE_S}s"], flops=0.7e9, network=network,
        ) as machines:  # fmt: skip
            rounds = Rounds(machines, random.Random(seed))
            self.all.append(rounds)
            done = 0
            try:
                while self.takes_one():
                    rounds.round()
                    done += 1
                    if self.arguments.verbose:
                        print(f"job {number}, {done}: {rounds.tally}", flush=True)
                if not self.is_over:
                    rounds.end()
            except Exception as wrong:
                if self.is_over:
                    return  # its processes were ended
                said = [f"{n} said, at the end:\n{machines.said(n)[-1500:]}" for n in names[1:]]
                self.wrong.append(
                    f"--seed {seed} --jobs 1, round {done}: {wrong!r}\n{wrong}\n"
                    + "\n".join(said)
                )
                self.is_over = True

    def run(self):
        threads = [
            threading.Thread(target=self.job, args=(n,)) for n in range(self.arguments.jobs)
        ]
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                thread.join()
        except BaseException:
            self.is_over = True
            for rounds in self.all:
                rounds.machines.close()
            raise
        self.network.close()

    def report(self):
        tally = {}
        for rounds in self.all:
            for kind, count in rounds.tally.items():
                tally[kind] = tally.get(kind, 0) + count
        again = sum(rounds.again for rounds in self.all)
        longest = max(rounds.longest for rounds in self.all)
        longest_deadline = max(rounds.longest_deadline for rounds in self.all)
        print(*self.wrong, sep="\n", end="")
        print(
            f"{sum(tally.values())} rounds: {dict(sorted(tally.items()))}; {again} requests were "
            f"begun again, the longest took {longest:.2f} s, {longest_deadline:.2f} s with a "
            f"deadline of {DEADLINE_S} s; {len(self.wrong)} wrong"
        )
        return 1 if self.wrong else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("hidp")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=8)
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    end_with_signals()
    skip_without(arguments.hidp)
    jobs = Jobs(arguments)
    jobs.run()
    return jobs.report()


if __name__ == "__main__":
    sys.exit(main())
