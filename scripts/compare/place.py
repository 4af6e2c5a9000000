"""Parameters common to all queues: the server, the number of tasks, and their payload."""

import os

PORT = int(os.environ["COMPARE_PORT"])
DATABASE = int(os.environ.get("COMPARE_DATABASE", "0"))
TASKS = int(os.environ["COMPARE_TASKS"])
URL = f"redis://127.0.0.1:{PORT}/{DATABASE}"
PAYLOAD = "x" * 100
