"""Huey: threads that wait in BRPOP; what returns nothing leaves no result."""

from huey import RedisHuey

import gauge
import place

huey = RedisHuey("compare", url=place.URL)


@huey.task(name="noop")
def noop(_payload):
    gauge.hit()


if __name__ == "__main__":
    for _ in range(place.TASKS):
        noop(place.PAYLOAD)
