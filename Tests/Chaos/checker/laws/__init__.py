"""The laws, one function each; importing this package adds all of them."""

from checker.laws import attempts, edits, ends, idle, limits, log, mqtt, recovery, ticks, unique  # noqa: F401
