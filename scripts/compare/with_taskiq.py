"""taskiq on a Redis stream with acknowledgements, the broker its documentation recommends."""

import asyncio

from taskiq_redis import RedisStreamBroker

import gauge
import place

broker = RedisStreamBroker(place.URL)


@broker.task(task_name="noop")
async def noop(_payload: str) -> None:
    gauge.hit()


async def fill():
    await broker.startup()
    for start in range(0, place.TASKS, 100):
        await asyncio.gather(
            *(noop.kiq(place.PAYLOAD) for _ in range(min(100, place.TASKS - start)))
        )
    await broker.shutdown()


if __name__ == "__main__":
    import with_taskiq

    asyncio.run(with_taskiq.fill())
