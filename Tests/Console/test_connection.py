"""The server stops and restarts while the page is open."""

import unittest

from support.case import ConsoleCase
from support.programs import free_port


class ConnectionTest(ConsoleCase):
    def test_the_page_resumes_by_itself(self):
        before = self.server.submit()
        self.server.wait_for_status(before, "success")
        long = self.server.submit(payload={"duration_ms": 10_000, "steps": 10}, max_retry=3)
        page = self.open("tasks")
        page.evaluate("window.isSamePage = true")
        page.wait_for_text(f"tr[data-id='{long}'] .chip", "Processing")

        self.server.kill()
        page.wait_for_text(".pill", "Offline")
        page.wait_for_text(".banner", "Connection to the server lost.")
        page.screenshot("lost")
        page.click(".banner button")
        page.wait_for_text(".pill", "Offline")

        self.server.start()
        after = self.server.submit()
        self.wait_until_live(page)
        page.wait_for_text(".notice", "Reconnected.")
        page.wait_until("!document.querySelector('.banner').checkVisibility()", "the banner is gone")
        page.wait_for_text(f"tr[data-id='{after}'] .chip", "Success")
        # Its worker died with the server; the next attempt completes it.
        page.wait_for_text(f"tr[data-id='{long}'] .chip", "Success")
        live = self.server.submit()
        page.wait_for_text(f"tr[data-id='{live}'] .chip", "Success")
        self.assertTrue(page.evaluate("window.isSamePage"), "the page was reloaded")
        self.expect(page, "ERR_CONNECTION_REFUSED", "WebSocket connection")

    def test_a_stream_closed_while_connecting_logs_no_error(self):
        page = self.open("overview")
        states = page.evaluate("""(async () => {
          const { EventStream } = await import("/console/stream.js");
          const Socket = window.WebSocket;
          let socket = null;
          window.WebSocket = class extends Socket {
            constructor(...rest) {
              super(...rest);
              socket = this;
            }
          };
          const states = [];
          const stream = new EventStream({}, { message: () => states.push("message"), state: (state) => states.push(state) });
          stream.open();
          window.WebSocket = Socket;
          states.push(socket.readyState === Socket.CONNECTING);
          stream.close();
          await new Promise((done) => socket.addEventListener("close", done));
          return states;
        })()""")
        self.assertEqual(states, [True])

    def test_the_overview_counts_tasks_finished_while_offline(self):
        page = self.open("overview")
        success = ".tile[data-status=success] .tile-count"
        self.server.wait_for_status(self.server.submit(), "success")
        page.wait_until(f"document.querySelector('{success}').innerText === '1'", "one success is counted")
        self.server.kill()
        page.wait_for_text(".pill", "Offline")
        self.server.start()
        for identifier in [self.server.submit() for _ in range(5)]:
            self.server.wait_for_status(identifier, "success")
        page.wait_until(f"document.querySelector('{success}').innerText === '6'", "six successes are counted")
        self.expect(page, "ERR_CONNECTION_REFUSED", "WebSocket connection")

    def test_events_missing_from_the_log_are_compensated(self):
        self.server.flags = ("--events-max-count", "10")
        self.server.kill()
        self.server.start()
        page = self.open("tasks")
        first = self.server.submit()
        page.wait_for_text(f"tr[data-id='{first}'] .chip", "Success")
        self.server.kill()
        page.wait_for_text(".pill", "Offline")
        # While the page retries the old port, more events happen on another one than the log keeps.
        port, self.server.port = self.server.port, free_port()
        self.server.start()
        missed = [self.server.submit() for _ in range(20)]
        for identifier in missed:
            self.server.wait_for_status(identifier, "success")
        self.server.kill()
        self.server.port = port
        self.server.start()
        self.wait_until_live(page)
        for identifier in (missed[0], missed[-1]):
            page.wait_for_text(f"tr[data-id='{identifier}'] .chip", "Success")
        page.wait_until(
            "document.querySelector('.filter-chip[data-status=success] .count').innerText === '21'", "all are counted")
        self.expect(page, "ERR_CONNECTION_REFUSED", "WebSocket connection")


if __name__ == "__main__":
    unittest.main()
