"""Prints the number of records of a topic that a consumer group has committed.

usage: committed.py BROKER TOPIC GROUP
"""

import sys

from confluent_kafka import Consumer, TopicPartition


def main(broker: str, topic: str, group: str) -> None:
    consumer = Consumer({"bootstrap.servers": broker, "group.id": group, "enable.auto.commit": False})
    numbers = consumer.list_topics(topic, timeout=10).topics[topic].partitions
    places = consumer.committed([TopicPartition(topic, number) for number in numbers], timeout=10)
    print(sum(max(place.offset, 0) for place in places))


main(*sys.argv[1:])
