"""Celery on its Redis broker, without results."""

from celery import Celery

import gauge
import place

app = Celery("with_celery", broker=place.URL)
app.conf.update(
    task_ignore_result=True,
    worker_send_task_events=False,
    broker_connection_retry_on_startup=True,
    worker_enable_remote_control=False,
)


@app.task(name="noop")
def noop(_payload):
    gauge.hit()


if __name__ == "__main__":
    with app.producer_or_acquire() as producer:
        for _ in range(place.TASKS):
            noop.apply_async((place.PAYLOAD,), producer=producer)
