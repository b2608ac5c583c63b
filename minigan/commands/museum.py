"""``minigan museum``: games that fail in ways worth knowing, what the diagnosis says of them, and their cures."""

import argparse
import time
from pathlib import Path

from ..runs.diagnosis import Diagnosis
from ..runs.museum import EXHIBITS, HEALTHY, HEALTHY_SEED, Exhibit, Options, flags, play
from ..terminal import say
from .arguments import file, seed

ABOUT = "Show games that fail, what the diagnosis says of them, and their cures."
DETAILS = (
    "Without a name it lists the exhibits. Each takes less than a minute. 'all' shows the diagnoses of all exhibits in "
    "a table, and 'healthy' trains twenty games without a fault and counts the false alarms."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    choices = [*EXHIBITS, "all", "healthy"]
    parser.add_argument(
        "name", nargs="?", choices=choices, metavar="NAME", help="What to show. Choices: %(choices)s. Default: a list."
    )
    parser.add_argument(
        "--seed", type=seed, default=0, metavar="INT", help="Is added to the random seed of every game. Default: 0."
    )
    parser.add_argument("--out", type=file, metavar="NAME", help="Folder for the runs. Default: nothing is written.")


def command(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    name = arguments.name
    if name is None:
        say("\n".join(f"{each.name:<15} {each.finding:<25} {each.about}" for each in EXHIBITS.values()))
    elif name == "healthy":
        show_healthy(arguments.seed, arguments.out)
    elif name == "all":
        show_all(arguments.seed, arguments.out)
    else:
        show(EXHIBITS[name], arguments.seed, arguments.out)
    return 0


def show(exhibit: Exhibit, seed: int, out: Path | None) -> None:
    """Train an exhibit and its cure, and print both diagnoses."""
    say(exhibit.about)
    for title, options in (("failing", exhibit.failing), ("cured", exhibit.cured)):
        say(f"\n{title}: minigan train {flags(options)} --seed {seed}")
        say(play(options, seed=seed, out=out and out / f"{exhibit.name}-{title}"))


def show_all(seed: int, out: Path | None) -> None:
    """Train all exhibits and their cures, and print what is said of each."""
    say(f"{'exhibit':<15} {'what is wrong':<25} {'first finding':<25} {'after the cure':<25} {'seconds':>7}")
    right, cured = 0, 0
    for exhibit in EXHIBITS.values():
        failing, seconds = timed(exhibit.failing, seed, out and out / f"{exhibit.name}-failing")
        after, _ = timed(exhibit.cured, seed, out and out / f"{exhibit.name}-cured")
        first, rest = first_finding(failing), first_finding(after)
        right += first == exhibit.finding
        cured += after.healthy
        say(f"{exhibit.name:<15} {exhibit.finding:<25} {first:<25} {rest:<25} {seconds:>7.0f}")
    say(f"{right} of {len(EXHIBITS)} are named, {cured} of {len(EXHIBITS)} are healthy after the cure")


def show_healthy(seed: int, out: Path | None) -> None:
    """Train the healthy games, print what was seen of each, and count the false alarms."""
    say(f"{'first finding':<25} advantage   missing   variety    copied  minigan train ...")
    silent = 0
    for number, options in enumerate(HEALTHY):
        own = HEALTHY_SEED + seed + number
        diagnosis = play(options, seed=own, out=out and out / f"healthy-{number + 1:02}")
        silent += diagnosis.healthy
        seen = diagnosis.symptoms
        figures = " ".join(f"{value:>9.2f}" for value in (seen.advantage, seen.missing, seen.variety, seen.copied))
        say(f"{first_finding(diagnosis):<25} {figures}  {flags(options)} --seed {own}")
    say(f"no alarm on {silent} of {len(HEALTHY)}")


def timed(options: Options, seed: int, out: Path | None) -> tuple[Diagnosis, float]:
    """Play a game; return the diagnosis and the seconds that it took."""
    start = time.perf_counter()
    return play(options, seed=seed, out=out), time.perf_counter() - start


def first_finding(diagnosis: Diagnosis) -> str:
    """Return the name of the first finding, or "healthy"."""
    return diagnosis.findings[0].name if diagnosis.findings else "healthy"
