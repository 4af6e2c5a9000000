"""What a law is: a function that reads a history and yields its violations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterator

from checker.history import History


@dataclass
class Violation:
    law: str
    #: The task, the program or the key that it is about.
    subject: str
    message: str

    def facts(self) -> Dict[str, Any]:
        return {"law": self.law, "subject": self.subject, "message": self.message}


Found = Iterator["tuple[str, str]"]
Law = Callable[[History], Found]

#: All laws by name.
LAWS: Dict[str, Law] = {}


def law(function: Law) -> Law:
    """Adds a law, which yields the subject and the message of each violation; its docstring is what it demands."""
    LAWS[function.__name__] = function
    return function
