# SPDX-License-Identifier: MIT
"""Who is not in the address book gets nowhere, and garbage does no harm.

    test_strangers.py HIDP
"""

import os
import random
import socket
import sys
import unittest

from machines import Machines, end_with_signals, skip_without

HIDP = ""
# what a peer of ZMTP 3.0 begins with
GREETING = b"\xff" + b"\0" * 8 + b"\x7f" + b"\x03\0" + b"CURVE".ljust(20, b"\0") + b"\0" * 32
NULL_GREETING = GREETING.replace(b"CURVE", b"NULL\0")


class Strangers(unittest.TestCase):
    def works(self, machines, nodes):
        """Whoever is in the book is served; the plan is on so many nodes."""
        leader = machines.lead("--check", "--table", "--repeat", 2)
        self.assertEqual(leader.wait(60), 0, machines.lead_output() + machines.lead_said())
        self.assertEqual(machines.nodes_used(), nodes, machines.lead_said())

    def test_unlisted_key(self):
        with Machines(HIDP, "ab") as machines:
            machines.start_all()
            self.works(machines, 2)
            # it says that it is a, and knows the right key of b
            key = machines.keys("stranger")
            book = machines.write_book(
                "stranger.json", [dict(machines.peers[0], public_key=key), machines.peers[1]]
            )
            leader = machines.lead(
                "--check", "--table",
                book=book, key=str(machines.folder / "stranger.key"),
            )  # fmt: skip
            self.assertEqual(leader.wait(60), 0, machines.lead_said())
            self.assertEqual(machines.nodes_used(), 1)
            self.assertIn("is not listed", machines.said("b"))
            self.works(machines, 2)
            self.assertEqual(machines.end("b"), 0)

    def test_wrong_key_of_a_follower(self):
        """Nothing is said to who cannot show the key that the book has."""
        with Machines(HIDP, "ab") as machines:
            machines.start_all()
            book = machines.write_book(
                "wrong.json",
                [machines.peers[0], dict(machines.peers[1], public_key=machines.keys("other"))],
            )
            leader = machines.lead("--check", "--table", book=book)
            self.assertEqual(leader.wait(60), 0, machines.lead_said())
            self.assertEqual(machines.nodes_used(), 1)
            self.works(machines, 2)

    def test_without_keys(self):
        """One in the clear and one with keys do not talk."""
        with Machines(HIDP, "ab") as machines:
            machines.start_all()
            clear = [{k: p[k] for k in ("name", "endpoint")} for p in machines.peers]
            book = machines.write_book("clear.json", clear)
            who = machines.common("a", book)
            at = who.index("--key")
            leader = machines.lead_as(who[:at] + who[at + 2 :], "--table")
            self.assertEqual(leader.wait(60), 0, machines.lead_said())
            self.assertEqual(machines.nodes_used(), 1)
            self.works(machines, 2)

    def test_garbage(self):
        rng = random.Random(4)
        with Machines(HIDP, "ab") as machines:
            machines.start_all()
            port = int(machines.peers[1]["endpoint"].rsplit(":", 1)[1])
            kept = []
            for i in range(120):
                start = rng.choice([b"", GREETING, NULL_GREETING, GREETING[: rng.randrange(64)]])
                bytes_ = start + os.urandom(rng.choice([0, 1, 64, 300, 20000]))
                s = socket.create_connection(("127.0.0.1", port), timeout=10)
                try:
                    s.sendall(bytes_)
                except OSError:
                    pass  # it has had enough
                if i % 3 == 0:
                    kept.append(s)
                else:
                    s.close()
            self.works(machines, 2)
            for s in kept:
                s.close()
            self.assertEqual(machines.end("b"), 0)


def main():
    global HIDP
    HIDP = sys.argv[1]
    end_with_signals()
    skip_without(HIDP)
    unittest.main(argv=sys.argv[:1], verbosity=2)


if __name__ == "__main__":
    main()
