"""RQ: one SimpleWorker, which runs jobs in its own process instead of forking for each.

Results are kept, the default: with `result_ttl=0` it deletes each job, which is even slower.
"""

import gauge


def noop(_payload):
    gauge.hit()


def fill():
    from redis import Redis
    from rq import Queue

    import place

    queue = Queue(connection=Redis.from_url(place.URL))
    job = Queue.prepare_data(noop, args=(place.PAYLOAD,))
    for start in range(0, place.TASKS, 1000):
        queue.enqueue_many([job._replace(job_id=f"job-{start + n}") for n in range(1000)])


if __name__ == "__main__":
    import with_rq

    with_rq.fill()
