"""The page loads and runs only its own files."""

import unittest

from support.case import ConsoleCase


class PolicyTest(ConsoleCase):
    def test_foreign_scripts_and_styles_do_nothing(self):
        page = self.open("overview")
        page.evaluate("""(() => {
          const script = document.createElement("script");
          script.textContent = "window.isInjected = true";
          document.body.append(script);
          const style = document.createElement("style");
          style.textContent = "body { color: rgb(1, 2, 3) }";
          document.body.append(style);
          document.body.setAttribute("onclick", "window.isInjected = true");
          document.body.click();
        })()""")
        page.wait_until("true")
        self.assertIsNone(page.evaluate("window.isInjected"))
        self.assertNotEqual(page.evaluate("getComputedStyle(document.body).color"), "rgb(1, 2, 3)")
        # The check behind all other tests has recorded these violations.
        found = " ".join(page.problems)
        for directive in ("script-src-elem", "script-src-attr", "style-src-elem"):
            self.assertIn(f"policy: {directive}", found)
        page.problems = []

    def test_nothing_is_loaded_from_other_origins(self):
        page = self.open("overview")
        for view in ("tasks", "schedules", "submit", "types", "workers"):
            self.go(page, view)
            page.wait_until(f"document.querySelector('.nav [aria-current]').hash === '#/{view}'")
        origins = page.evaluate(
            "[...new Set(performance.getEntriesByType('resource').map((entry) => new URL(entry.name).host))]")
        self.assertEqual(origins, [f"127.0.0.1:{self.server.port}"])

    def test_task_texts_are_never_markup(self):
        markup = "<img src=x onerror='window.isInjected=true'><b id=markup>bold</b>"
        identifier = self.server.submit(
            payload={"message": markup, "duration_ms": 0}, concurrency_key=markup, max_concurrency=1,
            unique_key=markup)
        self.server.wait_for_status(identifier, "success")
        broken = self.server.submit(payload={markup: 1}, max_retry=0)
        self.server.wait_for_status(broken, "failed")
        for path in ("tasks", f"tasks/{identifier}", f"tasks/{broken}", "overview"):
            page = self.open(path)
            if "/" in path:
                page.wait_for_text("main", "<b id=markup>")
            self.assertEqual(page.count("#markup"), 0)
            self.assertIsNone(page.evaluate("window.isInjected"))


if __name__ == "__main__":
    unittest.main()
