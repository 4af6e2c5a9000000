"""Workers, the webhook service and brokers that die and freeze."""

from __future__ import annotations

from typing import Iterator

from cluster.cluster import Cluster
from cluster.programs import end_all_of
from faults.kind import Fault, frozen, kind, killed


@kind("worker-kill", "worker")
def worker_kill(cluster: Cluster, fault: Fault) -> Iterator[None]:
    yield from killed(cluster.worker(fault.target).program)


@kind("worker-freeze", "worker", shortest=1, typical=4, longest=40)
def worker_freeze(cluster: Cluster, fault: Fault) -> Iterator[None]:
    yield from frozen(cluster.worker(fault.target).program)


@kind("programs-kill", "programs", shortest=0, typical=0.01, longest=0.1)
def programs_kill(cluster: Cluster, fault: Fault) -> Iterator[None]:
    """Kills the programs of the exec handlers that run just now, as the kernel does when memory is short."""
    end_all_of(cluster.attempt)
    yield


@kind("webhook-kill", "webhook")
def webhook_kill(cluster: Cluster, fault: Fault) -> Iterator[None]:
    yield from killed(cluster.webhook.program)


@kind("webhook-freeze", "webhook", shortest=0.5, typical=2)
def webhook_freeze(cluster: Cluster, fault: Fault) -> Iterator[None]:
    yield from frozen(cluster.webhook.program)


@kind("kafka-freeze", "kafka", shortest=0.5, typical=4)
def kafka_freeze(cluster: Cluster, fault: Fault) -> Iterator[None]:
    yield from frozen(cluster.kafka.program)


@kind("broker-stop", "broker")
def broker_stop(cluster: Cluster, fault: Fault) -> Iterator[None]:
    # Gracefully: mosquitto loses what it has acknowledged if it is killed.
    cluster.mqtt.program.stop(30)
    yield
    cluster.mqtt.program.start()


@kind("broker-freeze", "broker", shortest=0.5, typical=3)
def broker_freeze(cluster: Cluster, fault: Fault) -> Iterator[None]:
    yield from frozen(cluster.mqtt.program)
