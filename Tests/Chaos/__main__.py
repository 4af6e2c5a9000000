"""Breaks a real XQueue cluster in a seeded order and proves that it kept its promises. See docs/chaos.md."""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import signal
import sys
import traceback
from pathlib import Path
from typing import List, Tuple

import report
import rounds
from checker.reading import read
from checker.verdict import Verdict, judge
from cluster.nodes import program
from cluster.programs import ROOT, Missing, TimedOut
from run import run_round


def parse(words: List[str]) -> argparse.Namespace:
    names = "\n".join(f"  {round.name:<15} {round.summary}" for round in rounds.ALL)
    parser = argparse.ArgumentParser(
        prog="scripts/chaos", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"rounds:\n{names}\n\n"
        "exit status: 0 if every law held, 1 if not, 2 if a round could not be run, 130 on Ctrl-C")
    parser.add_argument("rounds", nargs="*", metavar="ROUND", help="rounds to run; default: all")
    parser.add_argument("--seed", type=int, help="seed of the first round, one more for each further one; default: random")
    parser.add_argument(
        "--minutes", type=float, default=10.0, help="minutes of faults, shared by the rounds; default: 10")
    parser.add_argument("--rate", type=float, help="tasks a second, instead of the round's own rate")
    parser.add_argument("--repeat", action="store_true", help="repeat the rounds of a minute each for as long as told")
    parser.add_argument("--ci", action="store_true", help="run the short rounds of CI, with fixed seeds")
    parser.add_argument(
        "--sabotage", action="store_true", help="check that the laws find a queue that forgets tasks and ignores limits")
    parser.add_argument("--check", metavar="FOLDER", help="only check what an earlier round has left there")
    parser.add_argument("--keep", action="store_true", help="keep the folders of rounds without violations, too")
    parser.add_argument("--list", action="store_true", help="list the rounds")
    parser.add_argument(
        "--folder", type=Path, default=Path(os.environ.get("XQUEUE_CHAOS_FOLDER") or ROOT / ".build" / "chaos"),
        help="where rounds write; default: .build/chaos")
    options = parser.parse_args(words)
    for name in options.rounds:
        if name not in rounds.BY_NAME:
            parser.error(f"no such round: {name}; must be one of {', '.join(rounds.BY_NAME)}")
    if options.minutes <= 0:
        parser.error("--minutes must be more than 0")
    return options


def schedule(options: argparse.Namespace) -> List[Tuple[str, int, float]]:
    """The rounds to run: name, seed, and seconds of faults."""
    if options.ci:
        return [entry for entry in rounds.CI if not options.rounds or entry[0] in options.rounds]
    names = options.rounds or [round.name for round in rounds.ALL]
    first = options.seed if options.seed is not None else secrets.randbelow(1_000_000)
    total = options.minutes * 60
    if not options.repeat:
        return [(name, first + number, total / len(names)) for number, name in enumerate(names)]
    count = max(len(names), round(total / 60))
    return [(names[number % len(names)], first + number, total / count) for number in range(count)]


def check(folder: Path) -> int:
    verdict = judge(read(folder))
    print(report.table([verdict]))
    if verdict.is_lawful:
        return 0
    print("\n" + report.violations(verdict))
    return 1


def sabotage(folder: Path, live: report.Live) -> int:
    """Runs a round whose faults break promises, and returns 0 if the laws have found out all of them."""
    verdict = run_round(rounds.SABOTAGE, 1, 14, folder, live=live.show("sabotage"))
    live.clear()
    missed = [law for law in rounds.FOUND_BY_SABOTAGE if law not in verdict.counts]
    found = ", ".join(f"{law} {count}" for law, count in sorted(verdict.counts.items()))
    print(f"sabotage: {verdict.tasks} tasks, {sum(verdict.faults.values())} acts; found: {found or 'nothing'}")
    if missed:
        print(f"sabotage: not found by {', '.join(missed)}; kept in {verdict.folder}")
        return 1
    shutil.rmtree(verdict.folder, ignore_errors=True)
    return 0


def main(words: List[str]) -> int:
    options = parse(words)
    if options.list:
        for round in rounds.ALL:
            print(f"{round.name:<15} {round.summary}")
        return 0
    if options.check:
        return check(Path(options.check))
    if sys.platform != "linux":
        print("chaos: needs Linux: /proc, prctl and a preloaded clock", file=sys.stderr)
        return 2
    # A supervisor's end is as orderly as Ctrl-C.
    signal.signal(signal.SIGTERM, lambda number, frame: signal.raise_signal(signal.SIGINT))
    live = report.Live()
    verdicts: List[Verdict] = []
    failed = False
    try:
        print(f"program  {program()}")
        if options.sabotage:
            return sabotage(options.folder.resolve(), live)
        for name, seed, seconds in schedule(options):
            try:
                verdict = run_round(
                    rounds.BY_NAME[name], seed, seconds, options.folder.resolve(), live=live.show(name),
                    rate=options.rate)
            except Missing as error:
                live.clear()
                print(f"{name}: skipped: {error}")
                failed = failed or not options.ci
                continue
            except TimedOut as error:
                live.clear()
                print(f"{name}, seed {seed}: could not be run: {error}; see {options.folder / f'{name}-{seed}'}")
                failed = True
                continue
            live.clear()
            verdicts.append(verdict)
            for what in verdict.skipped:
                print(f"{name}: without {what}")
            if not verdict.is_lawful:
                print(report.violations(verdict), flush=True)
            elif not options.keep:
                shutil.rmtree(verdict.folder, ignore_errors=True)
    except Missing as error:
        print(f"chaos: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        live.clear()
        print("interrupted; all programs are ended")
        return 130
    except Exception:
        live.clear()
        traceback.print_exc()
        return 2
    print()
    print(report.table(verdicts))
    if any(not verdict.is_lawful for verdict in verdicts):
        return 1
    return 2 if failed or not verdicts else 0


if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stdout.flush()
    # Threads of a broken-off round must not hold up the end.
    os._exit(status)
