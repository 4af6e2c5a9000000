"""A TCP proxy whose connections can be delayed, cut, half-closed and swallowed."""

from __future__ import annotations

import asyncio
import threading
from typing import Sequence, Set, Tuple

from cluster.programs import free_port

PASS, BLACK_HOLE, REFUSE = "pass", "black-hole", "refuse"


class Proxy:
    """Carries bytes between clients and a port of this machine, or the first of several that accepts, as a load balancer
    does. Thread-safe; runs in a thread of its own."""

    def __init__(self, targets: Sequence[int], name: str) -> None:
        self._targets = targets
        self.name = name
        self.port = free_port()
        #: Seconds by which each piece is delayed.
        self.delay = 0.0
        self._mode = PASS
        self._links: Set[Link] = set()
        self._loop = asyncio.new_event_loop()
        self._opened = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=f"proxy-{name}", daemon=True)

    def start(self) -> None:
        self._thread.start()
        self._opened.wait(30)
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)

    # Faults

    def heal(self) -> None:
        """Carries everything again, late bytes included."""
        self.delay = 0.0
        self._do(lambda: self._set(PASS))

    def swallow(self) -> None:
        """Carries nothing more, but keeps connections open and accepts new ones: a cable that was pulled."""
        self._do(lambda: self._set(BLACK_HOLE))

    def refuse(self) -> None:
        """Closes all connections, and each new one at once."""
        self._do(lambda: self._set(REFUSE))
        self.cut()

    def cut(self) -> None:
        """Closes all connections; new ones are carried."""
        self._do(lambda: [link.close() for link in list(self._links)])

    def half_close(self, towards_server: bool) -> None:
        """Ends one direction of each connection; the other one stays open."""
        self._do(lambda: [link.half_close(towards_server) for link in list(self._links)])

    # The loop's side

    def _do(self, act) -> None:  # noqa: ANN001
        """Runs an act on the loop and waits for it."""
        done = threading.Event()

        def run() -> None:
            try:
                act()
            finally:
                done.set()
        self._loop.call_soon_threadsafe(run)
        done.wait(10)

    def _set(self, mode: str) -> None:
        self._mode = mode
        for link in list(self._links):
            link.apply(mode)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            server = self._loop.run_until_complete(
                asyncio.start_server(self._accept, "127.0.0.1", self.port, backlog=512))
        except BaseException as error:
            self._error = error
            self._opened.set()
            return
        self._opened.set()
        self._loop.run_forever()
        server.close()
        for link in list(self._links):
            link.close()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    async def connect(self) -> Tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        for port in self._targets[:-1]:
            try:
                return await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                continue
        return await asyncio.open_connection("127.0.0.1", self._targets[-1])

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._mode == REFUSE:
            writer.transport.abort()
            return
        link = Link(self, writer)
        self._links.add(link)
        link.apply(self._mode)
        try:
            await link.carry(reader)
        except asyncio.CancelledError:
            # The proxy stops.
            pass
        finally:
            link.close()
            self._links.discard(link)


class Link:
    """One connection through the proxy."""

    def __init__(self, proxy: Proxy, client: asyncio.StreamWriter) -> None:
        self._proxy = proxy
        self._client = client
        self._server: asyncio.StreamWriter | None = None
        self._is_open = asyncio.Event()
        self._is_closed = asyncio.Event()

    def apply(self, mode: str) -> None:
        if mode == BLACK_HOLE:
            self._is_open.clear()
        else:
            self._is_open.set()

    def close(self) -> None:
        self._is_closed.set()
        for writer in (self._client, self._server):
            if writer is not None:
                writer.transport.abort()

    def half_close(self, towards_server: bool) -> None:
        writer = self._server if towards_server else self._client
        try:
            if writer is not None:
                writer.write_eof()
        except (OSError, RuntimeError):
            pass

    async def carry(self, reader: asyncio.StreamReader) -> None:
        """Carries both directions until both have ended or the connection is closed."""
        closed = asyncio.ensure_future(self._is_closed.wait())
        try:
            if not await self._unless(closed, self._is_open.wait()):
                return
            answers, self._server = await self._proxy.connect()
            await self._unless(closed, self._pump(reader, self._server), self._pump(answers, self._client))
        except OSError:
            pass
        finally:
            closed.cancel()

    @staticmethod
    async def _unless(closed: "asyncio.Future[bool]", *works) -> bool:  # noqa: ANN002
        """Waits until all works are done, and returns whether they are: they are ended when the connection is closed."""
        left = {asyncio.ensure_future(work) for work in works}
        while left and not closed.done():
            done, _ = await asyncio.wait(left | {closed}, return_when=asyncio.FIRST_COMPLETED)
            left -= done
        for work in left:
            work.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        return not left

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                data = await reader.read(1 << 16)
                if self._proxy.delay > 0:
                    await asyncio.sleep(self._proxy.delay)
                await self._is_open.wait()
                if not data:
                    writer.write_eof()
                    return
                writer.write(data)
                await writer.drain()
        except (OSError, RuntimeError):
            self.close()
