"""The overview's card for event brokers."""

import unittest

from support.case import ConsoleCase
from support.programs import Broker, wait_for

CARD = "section[aria-labelledby=card-sinks]"


class NoBrokerTest(ConsoleCase):
    def test_without_a_broker_the_card_is_hidden(self):
        page = self.open("overview")
        page.wait_for_text("#rows-workers", "slot")
        self.assertFalse(page.evaluate(f"document.querySelector('{CARD}').checkVisibility()"))


class BrokerTest(ConsoleCase):
    def make_flags(self):
        self.broker = Broker(self.folder, "max_packet_size 2000")
        return ("--mqtt-broker", f"tcp://127.0.0.1:{self.broker.port}")

    def test_rejections_and_delivery_problems_are_shown(self):
        identifier = self.server.submit(type="far", max_retry=0)
        lease = self.server.call(
            "POST", "leases", {"worker": "w1", "types": ["far"], "max_tasks": 1, "wait": 5})["leases"][0]["lease"]
        self.server.call("POST", f"leases/{lease}/fail", {"error": "long " * 1000})
        self.server.wait_for_status(identifier, "failed")
        page = self.open("overview")
        chinese = self.open("overview", language="zh-CN")
        row = f"{CARD} [data-sink=mqtt]"
        page.wait_for_text(row, "mqtt")
        page.wait_for_text(row, "connected")
        # The broker rejects both the failed attempt and the task's end, which quotes its error.
        wait_for(lambda: self.server.call("GET", "stats")["sinks"][0]["refused"] == 2, "both are rejected")
        page.wait_for_text(f"{row} .flag", "2 rejected")
        chinese.wait_for_text(f"{row} .flag", "被拒绝 2 条")
        self.assertFalse(page.evaluate(f"document.querySelector('{row} .flag.wide').checkVisibility()"))
        page.screenshot("sinks-refused")
        self.broker.kill()
        page.wait_for_text(f"{row} .flag.wide", "Cannot deliver: ")
        chinese.wait_for_text(f"{row} .flag.wide", "无法投递：")
        page.wait_for_text(row, "not connected")
        page.screenshot("sinks-away")
        self.broker.start()
        self.server.wait_for_status(self.server.submit(), "success")
        page.wait_until(
            f"!document.querySelector('{row} .flag.wide').checkVisibility()", "the broker is back")


if __name__ == "__main__":
    unittest.main()
