"""Against each law: what breaks it."""

from tests.doctors import attempts, edits, ends, idle, limits, log, others, ticks, unique
from tests.doctors.doctor import DOCTORS

__all__ = ["DOCTORS", "attempts", "edits", "ends", "idle", "limits", "log", "others", "ticks", "unique"]
