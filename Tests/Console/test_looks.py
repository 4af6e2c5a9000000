"""Every view in every layout, theme and language: it must fit, and all texts must exist. Screenshots are kept."""

import json
import unittest

from support.case import ConsoleCase
from support.programs import wait_for

PHONE = {"size": (390, 844), "is_phone": True}
VIEWS = ("overview", "tasks", "schedules", "submit", "types", "workers")


class LooksTest(ConsoleCase):
    flags = ("--queue-max-concurrency", "6")

    def fill_queue(self):
        """Fills the queue with tasks in every state, as on a busy day."""
        submit = self.server.submit
        done = [submit(payload={"message": f"page {number}", "duration_ms": 40 * number}) for number in range(12)]
        failed = submit(payload={"fail_times": 9}, max_retry=1,
                        retry_policy={"strategy": "fixed", "delay": 0.1, "jitter": 0})
        gone = submit(payload={}, delay=3_600)
        self.server.call("DELETE", f"tasks/{gone}")
        for identifier in done:
            self.server.wait_for_status(identifier, "success")
        self.server.wait_for_status(failed, "failed")
        self.running = [submit(payload={"duration_ms": 900_000, "steps": 300}, priority=9) for _ in range(3)]
        for number in range(5):
            submit(payload={"duration_ms": 900_000}, concurrency_key="tenant-4711", max_concurrency=2)
        for kind, count in (("mail.digest", 7), ("thumbnail", 4), ("report-with-a-rather-long-name.of-the-month", 1)):
            for _ in range(count):
                submit(type=kind, payload={"to": "somebody"})
        self.server.call("POST", "types/thumbnail/pause")
        self.server.call("PUT", "types/mail.digest/limit", {"max_concurrency": 3})
        submit(payload={}, delay=7_200)
        daily = {"cron": "30 2 * * *", "time_zone": "Europe/Berlin", "task": {"type": "mail.digest"}}
        self.server.call("PUT", "schedules/daily", daily)
        self.server.call("PUT", "schedules/report-with-a-rather-long-name.of-the-month", {**daily, "cron": "0 9 L * *"})
        self.server.call("POST", "schedules/daily/pause", {"reason": "until the end of the month"})
        self.failed = failed
        wait_for(
            lambda: (self.server.task(self.running[0])["progress"] or 0) > 0.5, "the first one makes progress")

    def look_at(self, page, name):
        paths = {**{view: view for view in VIEWS}, "schedule": "schedules/daily",
                 "task-running": f"tasks/{self.running[0]}", "task-failed": f"tasks/{self.failed}"}
        for view, path in paths.items():
            self.go(page, path)
            page.wait_until(f"location.hash === '#/{path}' && document.querySelector('h1') !== null", f"{path} is shown")
            shown = {"tasks": "tbody tr", "schedules": ".schedules-table tbody tr", "schedule": ".facts dd",
                     "types": "tbody tr", "workers": ".nodes .card", "submit": "form",
                     "overview": "#card-workers ~ .rows li, .card .rows li"}.get(view, ".timeline li")
            page.wait_until(f"document.querySelector({json.dumps(shown)})?.checkVisibility()", f"{view} has content")
            if view == "overview":
                page.wait_until(
                    "[...document.querySelectorAll('.chart')].at(-1).querySelector('.line').getAttribute('d')",
                    "the charts show the past")
            # A phone zooms out until everything fits, so compare with the nominal width.
            wide = page.evaluate("document.documentElement.scrollWidth") - page.size[0]
            self.assertLessEqual(wide, 0, f"{name} {view} is {wide} pixels too wide")
            page.screenshot(f"{name}-{view}")

    def test_every_view_in_every_look(self):
        self.fill_queue()
        self.look_at(self.open(), "desktop")
        self.look_at(self.open(scheme="dark"), "dark")
        phone = self.open(**PHONE)
        self.look_at(phone, "phone")
        small = phone.evaluate("""[...document.querySelectorAll("a, button, select, summary")]
          .filter((node) => node.checkVisibility() && !node.closest(".off-screen, p, li, td, dd, .skip"))
          .map((node) => [node.innerText || node.ariaLabel, node.getBoundingClientRect().height])
          .filter(([, height]) => height < 24)""")
        self.assertEqual(small, [], "too small for a thumb")
        chinese = self.open(language="zh-CN")
        self.assertEqual(chinese.evaluate("document.documentElement.lang"), "zh-CN")
        self.look_at(chinese, "zh")
        self.look_at(self.open(language="zh-CN", scheme="dark", **PHONE), "zh-phone-dark")

    def test_both_languages_have_all_texts(self):
        page = self.open(language="zh-CN")
        page.wait_for_text("nav", "概览")
        lists = page.evaluate("""Promise.all([
          import("/console/words-en.js"), import("/console/words-zh.js"),
        ]).then(([{ en }, { zh }]) => ({ en, zh }))""")
        # Chinese has no singular forms, and browsers describe JSON errors in English only.
        wanted = {key: words for key, words in lists["en"].items() if not key.endswith(".one")}
        self.assertEqual(sorted(wanted), sorted(lists["zh"]))
        for key, words in wanted.items():
            if not key.startswith("invalid.json"):
                self.assertEqual(self.places(words), self.places(lists["zh"][key]), key)
        for key in lists["en"].keys() - wanted.keys():
            self.assertEqual(self.places(lists["en"][key]), self.places(lists["en"][key.removesuffix(".one")]), key)

    @staticmethod
    def places(words):
        return sorted(part.split("}")[0] for part in words.split("{")[1:])

    def test_the_language_and_the_colors_are_chosen_and_remembered(self):
        page = self.open("types")
        page.wait_for_text("h1", "Task types")
        page.choose("#language", "zh")
        page.wait_for_text("h1", "任务类型")
        page.choose("#theme", "dark")
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
        page.evaluate("window.isOld = true; location.reload(); true")
        page.wait_until("!window.isOld && document.querySelector('h1')?.innerText === '任务类型'", "it is reloaded")
        self.assertEqual(page.evaluate("getComputedStyle(document.body).backgroundColor"), dark)
        page.choose("#theme", "light")
        self.assertNotEqual(page.evaluate("getComputedStyle(document.body).backgroundColor"), dark)
        page.choose("#language", "en")
        page.wait_for_text("h1", "Task types")

    def test_a_task_is_canceled_on_a_phone_in_chinese(self):
        identifier = self.server.submit(payload={"duration_ms": 600_000})
        page = self.open(f"tasks/{identifier}", language="zh-CN", **PHONE)
        page.wait_for_text(".task-title .chip", "执行中")
        page.click("[data-action=cancel]")
        page.wait_for_text("dialog", "取消这个任务？")
        self.confirm(page)
        page.wait_for_text(".task-title .chip", "已取消")


if __name__ == "__main__":
    unittest.main()
