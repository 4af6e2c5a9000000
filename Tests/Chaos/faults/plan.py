"""The schedule of faults: drawn from the seed before the round begins, and the same whenever it is drawn again."""

from __future__ import annotations

import random
from typing import List, Mapping

from faults import kinds
from faults.kind import Fault


def draw(
    weights: Mapping[str, float], targets: Mapping[str, List[str]], seconds: float, every: float, seed: int,
    longest: float, gap: float = 0.0,
) -> List[Fault]:
    """
    :param weights: Kinds of faults, with how often each comes.
    :param targets: What each group of kinds may hit; kinds without a target are left out.
    :param seconds: When the last fault may begin.
    :param every: Mean time between the begins of two faults.
    :param longest: The longest that a fault may last.
    :param gap: The least time between two begins, in addition.
    """
    source = random.Random(f"{seed}/faults")
    names = [kind for kind in sorted(weights) if targets.get(kinds.ALL[kind].group)]
    faults: List[Fault] = []
    at = source.uniform(0.5, 1.5)
    while names and at < seconds:
        kind = source.choices(names, [weights[name] for name in names])[0]
        shape = kinds.ALL[kind]
        # Most are short; a few last as long as they may.
        span = min(shape.shortest + source.expovariate(1 / shape.typical), shape.longest, longest)
        faults.append(Fault(
            len(faults) + 1, round(at, 3), kind, source.choice(targets[shape.group]), round(span, 3),
            round(source.random(), 6)))
        at += gap + source.expovariate(1 / every)
    return faults
