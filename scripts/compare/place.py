"""What every queue is told: where the server is, how many tasks to enqueue, and what each carries."""

import os

PORT = int(os.environ["COMPARE_PORT"])
DATABASE = int(os.environ.get("COMPARE_DATABASE", "0"))
TASKS = int(os.environ["COMPARE_TASKS"])
URL = f"redis://127.0.0.1:{PORT}/{DATABASE}"
PAYLOAD = "x" * 100
