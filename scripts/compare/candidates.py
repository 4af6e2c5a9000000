"""Commands that fill each queue and start its worker."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Candidate:
    name: str
    fill: str
    work: str
    venv: str = "common"


_CELERY = "celery -A with_celery worker -l error --without-gossip --without-mingle --without-heartbeat"

CANDIDATES = [
    Candidate("xqueue-python", "python with_xqueue.py", "python with_xqueue.py work"),
    Candidate("sidekiq", "ruby with_sidekiq.rb", "sidekiq -r ./with_sidekiq.rb -c 10", "ruby"),
    Candidate("huey", "python with_huey.py", "huey_consumer with_huey.huey -w 1 -k thread -q"),
    Candidate(
        "dramatiq", "python with_dramatiq.py", "dramatiq with_dramatiq --processes 1 --threads 8"
    ),
    Candidate(
        "taskiq",
        "python with_taskiq.py",
        "taskiq worker with_taskiq:broker --workers 1 --max-async-tasks 100 --log-level WARNING",
    ),
    Candidate("arq", "python with_arq.py", "python with_arq.py work", "arq"),
    Candidate("celery-prefork", "python with_celery.py", f"{_CELERY} -P prefork -c 2"),
    Candidate("celery-threads", "python with_celery.py", f"{_CELERY} -P threads -c 10"),
    Candidate(
        "rq",
        "python with_rq.py",
        "rq worker --burst --worker-class rq.worker.SimpleWorker --quiet --url {url}",
    ),
]
