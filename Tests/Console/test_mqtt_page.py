"""The example page of docs/mqtt.md, with a real broker and a real server."""

import unittest
from urllib.parse import quote

from support.page import Page
from support.programs import ROOT, Broker, Folder, Server, wait_for

PAGE = ROOT / "Examples" / "mqtt-page.html"


class MQTTPageTest(unittest.TestCase):
    def setUp(self):
        self.folder = Folder(self)
        self.broker = Broker(self.folder)

    def open(self):
        page = Page(self)
        page.open(f"{PAGE.as_uri()}?broker={quote(f'ws://127.0.0.1:{self.broker.web_port}')}")
        page.wait_until("document.querySelector('#state').innerText === 'subscribed'", "the page has subscribed")
        return page

    def test_the_documentation_shows_this_page(self):
        text = (ROOT / "docs" / "mqtt.md").read_text()
        shown = text.split("```html\n", 1)[1].split("```", 1)[0]
        self.assertEqual(shown, PAGE.read_text())

    def test_shows_tasks_as_they_change(self):
        server = Server(self.folder, "--mqtt-broker", f"tcp://127.0.0.1:{self.broker.port}")
        page = self.open()
        good = server.submit(payload={"message": "ok"})
        # Not only ASCII, and long enough for a two-byte length.
        bad = server.submit(payload={"fäil": "x" * 300}, max_retry=0)
        for status in ("pending", "processing", "success"):
            page.wait_for_text("li", f"example {good} {status}")
        page.wait_for_text("li", f"example {bad} failed payload.fäil is unknown")
        order = page.evaluate(
            f"[...document.querySelectorAll('li')].map((node) => node.innerText.split(' '))"
            f".filter((words) => words[2] === '{good}').map((words) => words[3])")
        self.assertEqual(order, ["success", "processing", "pending"])
        self.assertEqual(page.problems, [])

    def test_only_the_newest_messages_are_kept_under_load(self):
        server = Server(self.folder, "--mqtt-broker", f"tcp://127.0.0.1:{self.broker.port}")
        page = self.open()
        for _ in range(150):
            last = server.submit()
        page.wait_for_text("li", f"example {last} success")
        self.assertLessEqual(page.count("li"), 200)
        self.assertEqual(page.problems, [])

    def test_reconnects_after_a_broker_restart(self):
        page = self.open()
        self.broker.kill()
        page.wait_until("document.querySelector('#state').innerText === 'disconnected'", "the page notices")
        self.broker.start()
        page.wait_until("document.querySelector('#state').innerText === 'subscribed'", "the page has resubscribed")
        message = '{"task_id":"task-1","type":"t","status":"success","error":null,"retry_count":0,"version":3}'
        wait_for(lambda: self.broker.publish("task/status/task-1", message) or page.count("li"), "the message is shown")
        page.wait_for_text("li", "t task-1 success")
        self.assertEqual([each for each in page.problems if "WebSocket connection" not in each], [])


if __name__ == "__main__":
    unittest.main()
