# SPDX-License-Identifier: MIT
"""Nodes die, freeze and come back while requests are under way.

    test_faults.py HIDP [--count N] [--seed N]

Each round has a leader run some requests on three or four processes while something goes wrong at
a random moment, or in a certain state of the leader. All requests must end with the right
result, in time, and the nodes that are left must serve the next round.
"""

import argparse
import random
import signal
import sys
import time

from machines import Machines, end_with_signals, skip_without

REQUESTS = 12
# A round takes some fractions of a second; a fault costs the silence after which a node is
# lost, and a new plan. More than this is a node that hangs, also on a busy machine.
PATIENCE_S = 90
SILENCE_S = 0.3
# A request meets a few faults at most. Well below the time that nodes have to get ready: nobody
# may wait in vain for one that will never be.
LONGEST_S = 30
STATES = ("analyse", "explore", "offload", "map", "execute")


class Wrong(Exception):
    pass


class Rounds:
    def __init__(self, machines, rng):
        self.machines, self.rng = machines, rng
        self.followers = machines.names[1:]
        self.frozen = set()
        self.tally = {}
        self.again = self.longest = 0

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
        rng, victims = self.rng, self.rng.sample(self.followers, 2)
        kind = rng.choice(["kill", "kill", "kill both", "restart", "freeze", "pause", "leader"])
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
        return kind

    def check(self, leader, kind, begin):
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
            if request["total_s"] > LONGEST_S:
                raise Wrong(f"a request took too long: {request}")
            self.again += request["attempts"] > 1

    def mend(self):
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
        leader = self.machines.lead(
            "--repeat", REQUESTS, "--variety", 2, "--check", "--work", 20000, "--quiet",
            *self.rng.choice([(), (), ("--stream", "--parallel", 3), ("--deadline", "2s")]),
        )  # fmt: skip
        moment = self.moment(leader)
        kind = self.disturb(leader)
        self.tally[kind] = self.tally.get(kind, 0) + 1
        try:
            self.check(leader, kind, begin)
        except Wrong as wrong:
            raise Wrong(f"{kind} {moment}: {wrong}\n{self.machines.lead_said()}") from None

    def end(self):
        self.mend()
        for name in self.followers:
            if self.machines.end(name) != 0:
                raise Wrong(f"{name} does not end when it is told to:\n{self.machines.said(name)}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("hidp")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    end_with_signals()
    skip_without(arguments.hidp)
    rng = random.Random(arguments.seed)
    names = "abcd" if arguments.seed % 2 else "abc"
    done = 0
    with Machines(
        arguments.hidp,
        names, options=["--silence", f"{SILENCE_S}s"], flops=0.7e9
    ) as machines:
        rounds = Rounds(machines, rng)
        try:
            while done < arguments.count:
                rounds.round()
                done += 1
                if arguments.verbose:
                    print(done, rounds.tally, flush=True)
            rounds.end()
        except Wrong as wrong:
            print(f"--seed {arguments.seed}, round {done}: {wrong}")
            for name in names[1:]:
                print(f"{name} said, at the end:\n{machines.said(name)[-1500:]}")
            return 1
    print(
        f"{done} rounds: {rounds.tally}; {rounds.again} requests were begun again, "
        f"the longest took {rounds.longest:.2f} s"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
