"""The console shows the queue's actual state, and shows what is unknown as unknown."""

import hashlib
import signal
import threading
import unittest

from support.case import ConsoleCase
from support.page import Page
from support.programs import Redis, wait_for

BATCH = 1_000
# Runs before the page's own scripts and records what each row shows, frame by frame: `steps` holds the states seen for
# each task, in order and without repeats.
WATCH_ROWS = """
window.steps = {};
window.frames_ = 0;
{
  const look = () => {
    window.frames_ += 1;
    for (const row of document.querySelectorAll("tbody tr[data-id]")) {
      const seen = (window.steps[row.dataset.id] ??= []);
      const text = row.querySelector(".chip")?.innerText;
      if (text && seen.at(-1) !== text) seen.push(text);
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}
"""
ORDER = ["Pending", "Processing", "Success"]
# The points of a chart's line as {at, value}: `at` runs from 0 (left) to 1 (right), the value follows the axis.
CHART = """((line) => {
  const picture = document.querySelector(`.chart .line[data-line=${line}]`).closest("svg");
  const rules = [...picture.querySelectorAll(".grid line")];
  const [low, high] = [rules[0], rules.at(-1)].map((rule) => Number(rule.getAttribute("y1")));
  const top = Number([...picture.querySelectorAll(".grid text")].filter((node) => node.matches(".end"))
    .map((node) => node.textContent).filter((text) => /^[0-9.,]+$/.test(text)).at(-1).replaceAll(",", ""));
  const [left, right] = ["x1", "x2"].map((name) => Number(rules[0].getAttribute(name)));
  const path = picture.querySelector(`.line[data-line=${line}]`).getAttribute("d") ?? "";
  return [...path.matchAll(/[ML]([0-9.]+) ([0-9.]+)/g)].map(([, x, y]) => (
    { at: (x - left) / (right - left), value: top * (low - y) / (low - high) }));
})"""


class LoadTruthTest(ConsoleCase):
    flags = ("--queue-max-concurrency", "400")

    def submit_many(self, count):
        for _ in range(count // BATCH):
            self.server.call("POST", "tasks/batch", {"tasks": [{"type": "example", "payload": {}}] * BATCH})

    def wait_for_successes(self, count):
        wait_for(
            lambda: self.server.call("GET", "stats")["success_tasks"] == count, f"{count} tasks have succeeded", 300)

    def steps(self, page):
        return page.evaluate("window.steps")

    def test_finished_tasks_are_never_shown_as_unfinished(self):
        self.submit_many(6_000)
        self.wait_for_successes(6_000)
        page = self.open("tasks", prelude=WATCH_ROWS)
        page.wait_until("document.querySelectorAll('tbody tr').length === 25", "the table is shown")
        # All past events have arrived and been painted.
        page.wait_until("performance.now() - window.lastMessage > 2000 && window.frames_ > 50", "it is quiet")
        steps = self.steps(page)
        self.assertEqual({state for seen in steps.values() for state in seen}, {"Success"})
        self.assertEqual(len(steps), 25, "rows appeared and disappeared")

    def test_rows_only_move_forward_under_load(self):
        page = self.open("tasks", prelude=WATCH_ROWS)
        page.wait_for_text("main", "No tasks yet.")
        load = threading.Thread(target=self.submit_many, args=(10_000,))
        load.start()
        page.wait_until("Object.keys(window.steps).length > 0", "rows appear")
        load.join()
        self.wait_for_successes(10_000)
        page.wait_until(
            "document.querySelectorAll('tbody tr').length === 25 && "
            "[...document.querySelectorAll('tbody .chip')].every((chip) => chip.innerText === 'Success')",
            "the table shows that all have succeeded")
        page.wait_for_text(".pager", "1–25 of 10,000")
        steps = self.steps(page)
        print(f"{len(steps)} rows were shown while 10,000 tasks ran", flush=True)
        for identifier, seen in steps.items():
            self.assertEqual(seen, sorted(set(seen), key=ORDER.index), f"{identifier} went back")
        # A reload does not replay the load.
        page.evaluate("window.isOld = true; location.reload(); true")
        page.wait_until("!window.isOld && document.querySelectorAll('tbody tr').length === 25")
        page.wait_until("performance.now() - window.lastMessage > 2000 && window.frames_ > 50", "it is quiet")
        self.assertEqual({state for seen in self.steps(page).values() for state in seen}, {"Success"})

    def test_the_chart_matches_the_stores_counts(self):
        # Each point is the mean of the known values of the last five seconds, so wait until some are known.
        wait_for(lambda: len(self.server.call("GET", "stats")["rates"]["seconds"]["submitted"]) > 6, "rates are known")
        # More events than the page fetches.
        self.submit_many(12_000)
        self.wait_for_successes(12_000)
        page = self.open("overview")

        # Read the store's counts and the chart's values in quick succession, since both change.
        def compare(line, name):
            counted = sum(self.server.call("GET", "stats")["rates"]["seconds"][name])
            # The sum of the points is the number of tasks.
            drawn = sum(point["value"] for point in page.evaluate(f"{CHART}('{line}')"))
            return counted > 0 and abs(drawn - counted) < 0.1 * counted

        wait_for(lambda: compare("submitted", "submitted"), "the chart shows what was submitted", 40)
        wait_for(lambda: compare("success", "succeeded"), "the chart shows what succeeded", 40)
        page.screenshot("charts-load")


class GapTest(ConsoleCase):
    # The event log holds almost nothing, so only the store's counts of the past are known.
    flags = ("--events-max-count", "10")

    def test_unknown_seconds_are_a_gap(self):
        # The second in which the store was opened is incomplete.
        wait_for(lambda: self.server.call("GET", "stats")["rates"]["seconds"]["submitted"], "a second is known")
        for _ in range(3):
            self.server.call("POST", "tasks/batch", {"tasks": [{"type": "example", "payload": {}}] * 20})
        wait_for(lambda: self.server.call("GET", "stats")["success_tasks"] == 60, "all have succeeded")
        page = self.open("overview")
        page.wait_until(f"{CHART}('submitted').some((point) => point.value > 0)", "the chart shows the tasks")
        # Nothing was counted before the store was opened.
        points = page.evaluate(f"{CHART}('submitted')")
        self.assertGreater(points[0]["at"], 0.5, "the chart begins where nothing is known")
        page.screenshot("charts-gap")

    def test_a_second_is_known_from_the_store_or_complete_events(self):
        page = self.open("overview")
        answer = page.evaluate("""import("/console/series.js").then(({ Series, WINDOW }) => {
          const series = new Series();
          const now = 2_000_000_000_000;
          const event = (seconds, previous_status, status) => ({
            event: "status", task_id: "01234567-0123-7000-8000-000000000000", version: 1,
            previous_status, status, timestamp: new Date(now - 1000 * seconds).toISOString(),
          });
          // The store covers three seconds, events cover ten others completely and one in part.
          series.takeHistory({
            start: new Date(now - 3_000).toISOString(), submitted: [4, 0, 5], succeeded: [1, 1, 1], failed: [0, 2, 0],
            timed_out: [0, 1, 0],
          });
          const span = series.beginCover(now - 50_000);
          series.add(event(48, null, "pending"));
          series.add(event(2, null, "pending"));
          series.add(event(90, null, "pending"));
          series.cover(span, now - 40_000);
          const lists = Object.fromEntries(
            ["submitted", "succeeded", "failed"].map((name) => [name, series.rates(name, now, 1)]));
          const known = lists.submitted.map((value, index) => [WINDOW - index, value])
            .filter(([, value]) => value !== null);
          return { known, failed: lists.failed.slice(-3), smooth: series.rates("submitted", now).slice(-3) };
        })""")
        self.assertEqual(
            answer["known"], [[seconds, 1 if seconds == 48 else 0] for seconds in range(50, 40, -1)]
            + [[3, 4], [2, 0], [1, 5]])
        self.assertEqual(answer["failed"], [0, 3, 0])
        self.assertEqual(answer["smooth"], [4, 2, 3])

    def test_unknown_counts_are_not_shown_as_zero(self):
        page = self.open("overview", prelude="""
          window.fetch = ((fetch) => (address, ...rest) =>
            String(address).includes("stats") ? new Promise(() => {}) : fetch(address, ...rest))(window.fetch);
        """)
        page.wait_until("document.querySelectorAll('.tile-count').length === 6")
        counts = page.evaluate("[...document.querySelectorAll('.tile-count')].map((node) => node.innerText)")
        self.assertEqual(counts, ["–"] * 6)


class LiveTest(ConsoleCase):
    def test_an_unresponsive_server_is_not_live(self):
        page = self.open("overview")
        self.server.process.send_signal(signal.SIGSTOP)
        try:
            page.wait_for_text(".pill", "Offline")
            page.wait_for_text(".banner", "This page may be out of date.")
        finally:
            self.server.process.send_signal(signal.SIGCONT)
        self.wait_until_live(page)
        page.wait_for_text(".notice", "Reconnected.")
        self.expect(page, "WebSocket connection", "ERR_", "status of")


class TenantTest(ConsoleCase):
    token = "everything"
    tenant = "only-mail"

    def make_flags(self):
        hashes = {token: hashlib.sha256(token.encode()).hexdigest() for token in (self.token, self.tenant)}
        (self.folder.path / "xqueue.yaml").write_text(
            "auth:\n  tokens:\n"
            f"    all: {{ sha256: '{hashes[self.token]}', scopes: [admin] }}\n"
            f"    tenant: {{ sha256: '{hashes[self.tenant]}', scopes: [submit, read], types: [mail] }}\n")
        return ()

    def test_counts_hidden_from_a_token_are_not_shown_as_zero(self):
        for _ in range(3):
            self.server.submit(type="mail")
            self.server.wait_for_status(self.server.submit(), "success")
        page = Page(self)
        self.pages.append(page)
        page.open(self.server.address)
        page.fill("#login-token", self.tenant)
        page.press("Enter")
        page.wait_until("document.querySelector('.tile[data-status=pending] b')?.innerText === '3'", "its own are counted")
        self.assertEqual(page.text(".tile[data-status=success] b"), "0")
        self.wait_until_live(page)
        facts = page.evaluate(
            "[...document.querySelectorAll('.facts-row > div')].slice(0, 3).map((fact) => fact.querySelector('dd').innerText)")
        self.assertEqual([fact.strip() for fact in facts], ["–", "–", "–"])
        page.wait_for_text("#rows-backlog", "mail")
        self.assertNotIn("example", page.text("main"))
        self.go(page, "tasks")
        page.wait_for_text(".pager", "1–3 of 3")
        self.go(page, "workers")
        page.wait_until("location.hash === '#/workers'")
        page.screenshot("tenant")


class StoreLossTest(ConsoleCase):
    def setUp(self):
        self.redis = None
        super().setUp()

    def make_flags(self):
        self.redis = Redis(self.folder)
        return ("--redis-addr", f"127.0.0.1:{self.redis.port}")

    def test_a_server_without_its_store_is_not_live(self):
        self.server.wait_for_status(self.server.submit(), "success")
        page = self.open("overview")
        page.wait_until("document.querySelector('.tile[data-status=success] b').innerText === '1'")
        self.redis.kill()
        page.wait_until("['failing', 'lost'].includes(document.querySelector('.pill').dataset.state)", "it is shown")
        page.wait_for_text(".banner", "This page may be out of date.")
        page.screenshot("store-lost")
        self.redis.start()
        self.wait_until_live(page)
        page.wait_until("!document.querySelector('.banner').checkVisibility()", "the banner is gone")
        self.expect(page, "status of 5", "WebSocket connection", "ERR_")


if __name__ == "__main__":
    unittest.main()
