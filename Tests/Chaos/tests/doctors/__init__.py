"""Against each law: what breaks it."""

from tests.doctors import attempts, ends, idle, limits, log, others, ticks
from tests.doctors.doctor import DOCTORS

__all__ = ["DOCTORS", "attempts", "ends", "idle", "limits", "log", "others", "ticks"]
