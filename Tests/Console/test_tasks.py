"""The task table and the task types."""

import unittest

from support.case import ConsoleCase


class TableTest(ConsoleCase):
    def statuses(self, page):
        return set(page.evaluate("[...document.querySelectorAll('tbody .chip')].map((node) => node.innerText)"))

    def wait_for_rows(self, page, *identifiers):
        wanted = ",".join(identifiers)
        page.wait_until(
            f"[...document.querySelectorAll('tbody tr')].map((row) => row.dataset.id).join() === '{wanted}'",
            "these rows are shown")

    def test_filters_search_and_paging(self):
        done = [self.server.submit(payload={"message": str(number)}) for number in range(28)]
        failed = self.server.submit(payload={"fail_times": 9}, max_retry=0)
        keyed = self.server.submit(concurrency_key="tenant-7", max_concurrency=1)
        waiting = self.server.submit(type="other", priority=3)
        for identifier in (*done, keyed):
            self.server.wait_for_status(identifier, "success")
        self.server.wait_for_status(failed, "failed")
        page = self.open("tasks")
        page.wait_for_text(".pager", "1–25 of 31")
        page.click("[aria-label='Next page']")
        page.wait_for_text(".pager", "26–31 of 31")
        page.wait_until("document.querySelectorAll('tbody tr').length === 6")

        page.click(".filter-chip", "Failed")
        page.wait_for_text(".pager", "1–1 of 1")
        self.assertEqual(self.statuses(page), {"Failed"})
        page.wait_for_text(".row-error", "attempt 1 fails")
        page.click(".filter-chip", "Pending")
        page.wait_for_text(".pager", "1–2 of 2")
        self.assertEqual(self.statuses(page), {"Failed", "Pending"})
        self.assertIn("status=pending&status=failed", page.evaluate("location.hash"))
        page.click("button", "Clear filters")
        page.wait_for_text(".pager", "1–25 of 31")

        page.choose("#filter-type", "other")
        self.wait_for_rows(page, waiting)
        page.click("button", "Clear filters")
        page.fill("#filter-key", "tenant-7")
        self.wait_for_rows(page, keyed)

        page.fill("#find-id", "nothing-like-this")
        page.click(".find button")
        page.wait_until("document.querySelector('#find-error').innerText !== ''", "the search reports that it found nothing")
        page.fill("#find-id", failed)
        page.click(".find button")
        page.wait_for_text("h1", "example")
        page.wait_for_text(".errors", "attempt 1 fails")
        self.expect(page, "404", "400")

    def test_the_table_updates_live(self):
        page = self.open("tasks")
        page.wait_for_text("main", "No tasks yet.")
        first = self.server.submit(payload={"duration_ms": 600_000, "steps": 1_000})
        row = f"tr[data-id='{first}']"
        page.wait_for_text(f"{row} .chip", "Processing")
        page.wait_until(
            f"Number(document.querySelector(\"{row} .bar\").ariaValueNow) >= 1", "the row's progress moves")
        page.click(f"{row} button[title=Cancel]")
        self.confirm(page)
        page.wait_for_text(f"{row} .chip", "Canceled")
        self.assertEqual(self.server.task(first)["status"], "canceled")
        page.click(f"{row} button[title=Retry]")
        self.confirm(page)
        page.wait_for_text(f"{row} .chip", "Processing")

        page.click("button.toggle")
        page.wait_until("document.querySelector('button.toggle').ariaPressed === 'false'")
        second = self.server.submit(payload={})
        self.server.wait_for_status(second, "success")
        page.click("button.toggle")
        page.wait_for_text(f"tr[data-id='{second}'] .chip", "Success")
        self.server.call("DELETE", f"tasks/{first}")
        page.wait_for_text(f"{row} .chip", "Canceled")


class TypesTest(ConsoleCase):
    def test_pause_and_resume(self):
        self.server.wait_for_status(self.server.submit(), "success")
        page = self.open("types")
        row = "tr[data-type=example]"
        page.wait_for_text(f"{row} .chip", "Active")
        page.click(f"{row} button", "Pause")
        page.wait_for_text("dialog", "Pause example?")
        self.confirm(page)
        page.wait_for_text(f"{row} .chip", "Paused")
        identifier = self.server.submit()
        page.wait_until(f"document.querySelector('{row} [href*=pending]').innerText === '1'", "it is counted")
        self.assertEqual(self.server.task(identifier)["status"], "pending")
        page.screenshot("types-paused")
        page.click(f"{row} button", "Resume")
        page.wait_for_text(f"{row} .chip", "Active")
        self.server.wait_for_status(identifier, "success")
        page.wait_until(f"document.querySelector('{row} [href*=success]').innerText === '2'", "it is counted")

    def test_an_unused_type_is_deleted(self):
        for name in ("retired", "useful"):
            self.server.call("POST", f"types/{name}/pause?create=true")
        self.server.submit(type="useful")
        self.server.wait_for_status(self.server.submit(), "success")
        page = self.open("types")
        page.click("[aria-label='Delete useful']")
        page.wait_for_text("dialog h2", "useful cannot be deleted")
        page.wait_for_text("dialog", "It has 1 task (finished ones count).")
        self.assertEqual(page.count("dialog [data-answer='yes']"), 0)
        page.screenshot("types-kept")
        page.click("dialog button", "Back")
        page.wait_until("!document.querySelector('dialog')")
        page.click("[aria-label='Delete retired']")
        page.wait_for_text("dialog h2", "Delete retired?")
        page.press("Escape")
        page.wait_until("!document.querySelector('dialog')")
        self.assertIn("retired", [each["type"] for each in self.server.call("GET", "types")["types"]])
        page.click("[aria-label='Delete retired']")
        page.screenshot("types-delete")
        self.confirm(page)
        page.wait_for_text(".notice", "retired deleted.")
        page.wait_until("!document.querySelector('tr[data-type=retired]')", "its row disappears")
        self.assertNotIn("retired", [each["type"] for each in self.server.call("GET", "types")["types"]])

    def test_a_type_in_use_is_not_deleted(self):
        self.server.call("POST", "types/retired/pause?create=true")
        page = self.open("types", language="zh-CN")
        page.click("[aria-label='删除 example']")
        page.wait_for_text("dialog h2", "无法删除 example")
        page.wait_for_text("dialog", "有工作节点处理该类型")
        page.press("Escape")
        page.click("[aria-label='删除 retired']")
        page.wait_for_text("dialog h2", "删除 retired？")
        # A task is submitted while the dialog is open.
        self.server.submit(type="retired")
        self.confirm(page)
        page.wait_for_text(".notice.error", "该类型还有任务")
        self.expect(page, "status of 409")

    def test_limits(self):
        self.server.wait_for_status(self.server.submit(), "success")
        page = self.open("types")
        row = "tr[data-type=example]"
        page.click(f"{row} button", "Limit")
        page.wait_for_text("dialog", "Concurrency limit for example")
        self.assertEqual(page.evaluate("document.activeElement.id"), "field-limit")
        page.type("0")
        page.press("Enter")
        page.wait_for_text("dialog .field-error", "Must be an integer from 1 to")
        page.fill("#field-limit", "2")
        page.screenshot("types-limit")
        self.confirm(page)
        page.wait_for_text(".notice", "Limit for example set to 2.")
        page.wait_for_text(f"{row} .col-limit", "0 of 2")
        identifiers = [self.server.submit(payload={"duration_ms": 600_000}) for _ in range(4)]
        page.wait_for_text(f"{row} .col-limit", "2 of 2")
        self.assertEqual(sum(self.server.task(each)["status"] == "processing" for each in identifiers), 2)

        page.click(f"{row} button", "Limit")
        page.fill("#field-limit", "")
        page.press("Enter")
        page.wait_for_text(".notice", "Limit for example removed.")
        page.wait_for_text(f"{row} .col-limit", "none")
        page.wait_until(
            f"document.querySelector('{row} [href*=processing]').innerText === '4'", "all of them run")
        for each in identifiers:
            self.server.call("DELETE", f"tasks/{each}")


if __name__ == "__main__":
    unittest.main()
