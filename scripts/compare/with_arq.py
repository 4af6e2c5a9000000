"""arq: coroutines on uvloop, without results and without its polling delay."""

import asyncio
import sys

import uvloop
from arq import create_pool
from arq.connections import RedisSettings
from arq.worker import run_worker

import gauge
import place

asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())


async def noop(_context, _payload):
    gauge.hit()


class Worker:
    functions = [noop]
    redis_settings = RedisSettings.from_dsn(place.URL)
    max_jobs = 100
    queue_read_limit = 1000
    poll_delay = 0
    keep_result = 0


async def fill():
    pool = await create_pool(Worker.redis_settings)
    for start in range(0, place.TASKS, 100):
        await asyncio.gather(
            *(pool.enqueue_job("noop", place.PAYLOAD) for _ in range(min(100, place.TASKS - start)))
        )
    await pool.aclose()


if __name__ == "__main__":
    if sys.argv[1:] == ["work"]:
        run_worker(Worker)
    else:
        asyncio.run(fill())
