# SPDX-License-Identifier: MIT
"""'hidp profile --link' measures links whose bandwidth is known.

    test_link.py HIDP

Over links of links.py, which are slow on purpose, and between network namespaces where they are
allowed.
"""

import json
import subprocess
import sys
import unittest
from pathlib import Path

from links import Network
from machines import Machines, end_with_signals, skip_without

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bench"))
from two_nodes import Namespaces

HIDP = ""


class Links(unittest.TestCase):
    def profile(self, machines, *more, code=0, who=None, inside=()):
        """What it says, on standard output and error."""
        done = subprocess.run(
            [*inside, HIDP, "profile", "--cluster", machines.cluster, "--time", "0.5s",
             *(machines.who() if who is None else who), *map(str, more)],
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout, done.stderr

    def links_of(self, path):
        """{"ab": link}, from a cluster's file in which none are alike."""
        document = json.loads(Path(path).read_text())
        names = [node["name"] for node in document["nodes"]]
        lan = document.get("lan")
        found = {a + b: dict(lan) for a in names for b in names if lan and a != b}
        for link in document.get("links", []):
            found[link["from"] + link["to"]] = link
            if link.get("both_ways"):
                found[link["to"] + link["from"]] = link
        return found

    def measure(self, machines, Bps, inside=()):
        """The links between a and b, whose bandwidths are known; again if the machine was busy."""
        for _ in range(5):
            written = machines.folder / "measured.json"
            said, _ = self.profile(machines, "--link", "b", "--profile", written, inside=inside)
            self.assertRegex(said, r"a to b: latency \d+\.\d+ ms, \d+\.\d+ MB/s\n")
            self.assertRegex(said, r"b to a: latency \d+\.\d+ ms, \d+\.\d+ MB/s\n")
            links = self.links_of(written)
            parts = [links[way]["bandwidth_Bps"] / Bps[way] for way in ("ab", "ba")]
            if all(0.6 < part < 1.3 for part in parts) and links["ab"]["latency_s"] < 0.02:
                return links
        self.fail(f"{parts} of the bandwidths: {links}")

    def test_slow_links(self):
        network = Network()
        self.addCleanup(network.close)
        with Machines(HIDP, "abc", network=network) as machines:
            machines.start("b")
            machines.links["ab"].slow_down(20e6)
            machines.links["ba"].slow_down(5e6)
            before = self.links_of(machines.cluster)
            written = machines.folder / "measured.json"
            after = self.measure(machines, {"ab": 20e6, "ba": 5e6})
            self.assertEqual(after["ab"]["latency_s"], after["ba"]["latency_s"])
            # what was not measured stays as it was
            for way in ("ac", "ca", "bc", "cb"):
                self.assertEqual(
                    {k: after[way][k] for k in ("bandwidth_Bps", "latency_s")},
                    {k: before[way][k] for k in ("bandwidth_Bps", "latency_s")},
                )
            # and it is a cluster to plan with, also in its place
            planned = subprocess.run(
                [HIDP, "plan", machines.model, written], capture_output=True, text=True, timeout=60
            )
            self.assertEqual(planned.returncode, 0, planned.stderr)
            said, _ = self.profile(
                machines, "--link", "b", "--profile", machines.cluster, "--quiet"
            )
            self.assertEqual(said, "")
            self.assertLess(self.links_of(machines.cluster)["ba"]["bandwidth_Bps"], 7e6)
            self.assertEqual(machines.end("b"), 0)

    def test_all_and_who_is_not_there(self):
        with Machines(HIDP, "abc") as machines:
            machines.start("c")
            written = machines.folder / "measured.json"
            _, said = self.profile(machines, "--link", "all", "--profile", written, code=1)
            self.assertEqual(said, "hidp: link: b: does not answer\n")
            before, after = self.links_of(machines.cluster), self.links_of(written)
            self.assertEqual(after["ab"]["bandwidth_Bps"], before["ab"]["bandwidth_Bps"])
            self.assertNotEqual(after["ac"]["bandwidth_Bps"], before["ac"]["bandwidth_Bps"])
            # loopback
            self.assertGreater(after["ac"]["bandwidth_Bps"], 20e6)
            self.assertLess(after["ac"]["latency_s"], 0.02)
            # the node still serves
            leader = machines.lead("--check", "--table")
            self.assertEqual(leader.wait(60), 0, machines.lead_said())
            self.assertEqual(machines.nodes_used(), 2)

    def test_another_node_measures(self):
        """Not the first one, and one that follows otherwise."""
        with Machines(HIDP, "ab") as machines:
            machines.start("b")
            self.assertEqual(machines.end("b"), 0)
            machines.start("a")
            said, _ = self.profile(machines, "--link", "a", who=machines.who("b"))
            self.assertRegex(said, "^b to a: ")

    def test_strangers(self):
        with Machines(HIDP, "ab") as machines:
            machines.start("b")
            machines.keys("stranger")
            peers = [dict(peer) for peer in machines.peers]
            del peers[0]["public_key"]
            book = machines.write_book("stranger.json", peers)
            who = machines.who("a", book, str(machines.folder / "stranger.key"))
            _, said = self.profile(machines, "--link", "b", who=who, code=1)
            self.assertIn("does not answer", said)
            self.assertIn("is not listed", machines.said("b"))

    def test_arguments(self):
        with Machines(HIDP, "ab") as machines:
            for more, code, text in (
                (["--link", "x"], 1, "no such node"),
                (["--link", "a"], 1, "that is this node"),
                (["vgg19", "--link", "b"], 2, "one after the other"),
                (["--link", "b", "--cost", "f"], 2, "--cost is for a model"),
                (["--link", "b", "--time", "x"], 2, "--time x is not understood"),
                ([], 2, "goes with --link"),
            ):
                with self.subTest(more=more):
                    _, said = self.profile(machines, *more, code=code)
                    self.assertIn(text, said)
            _, said = self.profile(machines, "--link", "b", who=[], code=2)
            self.assertIn("--cluster and --peers", said)
            book = machines.write_book("short.json", machines.peers[:1])
            _, said = self.profile(machines, "--link", "b", who=machines.who("a", book), code=1)
            self.assertIn("it is not in", said)

    def test_namespaces(self):
        try:
            place = Namespaces("100mbit")
        except OSError as error:
            self.skipTest(str(error))
        self.addCleanup(place.close)
        with Machines(HIDP, "ab") as machines:
            for peer, address in zip(machines.peers, place.addresses):
                peer["endpoint"] = peer["endpoint"].replace("127.0.0.1", address)
            machines.book = machines.write_book("peers.json", machines.peers)
            machines.start("b", inside=place.inside(1))
            # the shaper lets the first 128 kB pass at once
            self.measure(machines, {"ab": 12.5e6, "ba": 12.5e6}, inside=place.inside(0))


def main():
    global HIDP
    HIDP = sys.argv[1]
    end_with_signals()
    skip_without(HIDP)
    unittest.main(argv=sys.argv[:1], verbosity=2)


if __name__ == "__main__":
    main()
