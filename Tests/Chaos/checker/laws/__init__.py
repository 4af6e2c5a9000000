"""The laws, one function each; importing this package adds all of them."""

from checker.laws import attempts, ends, idle, limits, log, mqtt, recovery, ticks  # noqa: F401
