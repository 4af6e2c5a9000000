"""Reads a topic from beginning to end and prints each record as a line of JSON.

usage: consume.py BROKER TOPIC
"""

import json
import sys
import uuid

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition


def text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("utf-8", "backslashreplace")[:2000]


def main(broker: str, topic: str) -> None:
    consumer = Consumer({
        "bootstrap.servers": broker,
        "group.id": str(uuid.uuid4()),
        "enable.auto.commit": False,
        "fetch.message.max.bytes": 4_000_000,
        "enable.partition.eof": True,
    })
    partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
    # Read to the end-of-partition events: the end offsets of the test broker omit the rest of the last batch.
    left = set(partitions)
    consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in partitions])
    while left:
        message = consumer.poll(20)
        if message is None:
            sys.exit(f"timed out before the end of partitions {sorted(left)}")
        if message.error():
            if message.error().code() != KafkaError._PARTITION_EOF:
                sys.exit(str(message.error()))
            left.discard(message.partition())
            continue
        print(json.dumps({
            "partition": message.partition(),
            "offset": message.offset(),
            "timestamp": message.timestamp()[1],
            "key": text(message.key()),
            "value": text(message.value()),
            "headers": {name: text(value) for name, value in message.headers() or []},
        }))
    consumer.close()


main(*sys.argv[1:])
