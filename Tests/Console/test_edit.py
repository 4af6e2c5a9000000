"""Editing a task that waits, on its page."""

import json
import unittest

from support.case import ConsoleCase
from support.page import SHIFT
from support.programs import wait_for

SAVE = "dialog [data-answer=yes]"


class EditCase(ConsoleCase):
    def wait(self, **fields):
        """Submits a task that no worker runs."""
        return self.server.submit(type="other", **fields)

    def start(self, page, identifier):
        """Opens the form on the task's page, and waits until it is filled."""
        self.go(page, f"tasks/{identifier}")
        page.wait_until(f"location.hash.includes('{identifier}')")
        page.wait_for_text(".task-title .chip", "Pending")
        page.click("[data-action=edittask]")
        self.wait_for_field(page, "priority", str(self.server.task(identifier)["priority"]))

    def wait_for_field(self, page, name, value):
        page.wait_until(
            f"document.querySelector('dialog [name={name}]')?.value === {json.dumps(value)}", f"{name} is {value!r}")

    def run_elsewhere(self):
        leases = self.server.call("POST", "leases", {"worker": "w1", "types": ["other"], "max_tasks": 1, "wait": 5})
        return leases["leases"][0]["lease"]


class EditTest(EditCase):
    def test_the_task_is_changed_and_the_page_shows_it(self):
        identifier = self.wait(
            payload={"n": 12345678901234567890, "old": 1, "list": [None]}, priority=3, unique_key="once",
            metadata={"user": 7})
        page = self.open()
        self.start(page, identifier)
        page.wait_for_text("dialog", identifier)
        page.screenshot("edit")
        page.fill("dialog [name=payload]", '{"n": 12345678901234567891, "list": [null], "new": {"b": []}}')
        page.fill("dialog [name=priority]", "9")
        page.fill("dialog [name=unique_key]", "")
        page.fill("dialog [name=max_retry]", "")
        self.confirm(page)
        page.wait_for_text(".notice", "Task edited.")
        page.wait_for_text(".timeline", "Edited")
        page.wait_for_text("[aria-label=Payload]", "12345678901234567891")
        task = self.server.task(identifier)
        self.assertEqual(task["payload"], {"n": 12345678901234567891, "list": [None], "new": {"b": []}})
        self.assertEqual((task["priority"], task["unique_key"], task["version"]), (9, None, 2))
        # What the form did not touch stays, and what it emptied is as of a task submitted without it.
        self.assertEqual(task["metadata"], {"user": 7})
        self.assertEqual(task["max_retry"], self.server.task(self.wait())["max_retry"])
        self.assertEqual(task["status"], "pending")

    def test_another_time_to_run(self):
        identifier = self.wait()
        page = self.open()
        self.start(page, identifier)
        page.choose("dialog [name=when]", "delay")
        page.fill("dialog [name=delay]", "3600")
        self.confirm(page)
        wait_for(lambda: self.server.task(identifier)["pending_reason"] == "scheduled", "it waits for its time")
        page.wait_for_text(".facts", "Scheduled for")
        # Another field leaves the time as it is.
        planned = self.server.task(identifier)["run_at"]
        self.start(page, identifier)
        page.fill("dialog [name=priority]", "5")
        self.confirm(page)
        wait_for(lambda: self.server.task(identifier)["priority"] == 5, "the priority is changed")
        self.assertEqual(self.server.task(identifier)["run_at"], planned)
        self.start(page, identifier)
        page.choose("dialog [name=when]", "now")
        self.confirm(page)
        wait_for(lambda: self.server.task(identifier)["pending_reason"] == "ready", "it is ready")

    def test_the_rule_of_its_unique_key(self):
        identifier = self.wait(unique={"key": "deploy", "until": "window", "window": 3600, "on_conflict": "reject"})
        page = self.open()

        def edit(**choices):
            self.start(page, identifier)
            for name, value in choices.items():
                page.choose(f"dialog [name=unique_{name}]", value)
            self.confirm(page)
            return self.server.task(identifier)["unique"]

        self.start(page, identifier)
        shown = page.evaluate(
            "[...document.querySelectorAll('dialog [name^=unique_]')].filter((node) => node.checkVisibility())"
            ".map((node) => node.name)")
        # What its submission did about other tasks is no part of the task.
        self.assertEqual(set(shown), {"unique_key", "unique_until", "unique_window", "unique_across_types"})
        page.press("Escape")
        rule = {"key": "deploy", "until": "started", "window": None, "across_types": True}
        self.assertEqual(edit(until="started", across_types="yes"), rule)
        self.assertEqual(edit(until="done"), {**rule, "until": "done"})
        # The usual rule has a short form.
        self.assertEqual(edit(across_types="no"), {**rule, "until": "done", "across_types": False})
        self.assertEqual(self.server.task(identifier)["version"], 4)

    def test_nothing_changed_is_no_edit(self):
        identifier = self.wait(payload={"a": {"b": None}}, metadata={"user": 7})
        page = self.open()
        self.start(page, identifier)
        self.confirm(page)
        self.assertEqual(self.server.task(identifier)["version"], 1)
        self.assertEqual(page.count(".notice"), 0)

    def test_errors_are_marked_at_their_fields(self):
        identifier = self.wait(payload={"a": {"b": 1}})
        self.wait(unique_key="taken")
        page = self.open()
        self.start(page, identifier)
        for payload, text in (("{oops", "Invalid JSON"), ('{"a": {"b": null}}', "cannot set payload.a.b to null")):
            page.fill("dialog [name=payload]", payload)
            page.click(SAVE)
            page.wait_for_text("#field-payload-error", text)
        page.fill("dialog [name=payload]", "")
        page.fill("dialog [name=unique_key]", "taken")
        page.click(SAVE)
        page.wait_for_text("#submit-error", "another task has this unique key")
        self.expect(page, "status of 409")
        page.fill("dialog [name=unique_key]", "free")
        self.confirm(page)
        page.wait_for_text(".notice", "Task edited.")
        task = self.server.task(identifier)
        self.assertEqual((task["payload"], task["unique_key"]), (None, "free"))


class RaceTest(EditCase):
    def test_a_change_by_somebody_else_is_not_overwritten(self):
        identifier = self.wait(priority=1)
        page = self.open()
        self.start(page, identifier)
        page.fill("dialog [name=priority]", "2")
        self.server.call("PATCH", f"tasks/{identifier}", {"priority": 3})
        page.click(SAVE)
        page.wait_for_text("#submit-error", "Not saved")
        self.assertEqual(self.server.task(identifier)["priority"], 3)
        page.screenshot("edit-conflict")
        page.click("dialog .button", "Load current version")
        self.wait_for_field(page, "priority", "3")
        page.fill("dialog [name=priority]", "4")
        self.confirm(page)
        page.wait_for_text(".notice", "Task edited.")
        task = self.server.task(identifier)
        self.assertEqual((task["priority"], task["version"]), (4, 3))
        self.expect(page, "status of 412")

    def test_a_task_that_has_started_says_so(self):
        identifier = self.wait(payload={"n": 1})
        page = self.open()
        self.start(page, identifier)
        page.fill("dialog [name=payload]", '{"n": 2}')
        self.run_elsewhere()
        page.click(SAVE)
        page.wait_for_text("#submit-error", "has started or ended")
        page.press("Escape")
        page.wait_until("!document.querySelector('dialog')", "Escape closes the dialog")
        self.assertEqual(self.server.task(identifier)["payload"], {"n": 1})
        page.wait_for_text(".task-title .chip", "Processing")
        page.wait_until("!document.querySelector('[data-action=edittask]').checkVisibility()", "the button is gone")
        self.expect(page, "status of 409")


class AccessTest(EditCase):
    def test_with_the_keyboard_alone(self):
        identifier = self.wait(priority=1)
        page = self.open(f"tasks/{identifier}")
        page.wait_for_text(".task-title .chip", "Pending")
        page.evaluate("document.querySelector('[data-action=edittask]').focus()")
        page.press("Enter")
        self.wait_for_field(page, "priority", "1")
        page.wait_until("document.activeElement.name === 'payload'", "the payload has the focus")
        # The focus goes round within the dialog, in both directions.
        for modifiers in (0, SHIFT):
            names = set()
            for _ in range(30):
                page.press("Tab", modifiers)
                name = page.evaluate(
                    "document.activeElement.closest('dialog') ? document.activeElement.name || 'button' : null")
                self.assertIsNotNone(name, "the focus left the dialog")
                names.add(name)
            self.assertLessEqual({"payload", "when", "priority", "metadata", "strategy", "button"}, names)
        page.press("Escape")
        page.wait_until("!document.querySelector('dialog')", "Escape closes the dialog")
        self.assertEqual(page.evaluate("document.activeElement.dataset.action"), "edittask", "the focus did not return")
        page.press("Enter")
        self.wait_for_field(page, "priority", "1")
        page.fill("dialog [name=priority]", "8")
        page.press("Enter")
        page.wait_for_text(".notice", "Task edited.")
        self.assertEqual(self.server.task(identifier)["priority"], 8)

    def test_it_fits_on_a_phone_in_chinese(self):
        identifier = self.wait(payload={"text": "x" * 400}, metadata={"user": "y" * 300})
        page = self.open(f"tasks/{identifier}", language="zh-CN", size=(390, 844), is_phone=True)
        page.wait_for_text(".task-title .chip", "等待")
        page.click("[data-action=edittask]", "编辑")
        page.wait_for_text("dialog", "编辑这个任务")
        for width in (390, 320):
            page.look((width, 844), is_phone=True)
            wide = page.evaluate("(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector('dialog'))")
            self.assertLessEqual(wide, 0, f"the dialog is too wide at {width}")
            page.screenshot(f"zh-edit-{width}")
        self.server.call("PATCH", f"tasks/{identifier}", {"priority": 3})
        page.fill("dialog [name=priority]", "4")
        page.click(SAVE)
        page.wait_for_text("#submit-error", "未保存")
        self.expect(page, "status of 412")


if __name__ == "__main__":
    unittest.main()
