"""Unique keys: submitting with a rule, and what is said about the tasks that hold keys."""

import json
import unittest

from support.case import ConsoleCase

# A type that no worker serves, so that its tasks wait.
WAITING = "other"


class UniqueFormTest(ConsoleCase):
    def form(self, kind=WAITING):
        page = self.open("submit")
        page.fill("[name=type]", kind)
        page.click("details.more summary")
        return page

    def body(self, page):
        return json.loads(page.text("[aria-label='Request body']"))

    def shown(self, page):
        return set(page.evaluate(
            "[...document.querySelectorAll('[name^=unique_]')].filter((node) => node.checkVisibility())"
            ".map((node) => node.name)"))

    def send(self, page, said):
        page.click("button[type=submit]")
        page.wait_for_text(".notice", said)

    def test_only_the_fields_of_the_chosen_rule_are_shown(self):
        page = self.form()
        always = {"unique_key", "unique_parts", "unique_on_conflict", "unique_across_types"}
        self.assertEqual(self.shown(page), always | {"unique_until", "unique_window"})
        page.choose("[name=unique_until]", "started")
        self.assertEqual(self.shown(page), always | {"unique_until"})
        page.choose("[name=unique_parts]", "some")
        self.assertEqual(self.shown(page), always | {"unique_until", "unique_by"})
        page.choose("[name=unique_on_conflict]", "rerun")
        self.assertEqual(self.shown(page), always | {"unique_by"})
        page.choose("[name=unique_on_conflict]", "debounce")
        self.assertEqual(self.shown(page), always | {"unique_by", "unique_wait", "unique_max_wait", "unique_keep"})
        page.screenshot("submit-unique")

    def test_a_key_alone_is_sent_in_the_short_form(self):
        page = self.form()
        page.fill("[name=unique_key]", "deploy")
        self.assertEqual(self.body(page), {"type": WAITING, "unique_key": "deploy"})
        self.send(page, "submitted.")
        self.send(page, "holds the unique key; no new task was submitted.")
        self.assertEqual(self.server.call("GET", "tasks")["total"], 1)

    def test_a_rule_needs_a_key_and_its_numbers(self):
        page = self.form()
        page.choose("[name=unique_on_conflict]", "debounce")
        page.click("button[type=submit]")
        page.wait_for_text("#field-unique_key-error", "Enter a key")
        page.wait_for_text("#field-unique_wait-error", "Required.")
        page.choose("[name=unique_parts]", "some")
        page.click("button[type=submit]")
        page.wait_for_text("#field-unique_by-error", "Enter at least one path.")
        self.assertEqual(self.server.call("GET", "tasks")["total"], 0)

    def test_errors_from_the_server_are_marked(self):
        page = self.form()
        page.fill("[name=unique_key]", "k")
        page.choose("[name=unique_on_conflict]", "debounce")
        page.fill("[name=unique_wait]", "60")
        page.fill("[name=unique_max_wait]", "5")
        page.click("button[type=submit]")
        page.wait_for_text("#field-unique_max_wait-error", "must be at least wait")
        self.expect(page, "status of 400")

    def test_a_waiting_task_is_updated(self):
        page = self.form()
        page.fill("[name=unique_key]", "deploy")
        page.choose("[name=unique_on_conflict]", "replace")
        page.fill("[name=payload]", '{"n":1}')
        self.send(page, "submitted.")
        page.fill("[name=payload]", '{"n":2}')
        self.send(page, "was already waiting with this unique key and has been updated.")
        tasks = self.server.call("GET", "tasks")["tasks"]
        self.assertEqual([(task["payload"], task["version"]) for task in tasks], [({"n": 2}, 2)])
        self.go(page, f"tasks/{tasks[0]['id']}")
        page.wait_for_text(".timeline", "Edited")
        self.assertNotIn("Retried manually", page.text(".timeline"))

    def test_tasks_that_differ_by_parts_of_their_payload(self):
        page = self.form()
        page.choose("[name=unique_parts]", "some")
        page.fill("[name=unique_by]", "customer.id, region")
        for payload, said in (
            ('{"customer":{"id":1},"n":1}', "submitted."), ('{"customer":{"id":2},"n":2}', "submitted."),
            ('{"customer":{"id":1},"n":3}', "no new task was submitted."),
        ):
            page.fill("[name=payload]", payload)
            self.assertEqual(self.body(page)["unique"], {"by": ["customer.id", "region"]})
            self.send(page, said)
        self.assertEqual(self.server.call("GET", "tasks")["total"], 2)

    def test_a_rejection_is_said(self):
        self.server.submit(type=WAITING, unique_key="deploy")
        page = self.form()
        page.fill("[name=unique_key]", "deploy")
        page.choose("[name=unique_on_conflict]", "reject")
        page.click("button[type=submit]")
        page.wait_for_text("#submit-error", "holds the unique key")
        self.expect(page, "status of 409")


class BlockedTest(ConsoleCase):
    def test_a_task_that_waits_for_another_says_so(self):
        rule = {"key": "deploy", "on_conflict": "rerun"}
        running = self.server.submit(payload={"duration_ms": 600_000, "steps": 600}, unique=rule)
        self.server.wait_for_status(running, "processing")
        page = self.open("submit")
        page.fill("[name=type]", "example")
        page.click("details.more summary")
        page.fill("[name=unique_key]", "deploy")
        page.choose("[name=unique_on_conflict]", "rerun")
        page.click("button[type=submit]")
        page.wait_for_text(".notice", "It waits until the running task with its unique key has ended.")
        page.click(".notice a")
        page.wait_for_text(".task-title", "unique key in use")
        page.wait_for_text(".facts", "until it has ended")
        page.screenshot("task-blocked")
        blocked = page.evaluate("location.hash.split('/').at(-1)")
        self.go(page, "tasks")
        page.wait_for_text(f"tr[data-id='{blocked}'] .col-status", "unique key in use")
        self.server.call("DELETE", f"tasks/{running}")
        self.server.wait_for_status(blocked, "success")
        page.wait_until(
            f"!document.querySelector(\"tr[data-id='{blocked}'] .col-status\").innerText.includes('in use')")

    def test_the_reason_and_the_rule_are_in_chinese_too(self):
        identifier = self.server.submit(
            type=WAITING, unique={"key": "daily", "until": "window", "window": 3600, "across_types": True})
        page = self.open(f"tasks/{identifier}", language="zh-CN")
        page.wait_for_text(".facts", "提交后 1 小时；所有类型共用")
        page = self.open(f"submit?from={identifier}")
        page.wait_until("document.querySelector('[name=unique_window]')?.value === '3600'", "the form shows the window")
        self.assertEqual(
            self.body_of(page), {"key": "daily", "until": "window", "across_types": True, "window": 3600})

    def body_of(self, page):
        return json.loads(page.text("[aria-label='Request body']"))["unique"]


if __name__ == "__main__":
    unittest.main()
