"""A producer that knows only the format of a task, nothing else about XQueue.

usage: produce.py BROKER TOPIC COUNT [MEMBERS]   COUNT tasks, numbered in their payload; MEMBERS: more fields as JSON
       produce.py BROKER TOPIC poison            one message of every unusable kind
       produce.py BROKER TOPIC lines             one message per line of standard input
"""

import json
import sys
import time

from confluent_kafka import Producer

POISON = {
    "not JSON": b"{",
    "not UTF-8": b'{"type":"example","payload":"\xff"}',
    "empty": b"",
    "an array": b"[]",
    "no type": b'{"payload":1}',
    "an unknown field": b'{"type":"example","prio":1}',
    "a wild number": b'{"type":"example","max_retry":99999999999999999999}',
    "a bad id": b'{"type":"example","id":"7"}',
    "an old kind of id": b'{"type":"example","id":"c0ffee00-0000-4000-8000-000000000000"}',
    # Two days ahead.
    "an id of the future": b'{"type":"example","id":"%08x-%04x-7000-8000-000000000000"}'
    % divmod(int(time.time() * 1000) + 172_800_000, 1 << 16),
    "a bad time": b'{"type":"example","created_at":"yesterday"}',
    "too large": b'{"type":"example","payload":"' + b"x" * 1_050_000 + b'"}',
}


def main(broker: str, topic: str, what: str, members: str = "{}") -> None:
    failures: list[str] = []

    def delivered(error: object, _: object) -> None:
        if error is not None:
            failures.append(str(error))

    producer = Producer({
        "bootstrap.servers": broker,
        "acks": "all",
        "linger.ms": 5,
        "message.max.bytes": 2_000_000,
        "queue.buffering.max.messages": 1_000_000,
    })
    if what == "poison":
        messages = [(name, value) for name, value in POISON.items()]
    elif what == "lines":
        messages = [(None, line.rstrip("\n").encode()) for line in sys.stdin]
    else:
        extra = json.loads(members)
        messages = []
        for number in range(int(what)):
            task = {"type": "example", "payload": {"message": f"foreign {number}"}, **extra}
            messages.append((str(number), json.dumps(task).encode()))
    for key, value in messages:
        producer.produce(topic, value=value, key=key, on_delivery=delivered)
        producer.poll(0)
    left = producer.flush(60)
    print(json.dumps({"sent": len(messages), "left": left, "failures": failures[:5]}))
    sys.exit(1 if left or failures else 0)


main(*sys.argv[1:])
