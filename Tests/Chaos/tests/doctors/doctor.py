"""Makes histories in which one law is broken."""

from __future__ import annotations

from typing import Callable, Dict, List

from checker.history import History
from tests.story import tidy

Doctor = Callable[[], History]
#: For each law, functions that make a history in which it is broken.
DOCTORS: Dict[str, List[Doctor]] = {}


def breaks(law: str) -> Callable[[Doctor], Doctor]:
    """Marks a function that makes a history in which a law is broken."""
    def add(doctor: Doctor) -> Doctor:
        DOCTORS.setdefault(law, []).append(doctor)
        return doctor
    return add


def doctored(change: Callable[[History], None], **facts: object) -> History:
    history = tidy().history(**facts)
    change(history)
    history.index()
    return history
