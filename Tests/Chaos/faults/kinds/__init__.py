"""All kinds of faults, by name."""

from faults.kind import ALL
from faults.kinds import clocks, disks, links, nodes, redis, sabotage, sentinels, services

__all__ = ["ALL", "clocks", "disks", "links", "nodes", "redis", "sabotage", "sentinels", "services"]
