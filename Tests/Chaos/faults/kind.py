"""The kinds of faults. A kind is a generator: it breaks something, yields, and heals it.

Importing the package ``faults.kinds`` adds all of them; each module has those of one part of the cluster.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Callable, Dict, FrozenSet, Iterator

if TYPE_CHECKING:
    from cluster.cluster import Cluster
    from cluster.programs import Program


@dataclass
class Fault:
    number: int
    #: Seconds from the begin of the load.
    at: float
    kind: str
    target: str
    #: How long it lasts, in seconds, before it is healed.
    span: float
    #: A further number that some kinds need, 0 to 1.
    draw: float

    def facts(self) -> Dict[str, Any]:
        return asdict(self)


Body = Callable[["Cluster", Fault], Iterator[None]]


@dataclass(frozen=True)
class Kind:
    name: str
    #: What it hits: ``node``, ``link``, ``worker``, …
    group: str
    body: Body
    #: Seconds: the least, how much more on average, and the most.
    shortest: float
    typical: float
    longest: float
    #: What it needs for itself besides its target.
    uses: FrozenSet[str]


#: All kinds by name.
ALL: Dict[str, Kind] = {}


def kind(
    name: str, group: str, shortest: float = 0.2, typical: float = 1.5, longest: float = 10.0,
    uses: FrozenSet[str] = frozenset(),
) -> Callable[[Body], Body]:
    """Adds a kind; the function's code before its ``yield`` breaks, that behind it heals."""
    def add(body: Body) -> Body:
        ALL[name] = Kind(name, group, body, shortest, typical, longest, frozenset(uses))
        return body
    return add


def killed(program: Program) -> Iterator[None]:
    """What breaks and heals a program that dies."""
    program.kill()
    yield
    program.start()


def frozen(program: Program) -> Iterator[None]:
    """What breaks and heals a program that stands still."""
    program.freeze()
    yield
    program.thaw()
