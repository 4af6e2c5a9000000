"""Unique keys, as submissions ask for them and as the log tells who holds them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Set, Tuple

from checker.history import FINAL, History, Step

STARTED, DONE = "started", "done"
REJECT, REPLACE, RERUN = "reject", "replace", "rerun"
#: Rules by which a waiting task takes over the definition of a later submission.
REWRITING = (REPLACE, RERUN)

#: A type, or nothing for all types, and a key.
Scope = Tuple[str, str]


@dataclass(frozen=True)
class Rule:
    """What a submission says about its unique key."""

    scope: Scope
    until: str
    conflict: str


def rule_of(fields: Dict[str, Any]) -> Optional[Rule]:
    """The rule of a submission, in its short or its long form; None without a key."""
    unique = fields.get("unique") or {"key": fields.get("unique_key")}
    if not unique["key"]:
        return None
    type = "" if unique.get("across_types") else fields["type"]
    return Rule((type, unique["key"]), unique.get("until", DONE), unique.get("on_conflict", "return"))


def shown(fields: Dict[str, Any]) -> Optional[Tuple[str, str, Optional[float], bool]]:
    """What the API shows of a rule, whichever form it was submitted in."""
    rule, unique = rule_of(fields), fields.get("unique") or {}
    return rule and (rule.scope[1], rule.until, unique.get("window"), bool(unique.get("across_types")))


@dataclass
class Hold:
    """A time in which a task held a key."""

    task: str
    begin: float
    end: float = float("inf")


@dataclass
class _Key:
    """Who holds a key, and who waits for its end."""

    holder: Optional[str] = None
    is_running: bool = False
    next: Optional[str] = None
    holds: List[Hold] = field(default_factory=list)

    def give(self, id: Optional[str], at: float) -> None:
        """Passes the key on, or frees it."""
        if self.holder is not None:
            self.holds[-1].end = at
        self.holder, self.is_running, self.next = id, False, None
        if id is not None:
            self.holds.append(Hold(id, at))


class Keys:
    """The holders of all keys from begin to end of the log, and what the log says that must not be."""

    def __init__(self, history: History) -> None:
        self._keys: Dict[Scope, _Key] = defaultdict(_Key)
        self.found: List[Tuple[str, str]] = []
        wrong: Set[str] = set()
        for step in history.steps:
            rule = rule_of(history.fields(step.task))
            # What the store forgot about a task cannot be seen in the log.
            if rule is None or history.is_excused(step.task):
                continue
            problem = self._take(step, rule, bool(history.edits_for(step.task, step.version)))
            if problem is not None and step.task not in wrong:
                wrong.add(step.task)
                self.found.append((step.task, problem))

    def holds(self, scope: Scope) -> List[Hold]:
        return self._keys[scope].holds

    def _take(self, step: Step, rule: Rule, may_be_edit: bool) -> Optional[str]:
        """Follows a step, and returns what is wrong with it."""
        id, key = step.task, self._keys[rule.scope]
        name = rule.scope[1]
        if step.status in FINAL:
            if id == key.next:
                key.next = None
            elif id == key.holder:
                key.give(key.next, step.at)
        elif step.status == "processing":
            if id == key.holder:
                key.is_running = True
                if rule.until == STARTED:
                    key.give(None, step.at)
            elif id == key.next:
                return f"started although {key.holder}, which has {name}, had not ended"
            elif rule.until == DONE:
                return f"started without {name}, which {key.holder or 'no task'} has"
        elif step.previous == "processing":
            key.is_running = key.is_running and id != key.holder
        elif step.previous == "pending":
            # An edit needs no key: a task that has started may have given it back.
            if id not in (key.holder, key.next) and not may_be_edit:
                return f"was rewritten without {name}, which {key.holder or 'no task'} has"
        elif key.holder is None:
            key.give(id, step.at)
        elif step.previous is None and rule.conflict == RERUN and key.is_running and key.next is None:
            key.next = id
        else:
            behind = f", with {key.next} behind it" if key.next else ""
            return f"pending with {name} beside {key.holder}{behind}"
        return None
