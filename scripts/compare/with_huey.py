"""Huey: threads that wait in BRPOP; tasks that return nothing leave no result."""

from huey import RedisHuey

import gauge
import place

huey = RedisHuey("compare", url=place.URL)


@huey.task(name="noop")
def noop(_payload):
    gauge.hit()


def fill():
    for _ in range(place.TASKS):
        noop(place.PAYLOAD)


if __name__ == "__main__":
    import with_huey

    with_huey.fill()
