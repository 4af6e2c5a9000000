"""Schedules: the table, the form with its live preview, and the actions."""

import json
import unittest

from support.case import ConsoleCase
from support.programs import wait_for

PHONE = {"size": (390, 844), "is_phone": True}
# Far from any tick during a test.
YEARLY = {"cron": "30 2 1 1 *", "time_zone": "Europe/Berlin", "task": {"type": "example", "payload": {"duration_ms": 0}}}


class ScheduleCase(ConsoleCase):
    def set(self, name, **fields):
        return self.server.call("PUT", f"schedules/{name}", {**YEARLY, **fields})

    def get(self, name):
        return self.server.call("GET", f"schedules/{name}")

    def names(self):
        return [each["name"] for each in self.server.call("GET", "schedules")["schedules"]]

    def row(self, name):
        return f"tr[data-schedule='{name}']"

    def act(self, page, name, action):
        page.click(f"{self.row(name)} [data-action={action}]")

    def in_zone(self, page, zone):
        """Sets the reader's time zone and loads the page again."""
        page.call("Emulation.setTimezoneOverride", timezoneId=zone)
        page.evaluate("window.isOld = true; location.reload(); true")
        page.wait_until("!window.isOld && document.querySelector('.pill')?.dataset.state === 'live'", "it is reloaded")


class FormTest(ScheduleCase):
    def test_a_schedule_is_created_with_a_live_preview(self):
        page = self.open("overview")
        page.click("a[href='#/schedules']")
        page.wait_for_text("main", "No schedules yet.")
        self.in_zone(page, "Asia/Shanghai")
        page.click("a.button", "New schedule")
        page.wait_for_text("[aria-labelledby=card-preview]", "Enter an expression or interval.")
        page.fill("[name=name]", "nightly")
        page.fill("[name=cron]", "30 2 * * *")
        page.wait_for_text(".preview-words", "at 02:30 every day")
        page.fill("[name=time_zone]", "Europe/Berlin")
        page.wait_for_text(".preview-table", "Europe/Berlin")
        page.wait_for_text(".preview-table", "Your time (Asia/Shanghai)")
        self.assertEqual(page.count(".preview-table tbody tr"), 5)
        page.wait_for_text(".preview-table tbody td:first-child", "02:30")
        page.wait_for_text(".preview-table tbody td:last-child", "+08:00")
        page.screenshot("schedule-form")
        page.fill("[name=task]", '{"type":"example","payload":{"n":12345678901234567890}}')
        page.click("details.more summary")
        page.choose("[name=overlap]", "allow")
        page.fill("[name=jitter]", "60")
        page.click("button[type=submit]")
        page.wait_for_text(".notice", "Schedule nightly created.")
        page.wait_for_text(f"{self.row('nightly')} .col-when", "at 02:30 every day")
        page.wait_for_text(f"{self.row('nightly')} .col-next", "Europe/Berlin")
        page.wait_for_text(f"{self.row('nightly')} .col-next", "your time")
        page.screenshot("schedules")
        made = self.get("nightly")
        self.assertEqual((made["overlap"], made["jitter"], made["time_zone"]), ("allow", 60, "Europe/Berlin"))
        self.assertEqual(made["task"]["payload"], {"n": 12345678901234567890})

    def test_a_period_has_a_preview_too(self):
        page = self.open("schedules?new")
        page.choose("[name=rule]", "every")
        page.fill("[name=every]", "900")
        page.wait_for_text(".preview-words", "every 15 minutes")
        page.fill("[name=name]", "often")
        page.fill("[name=task]", '{"type":"example"}')
        page.click("button[type=submit]")
        page.wait_for_text(f"{self.row('often')} .col-when", "every 900 s")
        self.assertEqual(self.get("often")["every"], 900)

    def test_errors_are_shown_at_their_fields(self):
        page = self.open("schedules?new")
        page.fill("[name=task]", "{oops")
        page.click("button[type=submit]")
        page.wait_for_text("#field-name-error", "A name is required.")
        page.wait_for_text("#field-cron-error", "Enter a cron expression.")
        page.wait_for_text("#field-task-error", "Invalid JSON")
        # The server's errors appear while typing, and go once the field is right.
        page.fill("[name=cron]", "61 * * * *")
        page.wait_for_text("#field-cron-error", "61 is not from 0 to 59")
        page.screenshot("schedule-wrong")
        page.fill("[name=cron]", "1 * * * *")
        page.wait_for_text(".preview-words", "every hour")
        page.wait_until("!document.querySelector('#field-cron-error').checkVisibility()", "the error is gone")
        page.fill("[name=time_zone]", "Mars/Olympus")
        page.wait_for_text("#field-time_zone-error", "is not a time zone")
        page.fill("[name=time_zone]", "UTC")
        page.wait_for_text(".preview-words", "every hour")
        page.fill("[name=name]", "no spaces")
        page.fill("[name=task]", '{"payload":1}')
        page.click("button[type=submit]")
        page.wait_for_text("#field-name-error", "letters, digits")
        page.fill("[name=name]", "hourly")
        page.click("button[type=submit]")
        page.wait_for_text("#field-task-error", "type")
        self.expect(page, "status of 400")
        self.assertEqual(self.names(), [])

    def test_a_name_is_used_once(self):
        self.set("nightly")
        page = self.open("schedules?new")
        page.fill("[name=name]", "nightly")
        page.fill("[name=cron]", "@daily")
        page.fill("[name=task]", '{"type":"example"}')
        page.click("button[type=submit]")
        page.wait_for_text("#field-name-error", "already exists")
        self.assertEqual(self.get("nightly")["cron"], YEARLY["cron"])
        self.expect(page, "status of 412")

    def test_a_schedule_is_edited(self):
        self.set("nightly", max_runs=7, dst={"gap": "skip", "fold": "both"})
        page = self.open("schedules")
        self.act(page, "nightly", "editschedule")
        page.wait_until("document.querySelector('[name=cron]')?.value === '30 2 1 1 *'", "the form is filled")
        self.assertEqual(page.evaluate("document.querySelector('[name=max_runs]').value"), "7")
        self.assertEqual(page.evaluate("document.querySelector('[name=fold]').value"), "both")
        page.wait_for_text(".preview-table", "Europe/Berlin")
        page.fill("[name=cron]", "0 4 2 1 *")
        # A pause changes the version, but not what is edited.
        self.server.call("POST", "schedules/nightly/pause", {"reason": "holidays"})
        page.click("button[type=submit]")
        page.wait_for_text(".notice", "Schedule nightly saved.")
        made = self.get("nightly")
        self.assertEqual((made["cron"], made["max_runs"], made["dst"]), ("0 4 2 1 *", 7, {"gap": "skip", "fold": "both"}))
        self.expect(page, "status of 412")

    def test_a_change_by_somebody_else_is_not_overwritten(self):
        self.set("nightly")
        page = self.open("schedules/nightly")
        page.wait_until("document.querySelector('[name=cron]')?.value === '30 2 1 1 *'", "the form is filled")
        page.fill("[name=cron]", "0 4 2 1 *")
        self.set("nightly", cron="0 5 3 1 *")
        page.click("button[type=submit]")
        page.wait_for_text("#schedule-error", "Not saved")
        self.assertEqual(self.get("nightly")["cron"], "0 5 3 1 *")
        page.screenshot("schedule-conflict")
        page.click("form button", "Load current version")
        page.wait_until("document.querySelector('[name=cron]').value === '0 5 3 1 *'", "the current version is loaded")
        page.fill("[name=cron]", "0 6 3 1 *")
        page.click("button[type=submit]")
        page.wait_for_text(".notice", "saved")
        self.assertEqual(self.get("nightly")["cron"], "0 6 3 1 *")
        self.expect(page, "status of 412")

    def test_an_unknown_schedule(self):
        page = self.open("schedules/nothing")
        page.wait_for_text("main", "No such schedule: nothing")
        self.expect(page, "status of 404")


class ActionTest(ScheduleCase):
    def test_pause_and_resume(self):
        self.set("nightly")
        page = self.open("schedules")
        page.wait_for_text(f"{self.row('nightly')} .chip", "Active")
        self.act(page, "nightly", "pause")
        page.wait_for_text("dialog", "nightly")
        page.fill("[name=reason]", "until the <b>audit</b>")
        self.confirm(page)
        page.wait_for_text(f"{self.row('nightly')} .chip", "Paused")
        page.wait_for_text(f"{self.row('nightly')} .pause-reason", "until the <b>audit</b>")
        self.assertEqual(self.get("nightly")["pause_reason"], "until the <b>audit</b>")
        page.screenshot("schedules-paused")
        self.act(page, "nightly", "resume")
        page.wait_for_text(f"{self.row('nightly')} .chip", "Active")
        self.assertFalse(self.get("nightly")["paused"])

    def test_run_now(self):
        self.set("nightly")
        page = self.open("schedules")
        self.act(page, "nightly", "run")
        page.wait_for_text("dialog", "Run this schedule now?")
        self.confirm(page)
        page.click(".notice a")
        page.wait_for_text(".task-title .chip", "Success")

    def test_delete(self):
        self.set("nightly")
        self.set("weekly")
        page = self.open("schedules")
        self.act(page, "nightly", "delete")
        page.wait_for_text("dialog", "nightly")
        page.press("Escape")
        page.wait_until("!document.querySelector('dialog')")
        self.assertEqual(self.names(), ["nightly", "weekly"])
        self.act(page, "nightly", "delete")
        self.confirm(page)
        page.wait_until(f"!document.querySelector(\"{self.row('nightly')}\")", "the row is gone")
        self.assertEqual(self.names(), ["weekly"])
        self.go(page, "schedules/weekly")
        page.click("[data-action=delete]")
        self.confirm(page)
        page.wait_for_text("main", "No schedules yet.")

    def test_back_fill(self):
        self.set("hourly", cron="0 * * * *", time_zone="UTC")
        page = self.open("schedules")
        self.act(page, "hourly", "backfill")
        page.wait_for_text("dialog", "Back-fill this schedule?")
        page.evaluate("""(() => {
          const set = (name, value) => {
            document.querySelector(`dialog [name=${name}]`).value = value;
          };
          set("from", "2026-01-01T00:30:00");
          set("to", "2026-01-01T00:00:00");
        })()""")
        page.click("dialog [data-answer=yes]")
        page.wait_for_text("#field-to-error", "Must be later than the start.")
        page.evaluate("document.querySelector('dialog [name=to]').value = '2026-01-01T03:30:00'; true")
        page.click("dialog [data-answer=yes]")
        page.wait_for_text("dialog", "3 tasks will be submitted.")
        self.assertEqual(page.count("dialog .tick-list li"), 3)
        self.assertEqual(self.server.call("GET", "tasks")["total"], 0)
        page.screenshot("backfill")
        self.confirm(page)
        page.wait_for_text(".notice", "3 tasks of hourly submitted.")
        self.assertEqual(self.server.call("GET", "tasks")["total"], 3)
        # They are no runs of the schedule, but say which tick they are for.
        task = self.server.call("GET", "tasks")["tasks"][0]
        self.go(page, f"tasks/{task['id']}")
        page.wait_for_text(".facts", "hourly")
        # The link moves until the timeline above it is complete.
        page.wait_for_text(".timeline", "Succeeded")
        page.click(".facts a[href='#/schedules/hourly']")
        page.wait_for_text("h1", "hourly")
        page.wait_for_text(".facts", "0 fired")

    def test_ticks_appear_by_themselves(self):
        page = self.open("schedules")
        page.wait_for_text("main", "No schedules yet.")
        # Shown without a reload, although no event tells of a new schedule.
        self.set("often", cron=None, every=2, time_zone="UTC")
        page.wait_for_text(self.row("often"), "often")
        page.wait_until(f"document.querySelectorAll(\"{self.row('often')} .run\").length >= 2", "ticks are shown")
        # They are marked once their tasks have ended.
        page.wait_until(f"!!document.querySelector(\"{self.row('often')} .run[data-status=success]\")", "the runs are marked")
        page.wait_for_text(f"{self.row('often')} .run .off-screen", "Success")
        page.screenshot("schedules-runs")
        for view in ("overview", "tasks", "types", "workers", "submit"):
            self.go(page, view)
            page.wait_until(f"document.querySelector('.nav [aria-current]').hash === '#/{view}'")
        fired = self.get("often")["counts"]["fired"]
        wait_for(lambda: self.get("often")["counts"]["fired"] > fired, "it fires on")
        page.wait_until("document.querySelector('.pill').dataset.state === 'live'")


class FileTest(ScheduleCase):
    def make_flags(self):
        (self.folder.path / "xqueue.yaml").write_text(
            "schedules:\n  from-file: { cron: '30 2 1 1 *', task: { type: example } }\n")
        return ("--config", "xqueue.yaml")

    def test_a_schedule_of_the_file_says_why_it_stays(self):
        page = self.open("schedules")
        page.wait_for_text(self.row("from-file"), "From file")
        self.act(page, "from-file", "delete")
        page.wait_for_text("dialog", "configuration file")
        self.assertEqual(page.count("dialog [data-answer]"), 0)
        page.press("Escape")
        page.wait_until("!document.querySelector('dialog')")
        self.act(page, "from-file", "editschedule")
        page.wait_until("document.querySelector('main .flag.wide')?.checkVisibility()", "the page says why")
        page.wait_for_text("main .flag.wide", "configuration file")
        page.wait_until("document.querySelector('button[type=submit]').matches(':disabled')", "the form is disabled")
        page.screenshot("schedule-file")


class LooksTest(ScheduleCase):
    def fill(self):
        self.set("hourly", cron="* * * * * *", overlap="allow")
        wait_for(lambda: len(self.get("hourly")["runs"]) > 4, "it has fired")
        self.set("hourly", cron="0 * * * *", time_zone="America/New_York")
        self.set("a-schedule-with-a-rather-long-name.of-the-month." + "x" * 60, cron="0 9 * * MON-FRI")
        self.server.call("POST", "schedules/hourly/pause", {"reason": "until the audit of the second quarter is over"})

    def test_chinese(self):
        self.fill()
        page = self.open("schedules", language="zh-CN")
        page.wait_for_text("h1", "定时计划")
        page.wait_for_text(f"{self.row('hourly')} .chip", "已暂停")
        page.wait_for_text(f"{self.row('hourly')} .col-when", self.get("hourly")["explain"]["zh"])
        page.screenshot("zh-schedules")
        page.click("a.button", "新建计划")
        page.fill("[name=cron]", "61 * * * *")
        page.wait_for_text("#field-cron-error", "分：61 不在 0 到 59 之间")
        page.fill("[name=cron]", "30 2 * * *")
        page.wait_for_text(".preview-words", "02:30")
        page.fill("[name=name]", "每天")
        page.click("button[type=submit]")
        page.wait_for_text("#field-name-error", "只能是")
        page.screenshot("zh-schedule-form")
        self.expect(page, "status of 400")

    def test_it_fits_on_a_phone(self):
        self.fill()
        for options in ({}, {"scheme": "dark"}):
            page = self.open("schedules", **PHONE, **options)
            name = "-".join(["phone", *options.values()])
            for size in ((390, 844), (320, 640)):
                page.look(size, is_phone=True, scheme=options.get("scheme", "light"))
                for path, content in (
                    ("schedules", self.row("hourly")), ("schedules/hourly", ".facts .run"), ("schedules?new", "form")):
                    self.go(page, path)
                    page.wait_until(f"location.hash === '#/{path}'")
                    page.wait_until(f"document.querySelector({json.dumps(content)})?.checkVisibility()", f"{path} is shown")
                    wide = page.evaluate("document.documentElement.scrollWidth") - size[0]
                    self.assertLessEqual(wide, 0, f"{path} is {wide} pixels too wide at {size[0]}")
                    page.screenshot(f"{name}-{size[0]}-{path.replace('/', '-').replace('?', '-')}")
            self.go(page, "schedules")
            page.click(f"{self.row('hourly')} [data-action=backfill]")
            page.wait_for_text("dialog", "Back-fill this schedule?")
            wide = page.evaluate("(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector('dialog'))")
            self.assertLessEqual(wide, 0, "the dialog is too wide")
            page.screenshot(f"{name}-backfill")
            page.press("Escape")
            page.wait_until("!document.querySelector('dialog')")
        small = page.evaluate(f"""[...document.querySelectorAll("{self.row('hourly')} :is(button, .col-actions a, .run)")]
          .filter((node) => node.checkVisibility())
          .map((node) => [node.ariaLabel, node.getBoundingClientRect().height]).filter(([, height]) => height < 24)""")
        self.assertEqual(small, [], "too small for a thumb")


if __name__ == "__main__":
    unittest.main()
