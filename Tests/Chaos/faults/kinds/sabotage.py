"""What the laws must find: promises that are broken on purpose."""

from __future__ import annotations

import os
import time
from typing import Iterator

from cluster import api
from cluster.cluster import Cluster
from faults.kind import Fault, kind


@kind("forget", "redis", shortest=0.3, typical=0.5)
def forget(cluster: Cluster, fault: Fault) -> Iterator[None]:
    """A power cut that nobody is told of."""
    redis = cluster.redis
    size = redis.log_files()[-1].stat().st_size
    time.sleep(2)
    redis.program.kill()
    os.truncate(redis.log_files()[-1], size)
    yield
    redis.start()
    redis.wait_until_ready()


@kind("lift-limits", "node", shortest=5, typical=0.1)
def lift_limits(cluster: Cluster, fault: Fault) -> Iterator[None]:
    """Type limits that are not enforced any more."""
    def set_limits(is_lifted: bool) -> None:
        for type, limit in cluster.types.items():
            if limit:
                value = {"max_concurrency": None if is_lifted else limit}
                api.call(cluster.nodes[0].port, "PUT", f"/api/v1/types/{type}/limit", value)
    set_limits(True)
    yield
    set_limits(False)
