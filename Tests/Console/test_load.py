"""The page stays usable at thousands of events a second."""

import threading
import unittest

from support.case import ConsoleCase
from support.programs import wait_for

TASKS = 10_000
BATCH = 1_000
EVENTS_OF_A_TASK = 3
# In milliseconds. A page that processed every event immediately would render no frame until they end; this is longer
# than a slow machine needs for a frame, and shorter than any of these loads lasts.
LONGEST_FRAME = 3_000
WATCH_FRAMES = """
window.frames_ = { longest: 0, count: 0 };
{
  let last = performance.now();
  const look = (now) => {
    window.frames_.longest = Math.max(window.frames_.longest, now - last);
    window.frames_.count += 1;
    last = now;
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}
"""


class LoadTest(ConsoleCase):
    flags = ("--queue-max-concurrency", "400")

    def submit_many(self):
        for _ in range(TASKS // BATCH):
            self.server.call(
                "POST", "tasks/batch", {"tasks": [{"type": "example", "payload": {}}] * BATCH})

    def wait_for_successes(self, count):
        wait_for(
            lambda: self.server.call("GET", "stats")["success_tasks"] == count, f"{count} tasks have succeeded", 300)

    def check_frames(self, page, what):
        frames = page.evaluate("window.frames_")
        events = page.evaluate("window.socketMessages")
        seconds = page.evaluate("(window.lastMessage - window.firstMessage) / 1000")
        print(f"{what}: {events} messages, {events / max(seconds, 0.001):.0f} a second; "
              f"{frames['count']} frames, the longest {frames['longest']:.0f} ms", flush=True)
        self.assertLess(frames["longest"], LONGEST_FRAME)

    def test_opening_a_page_does_not_wait_for_past_events(self):
        self.submit_many()
        self.wait_for_successes(TASKS)
        page = self.open(prelude=WATCH_FRAMES)
        page.wait_until(
            f"document.querySelector('.tile[data-status=success] b').innerText.replace(/\\D/g, '') === '{TASKS}'")
        page.wait_until("performance.now() - window.lastMessage > 1000", "past events have arrived")
        self.check_frames(page, "the past")

    def test_the_page_is_usable_while_thousands_of_tasks_run(self):
        slow = self.server.submit(payload={"duration_ms": 900_000, "steps": 900}, priority=9)
        page = self.open("tasks", prelude=WATCH_FRAMES)
        load = threading.Thread(target=self.submit_many)
        load.start()
        page.wait_until("window.socketMessages > 1000", "events arrive")
        # Meanwhile, find a task, open it and cancel it.
        page.fill("#find-id", slow)
        page.press("Enter")
        page.wait_for_text(".task-title .chip", "Processing")
        page.click("[data-action=cancel]")
        self.confirm(page)
        page.wait_for_text(".task-title .chip", "Canceled")
        self.go(page, "overview")
        load.join()
        self.wait_for_successes(TASKS)
        page.wait_until(
            f"document.querySelector('.tile[data-status=success] b').innerText.replace(/\\D/g, '') === '{TASKS}'",
            "the page has caught up")
        page.wait_until(f"window.socketMessages >= {EVENTS_OF_A_TASK * TASKS}", "every event arrived")
        self.check_frames(page, "live")


if __name__ == "__main__":
    unittest.main()
