"""The console's texts, and when they appear."""

import json
import unittest

from support.case import ConsoleCase
from support.programs import wait_for

TRACEBACK = 'Traceback (most recent call last):\n  File "worker.py", line 7, in run\n    raise ValueError(x)\nValueError: no paper'


class FirstStepsTest(ConsoleCase):
    def test_an_empty_queue_shows_where_to_begin(self):
        for path in ("overview", "tasks"):
            page = self.open(path)
            page.wait_for_text("main .button.primary", "Submit your first task")
            page.screenshot(f"first-{path}")
        page.click("main .button.primary", "Submit your first task")
        page.wait_for_text("h1", "Submit a task")
        self.server.wait_for_status(self.server.submit(), "success")
        self.go(page, "overview")
        page.wait_for_text("#rows-backlog", "example")
        self.assertNotIn("Submit your first task", page.text("main"))

    def test_a_page_past_the_end_shows_the_last_one(self):
        for _ in range(3):
            self.server.wait_for_status(self.server.submit(), "success")
        page = self.open("tasks?page=7")
        page.wait_for_text(".pager", "1–3 of 3")


class ListTest(ConsoleCase):
    def test_the_way_back_leads_to_the_same_list(self):
        for _ in range(60):
            self.server.submit(type="other")
        self.server.wait_for_status(self.server.submit(), "success")
        page = self.open("tasks")
        page.click(".filter-chip", "Pending")
        page.choose("#filter-type", "other")
        page.wait_for_text(".pager", "1–25 of 60")
        page.click("[aria-label='Next page']")
        page.wait_for_text(".pager", "26–50 of 60")
        first = page.evaluate("document.querySelector('tbody tr').dataset.id")
        page.click("tbody a")
        page.wait_for_text(".task-title .chip", "Pending")
        page.evaluate("window.isOld = true; location.reload(); true")
        page.wait_until("!window.isOld && document.querySelector('.task-title .chip')?.innerText === 'Pending'")
        page.click(".back")
        page.wait_for_text(".pager", "26–50 of 60")
        self.assertEqual(page.evaluate("document.querySelector('tbody tr').dataset.id"), first)
        self.assertEqual(page.evaluate("document.querySelector('#filter-type').value"), "other")
        page.wait_until("document.querySelector('.filter-chip[data-status=pending]').ariaPressed === 'true'")

    def test_payloads_too_large_for_one_response_omit_no_task(self):
        text = "x" * 900_000
        tasks = [self.server.submit(type="other", payload={"text": text, "n": number}) for number in range(15)]
        page = self.open("tasks")
        page.wait_for_text(".pager", "1–15 of 15")
        shown = page.evaluate("[...document.querySelectorAll('tbody tr')].map((row) => row.dataset.id)")
        self.assertEqual(shown, tasks[::-1])

    def test_an_unserved_type_is_flagged_only_with_pending_tasks(self):
        gone = self.server.submit(type="unneeded")
        self.server.call("DELETE", f"tasks/{gone}")
        page = self.open("overview")
        item = "#rows-backlog li:has([href$=unneeded])"
        page.wait_until(f"Boolean(document.querySelector('{item}'))", "the type is listed")
        self.assertFalse(page.evaluate(f"document.querySelector('{item} .flag').checkVisibility()"))
        self.go(page, "types")
        page.wait_for_text("tr[data-type=unneeded] .chip", "No worker")
        self.assertIsNone(page.evaluate("document.querySelector('tr[data-type=unneeded] .chip').dataset.status ?? null"))
        self.server.submit(type="unneeded")
        page.wait_until("document.querySelector('tr[data-type=unneeded] .chip').dataset.status === 'failed'")
        self.go(page, "overview")
        page.wait_for_text(f"{item} .flag", "No worker")


class FailureTest(ConsoleCase):
    def claim(self, kind):
        answer = self.server.call(
            "POST", "leases", {"worker": "w1", "types": [kind], "max_tasks": 1, "wait": 5})
        return answer["leases"][0]

    def test_the_reason_for_no_retry_is_shown(self):
        at_once = {"strategy": "fixed", "delay": 0, "jitter": 0}
        used_up = self.server.submit(payload={"fail_times": 9}, max_retry=2, retry_policy=at_once)
        one = self.server.submit(payload={"fail_times": 9}, max_retry=1, retry_policy=at_once)
        never = self.server.submit(payload={"fail_times": 9}, max_retry=0)
        for_good = self.server.submit(payload={"nonsense": 1}, max_retry=2)
        words = {
            used_up: "all 2 retries used up", one: "its 1 retry used up", never: "no retries allowed",
            for_good: "not retryable",
        }
        for identifier in words:
            self.server.wait_for_status(identifier, "failed")
        page = self.open("tasks")
        for identifier, text in words.items():
            page.wait_for_text(f"tr[data-id='{identifier}'] .col-status", text)
        page.screenshot("failed-why")
        for identifier, text in words.items():
            self.go(page, f"tasks/{identifier}")
            page.wait_until(f"location.hash.includes('{identifier}')")
            page.wait_for_text(".task-title", text)
            page.wait_for_text(".facts", text)

    def test_a_traceback_keeps_its_lines(self):
        identifier = self.server.submit(type="python", max_retry=0)
        lease = self.claim("python")["lease"]
        self.server.call("POST", f"leases/{lease}/fail", {"error": TRACEBACK})
        page = self.open(f"tasks/{identifier}")
        for place in (".timeline .event-text", ".errors pre"):
            page.wait_for_text(place, TRACEBACK)
            lines = page.evaluate(f"""(() => {{
              const node = [...document.querySelectorAll('{place}')].find((each) => each.innerText.includes('Traceback'));
              const range = document.createRange();
              range.selectNodeContents(node);
              return new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size;
            }})()""")
            self.assertGreaterEqual(lines, 4, place)
        page.screenshot("traceback")
        self.go(page, "tasks")
        page.wait_until(
            f"document.querySelector(\"tr[data-id='{identifier}'] .row-error\")?.innerText === 'ValueError: no paper'")

    def test_dropped_errors_are_mentioned(self):
        identifier = self.server.submit(
            payload={"fail_times": 99}, max_retry=12, retry_policy={"strategy": "fixed", "delay": 0, "jitter": 0})
        self.server.wait_for_status(identifier, "failed")
        page = self.open(f"tasks/{identifier}")
        page.wait_for_text("section", "Only the last 10 errors are kept.")


class OneTest(ConsoleCase):
    flags = ("--queue-max-concurrency", "1")

    def test_one_is_not_many(self):
        page = self.open("overview")
        page.wait_for_text("#rows-workers", "0 of 1 slot")
        self.assertNotIn("1 slots", page.text("main"))
        told = page.evaluate("""Promise.all([import("/console/i18n.js"), import("/console/words-en.js")])
          .then(([{ t }, { en }]) => Object.keys(en).filter((key) => /\\{n\\} \\w+s\\b/.test(en[key]))
            // These numbers are large and fixed, or the word is a unit.
            .filter((key) => !["span.ms", "task.showall", "task.errors.cut", "event.cut"].includes(key))
            .map((key) => t(key, { n: 1 })))""")
        wrong = [text for text in told if text.startswith("1 ") or " 1 " in text]
        self.assertEqual([text for text in wrong if text.split("1 ", 1)[1].split()[0].endswith("s")], [])


class ChineseTest(ConsoleCase):
    flags = ("--queue-max-payload", "64")

    def test_no_text_is_left_in_english(self):
        identifier = self.server.submit(
            payload={"fail_times": 1}, max_retry=1, retry_policy={"strategy": "exponential", "delay": 0.1})
        self.server.wait_for_status(identifier, "success")
        page = self.open(f"tasks/{identifier}", language="zh-CN")
        page.wait_for_text(".facts", "指数递增")
        self.assertNotIn("exponential", page.text(".facts"))
        self.go(page, "submit")
        page.wait_until("Boolean(document.querySelector('[name=strategy]'))")
        self.assertEqual(
            page.evaluate("[...document.querySelector('[name=strategy]').options].map((each) => each.text)"),
            ["服务器默认", "指数递增", "线性递增", "固定间隔"])
        page.fill("[name=payload]", "{oops")
        page.click("button[type=submit]")
        page.wait_for_text("#field-payload-error", "第 1 行第 2 列")
        # API errors are shown in Chinese as well.
        running = self.server.submit(payload={"duration_ms": 900_000})
        self.server.wait_for_status(running, "processing")
        self.go(page, f"tasks/{running}")
        page.click("[data-action=cancel]")
        page.wait_for_text("dialog", "取消这个任务？")
        self.server.call("DELETE", f"tasks/{running}")
        self.server.wait_for_status(running, "canceled")
        self.confirm(page)
        page.wait_for_text(".notice.error", "任务已经结束")
        self.expect(page, "status of 409")

    def test_api_messages_about_fields_are_shown_in_chinese(self):
        bodies = [
            {}, {"type": "a b"}, {"type": 7}, {"type": "t", "priority": 1 << 40}, {"type": "t", "priority": "high"},
            {"type": "t", "max_retry": -1}, {"type": "t", "max_retry": 1.5}, {"type": "t", "delay": -1},
            {"type": "t", "delay": "soon"}, {"type": "t", "delay": 1, "run_at": "2026-01-31T09:30:00Z"},
            {"type": "t", "run_at": "soon"}, {"type": "t", "run_at": "9999-12-31T23:59:59-10:00"},
            {"type": "t", "concurrency_key": "k" * 300}, {"type": "t", "unique_key": "a\u0007"},
            {"type": "t", "id": "7"}, {"type": "t", "id": "ffffffff-ffff-7fff-bfff-ffffffffffff"},
            {"type": "t", "retry_policy": 7}, {"type": "t", "retry_policy": {"strategy": "slow"}},
            {"type": "t", "retry_policy": {"jitter": 2}}, {"type": "t", "retry_policy": {"jitter": "none"}},
            {"type": "t", "payload": "x" * 100}, {"type": "t", "colour": "red"},
        ]
        bodies += [{"type": "t", "unique": rule} for rule in (
            7, {}, {"key": ""}, {"key": "a\u0007"}, {"by": [1]}, {"by": ["x"] * 33}, {"key": "k", "until": "never"},
            {"key": "k", "until": "window"}, {"key": "k", "window": 0}, {"key": "k", "until": "started", "window": 1},
            {"key": "k", "wait": 1}, {"key": "k", "on_conflict": "debounce"},
            {"key": "k", "on_conflict": "debounce", "wait": 2, "max_wait": 1},
            {"key": "k", "on_conflict": "debounce", "wait": 2, "until": "done"},
            {"key": "k", "on_conflict": "rerun", "window": 1})]
        bodies.append({"type": "t", "unique": {"key": "k"}, "unique_key": "k"})
        refusals = [self.server.refusal("POST", "tasks", body) for body in bodies]
        refusals += [
            self.server.refusal("GET", f"tasks?{query}", None)
            for query in (
                "limit=0", "limit=x", "offset=-1", "offset=10001", "after=10", "status=odd", "limit=", "limit=1&limit=2")]
        pages = {language: self.open("submit", language=language) for language in ("zh-CN", "en-US")}

        def explain(language, refusal):
            error = {"code": refusal["code"], "field": refusal["field"], "message": refusal["error"]}
            return pages[language].evaluate(
                f"import('/console/i18n.js').then(({{ explain }}) => explain({json.dumps(error)}))")

        for refusal in refusals:
            told = {language: explain(language, refusal) for language in pages}
            self.assertNotRegex(told["zh-CN"], r"\b(must|is|are|cannot|there)\b", refusal)
            self.assertIn(refusal["field"], told["zh-CN"])
            if refusal["field"] != "type":
                self.assertTrue(refusal["error"].startswith(told["en-US"]), (refusal, told))
        # Unknown messages, as from a newer server, are shown unchanged.
        newer = {"code": "invalid_field", "field": "payload", "error": "payload must rhyme"}
        self.assertEqual(explain("zh-CN", newer), "服务器不接受：payload must rhyme")

    def test_every_text_key_in_use_exists(self):
        page = self.open("overview")
        missing = page.evaluate("""(async () => {
          const { en } = await import("/console/words-en.js");
          const names = performance.getEntriesByType("resource").map((entry) => entry.name)
            .filter((name) => name.endsWith(".js") && !name.includes("words-"));
          const missing = [];
          for (const name of names) {
            const text = await (await fetch(name)).text();
            for (const [, key] of text.matchAll(/\\bt\\("([a-z0-9_.]+)"/g)) if (!(key in en)) missing.push(`${name} ${key}`);
          }
          return missing;
        })()""")
        self.assertEqual(missing, [])


if __name__ == "__main__":
    unittest.main()
