"""Dramatiq on its Redis broker, with its default middleware."""

import dramatiq
from dramatiq.brokers.redis import RedisBroker

import gauge
import place

dramatiq.set_broker(RedisBroker(url=place.URL))


@dramatiq.actor(actor_name="noop")
def noop(_payload):
    gauge.hit()


if __name__ == "__main__":
    for _ in range(place.TASKS):
        noop.send(place.PAYLOAD)
