"""Deletes a topic.

usage: delete.py BROKER TOPIC
"""

import sys

from confluent_kafka.admin import AdminClient


def main(broker: str, topic: str) -> None:
    client = AdminClient({"bootstrap.servers": broker})
    for future in client.delete_topics([topic]).values():
        future.result(timeout=30)


main(*sys.argv[1:])
