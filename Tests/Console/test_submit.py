"""Submitting tasks in the form and watching them."""

import json
import subprocess
import unittest

from support.case import ConsoleCase
from support.programs import PATIENCE

# Holds the replies to submissions until `release()`; `isProcessing` is set by the event of a task's start.
HELD_REPLY = """
const held = new Promise((resolve) => { window.release = resolve; });
const send = window.fetch;
window.fetch = async (address, options) => {
  const reply = await send(address, options);
  if (options?.method === "POST") await held;
  return reply;
};
window.WebSocket = class extends WebSocket {
  constructor(...rest) {
    super(...rest);
    this.addEventListener("message", ({ data }) => {
      window.isProcessing ||= data.includes('"status":"processing"');
    });
  }
};
"""


class SubmitTest(ConsoleCase):
    def test_a_task_submitted_in_the_form_is_shown_until_it_succeeds(self):
        page = self.open("submit")
        page.fill("[name=type]", "example")
        page.fill("[name=payload]", '{"message":"héllo 你好","duration_ms":1500,"steps":3}')
        page.click("button[type=submit]")
        page.wait_for_text(".notice", "submitted.")
        page.wait_for_text(".recent .chip", "Success")
        page.screenshot("submit")
        page.click(".notice a")
        page.wait_for_text("h1", "example")
        page.wait_for_text(".chip", "Success")
        page.wait_for_text("[aria-label=Result]", "héllo 你好")
        identifier = page.evaluate("location.hash.split('/').at(-1)")
        self.assertEqual(self.server.task(identifier)["result"], {"message": "héllo 你好"})

    def test_events_may_come_before_the_reply(self):
        page = self.open("submit", prelude=HELD_REPLY)
        page.fill("[name=type]", "example")
        page.fill("[name=payload]", '{"duration_ms":600000}')
        page.click("button[type=submit]")
        page.wait_until("window.isProcessing", "the event of the start arrives")
        page.evaluate("window.release(), true")
        page.wait_for_text(".recent .chip", "Processing")

    def test_the_curl_line_submits_the_same(self):
        page = self.open("submit")
        page.fill("[name=type]", "example")
        page.fill("[name=payload]", '{"message":"it\'s $HOME \\"quoted\\""}')
        page.click("details.more summary")
        page.fill("[name=priority]", "7")
        page.fill("[name=max_retry]", "2")
        page.fill("[name=metadata]", '{"user": 12345678901234567890}')
        line = page.text("[aria-label='Equivalent curl command']")
        reply = subprocess.run(["bash", "-c", line], capture_output=True, timeout=PATIENCE, check=True)
        task = json.loads(reply.stdout)
        self.assertEqual(task["payload"], {"message": 'it\'s $HOME "quoted"'})
        self.assertEqual((task["priority"], task["max_retry"]), (7, 2))
        self.assertEqual(task["metadata"], {"user": 12345678901234567890})
        self.server.wait_for_status(task["id"], "success")
        page = self.open(f"tasks/{task['id']}")
        page.wait_for_text("dl", '{"user": 12345678901234567890}')
        page = self.open(f"submit?from={task['id']}")
        page.wait_until(
            """document.querySelector('[name=metadata]')?.value === '{"user": 12345678901234567890}'""",
            "the form shows the task's metadata")

    def test_errors_are_marked_at_their_fields(self):
        page = self.open("submit")
        page.fill("[name=payload]", "{oops")
        page.click("button[type=submit]")
        page.wait_for_text("#field-type-error", "A type is required.")
        page.wait_for_text("#field-payload-error", "Invalid JSON")
        page.fill("[name=payload]", "")
        page.click("details.more summary")
        for mistake in ("[1]", "7", "{"):
            page.fill("[name=metadata]", mistake)
            page.click("button[type=submit]")
            page.wait_for_text("#field-metadata-error", "JSON")
        page.fill("[name=metadata]", "")
        page.fill("[name=type]", "no spaces allowed")
        page.fill("[name=payload]", "{}")
        page.click("button[type=submit]")
        page.wait_for_text("#field-type-error", "letters, digits")
        self.assertEqual(self.server.call("GET", "tasks")["total"], 0)


class RefusalTest(ConsoleCase):
    flags = ("--queue-max-payload", "64")

    def test_errors_from_the_server_are_marked_too(self):
        page = self.open("submit")
        page.fill("[name=type]", "example")
        page.fill("[name=payload]", json.dumps({"message": "x" * 100}))
        page.click("button[type=submit]")
        page.wait_for_text("#field-payload-error", "must be at most 64 bytes long")
        self.expect(page, "status of 4")
        self.assertEqual(self.server.call("GET", "tasks")["total"], 0)


class TaskPageTest(ConsoleCase):
    def test_progress_moves_while_the_task_runs(self):
        identifier = self.server.submit(payload={"duration_ms": 12_000, "steps": 24})
        page = self.open(f"tasks/{identifier}")
        seen = set()

        def look():
            value = page.evaluate("document.querySelector('.progress-panel .bar')?.getAttribute('aria-valuenow')")
            seen.add(int(value or 0))
            return page.text(".task-title .chip") == "Success"

        page.wait_until("Number(document.querySelector('.progress-panel .bar')?.ariaValueNow) > 0", "progress moves")
        page.screenshot("task-running")
        page.wait_until("document.querySelector('.progress-panel .muted')?.innerText.startsWith('step ')")
        while not look():
            pass
        self.assertGreater(len(seen), 5, f"progress was only seen at {sorted(seen)}")
        page.wait_for_text(".timeline", "Submitted")
        page.wait_for_text(".timeline", "Started, attempt 1")
        page.wait_for_text(".timeline", "Succeeded")
        page.screenshot("task-done")

    def test_every_attempts_error_is_shown(self):
        identifier = self.server.submit(
            payload={"fail_times": 2}, max_retry=2, retry_policy={"strategy": "fixed", "delay": 0.2, "jitter": 0})
        page = self.open(f"tasks/{identifier}")
        page.wait_for_text(".task-title .chip", "Success")
        page.wait_for_text(".errors", "Attempt 1")
        page.wait_for_text(".errors", "attempt 2 fails: fail_times is 2")
        page.wait_for_text(".timeline", "Started, attempt 3")
        page.screenshot("task-errors")

    def test_cancel_retry_and_resubmit(self):
        identifier = self.server.submit(payload={"duration_ms": 600_000, "steps": 600})
        page = self.open(f"tasks/{identifier}")
        page.wait_for_text(".task-title .chip", "Processing")
        page.click("[data-action=cancel]")
        page.wait_for_text("dialog", "Cancel this task?")
        page.screenshot("confirm")
        page.press("Escape")
        page.wait_until("!document.querySelector('dialog')", "Escape closes the dialog")
        self.assertEqual(self.server.task(identifier)["status"], "processing")
        page.click("[data-action=cancel]")
        self.confirm(page)
        page.wait_for_text(".task-title .chip", "Canceled")
        self.assertEqual(self.server.task(identifier)["status"], "canceled")
        page.click("[data-action=retry]")
        self.confirm(page)
        page.wait_for_text(".task-title .chip", "Processing")
        page.click("[data-action=resubmit]")
        self.confirm(page)
        page.wait_until(f"!location.hash.includes('{identifier}')", "the new task is shown")
        page.wait_for_text(".task-title .chip", "Processing")
        second = page.evaluate("location.hash.split('/').at(-1)")
        self.assertEqual(self.server.task(second)["payload"], {"duration_ms": 600_000, "steps": 600})
        for each in (identifier, second):
            self.server.call("DELETE", f"tasks/{each}")
            self.server.wait_for_status(each, "canceled")

    def test_an_unknown_task(self):
        page = self.open("tasks/019ab3c4-0000-7000-8000-000000000000")
        page.wait_for_text("main", "No such task")
        self.expect(page, "404")


if __name__ == "__main__":
    unittest.main()
