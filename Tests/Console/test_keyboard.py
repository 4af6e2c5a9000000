"""Using the console with the keyboard alone."""

import unittest

from support.case import ConsoleCase
from support.page import SHIFT


class KeyboardTest(ConsoleCase):
    def tab_to(self, page, condition, what, limit=60):
        """Presses Tab until `condition` holds for the focused element, which must have a visible focus outline."""
        for _ in range(limit):
            page.press("Tab")
            if page.evaluate(f"((node) => {condition})(document.activeElement)"):
                outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                self.assertNotEqual(outline, "none", f"{what} has no visible focus outline")
                return
        raise AssertionError(f"Tab does not reach {what}")

    def test_from_the_form_to_a_canceled_task(self):
        page = self.open("overview")
        self.tab_to(page, "node.className === 'skip'", "the link to the content")
        self.tab_to(page, "node.hash === '#/submit'", "the link to the form")
        page.press("Enter")
        page.wait_for_text("h1", "Submit a task")
        self.tab_to(page, "node.name === 'type'", "the type")
        page.type("example")
        self.tab_to(page, "node.name === 'payload'", "the payload")
        page.type('{"duration_ms":600000,"steps":600}')
        self.tab_to(page, "node.type === 'submit'", "the button")
        page.press("Enter")
        page.wait_for_text(".recent .chip", "Processing")
        self.tab_to(page, "node.closest('.recent') && node.href", "the link to the task")
        page.press("Enter")
        page.wait_for_text(".task-title .chip", "Processing")
        identifier = page.evaluate("location.hash.split('/').at(-1)")

        cancel = "node.dataset.action === 'cancel'"
        self.tab_to(page, cancel, "cancel")
        page.press("Enter")
        page.wait_for_text("dialog", "Cancel this task?")
        # The focus stays within the dialog, in both directions.
        for _ in range(5):
            page.press("Tab")
            self.assertTrue(page.evaluate("Boolean(document.activeElement.closest('dialog'))"))
        for _ in range(5):
            page.press("Tab", SHIFT)
            self.assertTrue(page.evaluate("Boolean(document.activeElement.closest('dialog'))"))
        page.press("Escape")
        page.wait_until("!document.querySelector('dialog')", "Escape closes the dialog")
        self.assertTrue(page.evaluate(f"((node) => {cancel})(document.activeElement)"), "the focus did not return")
        self.assertEqual(self.server.task(identifier)["status"], "processing")
        page.press("Enter")
        page.wait_for_text("dialog", "Cancel this task?")
        self.tab_to(page, "node.dataset.answer === 'yes'", "yes")
        page.press("Enter")
        page.wait_for_text(".task-title .chip", "Canceled")

    def test_filters_and_the_search(self):
        identifier = self.server.submit()
        self.server.wait_for_status(identifier, "success")
        page = self.open("tasks")
        page.wait_for_text("tbody .chip", "Success")
        self.tab_to(page, "node.dataset.status === 'failed'", "the filter")
        page.press(" ")
        page.wait_for_text("main", "No matching tasks.")
        page.press(" ")
        page.wait_for_text("tbody .chip", "Success")
        self.tab_to(page, "node.id === 'filter-type'", "the type")
        page.press("ArrowDown")
        page.wait_until("location.hash.includes('type=example')", "the arrow chooses")
        self.tab_to(page, "node.id === 'find-id'", "the search")
        page.type(identifier)
        page.press("Enter")
        page.wait_for_text(".task-title .chip", "Success")

    def test_a_limit(self):
        self.server.wait_for_status(self.server.submit(), "success")
        page = self.open("types")
        page.wait_for_text("tbody .chip", "Active")
        self.tab_to(page, "node.ariaLabel === 'Limit example'", "the limit")
        page.press("Enter")
        page.wait_for_text("dialog", "Concurrency limit for example")
        page.type("5")
        page.press("Enter")
        page.wait_for_text("tr[data-type=example] .col-limit", "0 of 5")


if __name__ == "__main__":
    unittest.main()
