"""Distinguishing tasks: IDs, long names, and the dialogs that name them."""

import json
import unittest

from support.case import ConsoleCase
from support.programs import BINARY, wait_for

PHONE = {"size": (390, 844), "is_phone": True}
WIDTHS = (1440, 1000, 760, 390, 320)
KEY = "customer-4711-project-0815-environment-42"
LONG = "report." * 18 + "x1"
# Elements that extend beyond the right edge of their card or of the window. Wide tables scroll in their box.
OVERFLOW = """[...document.querySelectorAll("main *, dialog *")].filter((node) => {
  if (!node.checkVisibility() || node.closest(".off-screen, .code, svg, option")) return false;
  const box = node.getBoundingClientRect();
  const card = node.parentElement.closest(".card, .table-box, dialog, main").getBoundingClientRect();
  const clips = innerWidth > 760 ? ".cut, .chart-box, .table-box" : ".cut, .chart-box";
  const clip = (each) => each && (each.matches(clips) ? true : each.matches("main") ? false
    : clip(each.parentElement));
  return box.width > 0 && !clip(node.parentElement) && box.right > Math.min(card.right, innerWidth) + 1;
}).map((node) => `${node.tagName}.${node.className} ${node.innerText?.slice(0, 60)}`)"""


class NamesTest(ConsoleCase):
    flags = ("--queue-max-concurrency", "40")

    def test_the_tasks_of_one_file_look_different(self):
        lines = self.folder.path / "tasks.ndjson"
        lines.write_text("".join(json.dumps({"type": "example", "payload": {"n": 1}}) + "\n" for _ in range(30)))
        process = self.folder.start("submit", BINARY, "submit", "--file", str(lines), "--url", self.server.address.rstrip("/"))
        self.assertEqual(process.wait(120), 0, self.folder.log("submit"))
        for options in ({}, PHONE):
            page = self.open("tasks", **options)
            page.wait_until("document.querySelectorAll('tbody tr').length === 25")
            links = page.evaluate("[...document.querySelectorAll('tbody a')].map((node) => [node.innerText, node.title])")
            self.assertEqual(len({text for text, _ in links}), 25, links)
            for text, identifier in links:
                self.assertEqual(text[:8], identifier[:8])
                self.assertEqual(text[-8:], identifier[-8:])
                self.assertIn("…", text)
            cut = page.evaluate(
                "[...document.querySelectorAll('tbody a')].filter((node) => node.scrollWidth > node.clientWidth).length")
            self.assertEqual(cut, 0, "the distinguishing part is cut off")
        page.screenshot("phone-file")

    def test_a_dialog_names_the_task_of_the_clicked_row(self):
        wanted = self.server.submit(payload={"duration_ms": 900_000, "steps": 900})
        page = self.open("tasks")
        button = f"tr[data-id='{wanted}'] button[title=Cancel]"
        place = page.wait_until(f"""(() => {{
          const box = document.querySelector("{button}")?.getBoundingClientRect();
          return box && {{ x: box.x + box.width / 2, y: box.y + box.height / 2 }};
        }})()""")
        move = {"x": place["x"], "y": place["y"]}
        page.call("Input.dispatchMouseEvent", type="mouseMoved", button="none", **move)
        others = [self.server.submit(payload={"duration_ms": 900_000, "steps": 900}) for _ in range(5)]
        page.wait_for_text(".filter-chip[data-status=processing] .count", "6")
        page.call("Input.dispatchMouseEvent", type="mouseMoved", button="none", x=move["x"] - 1, y=move["y"])
        for kind in ("mousePressed", "mouseReleased"):
            page.call("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **move)
        page.wait_for_text("dialog", wanted)
        page.wait_for_text("dialog", "example")
        page.screenshot("confirm-named")
        self.confirm(page)
        self.server.wait_for_status(wanted, "canceled")
        self.assertEqual({self.server.task(each)["status"] for each in others}, {"processing"})
        # The rows move once the pointer has left them.
        page.wait_until("document.querySelectorAll('tbody tr').length === 6", "all rows are there")
        order = page.evaluate("[...document.querySelectorAll('tbody tr')].map((row) => row.dataset.id)")
        self.assertEqual(order, sorted([wanted, *others], reverse=True))

    def test_every_dialog_names_its_subject(self):
        identifier = self.server.submit(payload={"fail_times": 9}, max_retry=0)
        self.server.wait_for_status(identifier, "failed")
        page = self.open(f"tasks/{identifier}")
        for action in ("retry", "resubmit"):
            page.click(f"[data-action={action}]")
            page.wait_for_text("dialog", identifier)
            page.press("Escape")
            page.wait_until("!document.querySelector('dialog')")

    def fill_with_long_names(self):
        submit = self.server.submit
        self.running = [
            submit(payload={"duration_ms": 900_000, "steps": 9}, concurrency_key=key, max_concurrency=100)
            for key in (KEY, "k" * 256, *(f"tenant-{number}" for number in range(13)))]
        for _ in range(3):
            self.long = submit(type=LONG, payload={"text": "x" * 400}, unique_key=None)
        for number in range(14):
            submit(type=f"type-{number}")
        self.server.call("PUT", f"types/{LONG}/limit", {"max_concurrency": 100_000})
        self.server.call("PUT", f"schedules/{LONG}", {"cron": "0 0 1 1 *", "task": {"type": LONG}})
        wait_for(
            lambda: self.server.call("GET", "stats")["processing_tasks"] == len(self.running), "they run")

    def test_long_names_fit_everywhere(self):
        self.fill_with_long_names()
        page = self.open()
        shown = {
            "overview": ".card .rows li", "tasks": "tbody tr", f"tasks/{self.long}": ".timeline li", "types": "tbody tr",
            "workers": ".nodes .card", "submit": "form", f"tasks?type={LONG}": "tbody tr",
            f"tasks/{self.running[1]}": ".timeline li", "schedules": ".schedules-table tbody tr", f"schedules/{LONG}": ".facts dd",
        }
        for width in WIDTHS:
            page.look((width, 844), is_phone=width <= 390)
            for path, content in shown.items():
                self.go(page, path)
                page.wait_until(f"location.hash === '#/{path}'")
                page.wait_until(f"document.querySelector({json.dumps(content)})?.checkVisibility()", f"{path} is shown")
                self.assertEqual(page.evaluate(OVERFLOW), [], f"{path} at {width}")
                wide = page.evaluate("document.documentElement.scrollWidth") - width
                self.assertLessEqual(wide, 0, f"{path} is {wide} pixels too wide at {width}")
                page.screenshot(f"long-{width}-{list(shown).index(path)}")
            self.go(page, "tasks")
            select = page.wait_until("document.querySelector('#filter-type')?.getBoundingClientRect().width")
            self.assertLessEqual(select, min(width, 420), f"the select at {width}")
            self.go(page, f"tasks/{self.running[1]}")
            page.click("[data-action=cancel]")
            page.wait_for_text("dialog", self.running[1])
            self.assertEqual(page.evaluate(OVERFLOW), [], f"a dialog at {width}")
            page.press("Escape")
            page.wait_until("!document.querySelector('dialog')")

    def test_lists_show_how_many_more_there_are(self):
        self.fill_with_long_names()
        page = self.open("overview")
        for card, count in (("backlog", 16), ("keys", 15)):
            rows = f"#rows-{card} > li"
            page.wait_until(f"document.querySelectorAll('{rows}').length === 12")
            more = f"[aria-controls=rows-{card}]"
            page.wait_for_text(more, f"{count - 12} more")
            page.click(more)
            page.wait_until(f"document.querySelectorAll('{rows}').length === {count}")
            page.wait_for_text(more, "Show fewer")
        page.screenshot("overview-more")


if __name__ == "__main__":
    unittest.main()
