"""Deletes a topic.

usage: delete.py BROKER TOPIC
"""

import sys

from confluent_kafka.admin import AdminClient


def main(broker: str, topic: str) -> None:
    for future in AdminClient({"bootstrap.servers": broker}).delete_topics([topic]).values():
        future.result(timeout=30)


main(*sys.argv[1:])
