# SPDX-License-Identifier: MIT
"""Plans on two to four processes give, bit by bit, what the undivided network gives.

    test_results.py HIDP [NETWORK:IMAGE]...
"""

import os
import random
import sys
import unittest

from machines import Machines, end_with_signals, skip_without

HIDP = ""
NETWORKS = ["mobilenet_v2:64", "resnet50:32"]


class Results(unittest.TestCase):
    def run_checked(self, machines, *more, variety=3):
        leader = machines.lead(
            "--repeat", 2 * variety, "--variety", variety, "--check", "--table", *more
        )
        code = leader.wait(300)
        self.assertEqual(code, 0, machines.lead_output() + machines.lead_said())
        log = machines.log()
        self.assertEqual(len(log), 2 * variety)
        for request in log:
            self.assertEqual((request["status"], request["difference"]), (0, 0), request)
        self.assertEqual(len({request["digest"] for request in log}), variety, log)
        return log

    def test_small_network(self):
        """Two, three and four nodes of unequal speeds; each objective."""
        for names, speeds in (("ab", (1, 1)), ("abc", (1, 2, 0.5)), ("abcd", (1, 1, 1, 3))):
            with Machines(HIDP, names, speeds=speeds) as machines:
                machines.start_all()
                for objective in ("latency", "period", "energy"):
                    with self.subTest(names=names, objective=objective):
                        self.run_checked(machines, "--objective", objective)
                        if objective == "latency":
                            self.assertGreater(machines.nodes_used(), 1)
                for name in names[1:]:
                    self.assertEqual(machines.end(name), 0)

    def test_stream(self):
        """Several requests under way at once do not get mixed up."""
        with Machines(HIDP, "abc") as machines:
            machines.start_all()
            self.run_checked(
                machines, "--stream", "--objective", "period", "--parallel", 4, variety=8
            )
            self.assertGreater(machines.nodes_used(), 1)

    def test_networks(self):
        for network in NETWORKS:
            name, image = network.split(":")
            with self.subTest(network=network), Machines(
                HIDP, "abc", model=name, options=["--image", image], speeds=(1, 1, 0.6)
            ) as machines:
                machines.start_all()
                self.run_checked(machines, variety=1)
                self.assertGreater(machines.nodes_used(), 1)

    def test_slow_node(self):
        """A node that is told to be slow is, and nothing else about it changes."""
        with Machines(HIDP, "ab", flops=3e6) as machines:
            machines.start("b", "--slow", 4)
            self.run_checked(machines)

    def test_other_kernels(self):
        """All kernels that are there, and those that it takes itself, within what they promise."""
        for kernels in (None, *os.environ.get("HIDP_KERNELS", "").split()):
            with self.subTest(kernels=kernels), Machines(HIDP, "abc", kernels=kernels) as machines:
                machines.start_all()
                leader = machines.lead("--check", "--table", "--repeat", 4)
                self.assertEqual(
                    leader.wait(120), 0, machines.lead_output() + machines.lead_said()
                )
                self.assertGreater(machines.nodes_used(), 1, machines.lead_said())

    def test_model_of_another_seed(self):
        """Weights are part of what is loaded: with others, the check fails and says so."""
        with Machines(HIDP, "ab") as machines:
            machines.start("b", "--seed", random.randrange(1, 1000))
            leader = machines.lead("--check")
            self.assertEqual(leader.wait(60), 1)
            self.assertIn("0 of 1 agree", machines.lead_output())


def main():
    global HIDP, NETWORKS
    HIDP = sys.argv[1]
    NETWORKS = sys.argv[2:] or NETWORKS
    end_with_signals()
    skip_without(HIDP)
    unittest.main(argv=sys.argv[:1], verbosity=2)


if __name__ == "__main__":
    main()
