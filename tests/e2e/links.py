# SPDX-License-Identifier: MIT
"""Links between the nodes of a test that can be cut, broken and slowed down.

What a node sends to another goes over a connection of its own, so a link is one way. Each is a
port of this process that hands on to the node's own port, whatever passes.
"""

import asyncio
import socket
import threading

CHUNK = 1 << 16


class Link:
    """One way from a node to another; its port is where the one connects to."""

    def __init__(self, network, target):
        self.network, self.target = network, target
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.Bps = 0  # 0: as quick as it gets
        self.broken = False
        self.passes = None  # an event: nothing gets through until it is set
        self.connections = set()

    async def open(self):
        self.passes = asyncio.Event()
        self.passes.set()
        self.server = await asyncio.start_server(self.connected, sock=self.listening)

    async def close(self):
        self.server.close()
        self.hang_up()

    def hang_up(self):
        for writer in self.connections:
            writer.transport.abort()

    async def connected(self, reader, writer):
        other = None
        self.connections.add(writer)
        try:
            if self.broken:
                return
            back, other = await asyncio.open_connection("127.0.0.1", self.target)
            self.connections.add(other)
            there = asyncio.create_task(self.hand_on(reader, other))
            here = asyncio.create_task(self.hand_on(back, writer))
            await asyncio.wait((there, here), return_when=asyncio.FIRST_COMPLETED)
            there.cancel()
            here.cancel()
        except OSError:
            pass  # nobody is there
        finally:
            for end in (writer, other):
                if end is not None:
                    self.connections.discard(end)
                    end.transport.abort()

    async def hand_on(self, reader, writer):
        try:
            while data := await reader.read(CHUNK):
                await self.passes.wait()
                if self.Bps:
                    await asyncio.sleep(len(data) / self.Bps)
                writer.write(data)
                await writer.drain()
        except OSError:
            pass  # one of them has gone

    # from any thread:

    def cut(self):
        """What is sent from now on waits, as if the cable were pulled."""
        self.network.do(self.passes.clear)

    def slow_down(self, Bps):
        self.Bps = Bps

    def break_off(self):
        """Connections end, and others are not accepted."""
        self.broken = True
        self.network.do(self.hang_up)

    def mend(self):
        self.Bps, self.broken = 0, False
        self.network.do(self.passes.set)


class Network:
    """The thread on which links hand on. One for any number of tests at once."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    def do(self, what):
        self.loop.call_soon_threadsafe(what)

    def wait(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(20)

    def link(self, target):
        link = Link(self, target)
        self.wait(link.open())
        return link

    def remove(self, links):
        for link in links:
            self.wait(link.close())

    def close(self):
        self.do(self.loop.stop)
        self.thread.join(20)
