"""``minigan train``: train a GAN in a fresh folder, and say how good its samples are."""

import argparse
import dataclasses
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args

from ..datasets import DATASETS, load_dataset
from ..errors import InputError
from ..runs.judge import DigitJudge, find_judge
from ..runs.run import Run
from ..runs.signals import STATUS
from ..runs.train import start
from ..terminal import say
from ..training import TrainConfig
from ..training.declare import GROUPS

ABOUT = "Train a GAN."
DETAILS = "Without options it learns the digits that are part of the package, in about a minute."
RUNS = Path("runs")  # where a run without --out gets a folder
METAVARS = {int: "INT", float: "NUMBER", str: "NAME", "stop_when": "CONDITION"}  # by type, or by name


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare one option for each field of `TrainConfig`, in its group."""
    parser.usage = "%(prog)s [OPTION ...]"
    groups = {name: parser.add_argument_group(name, about) for name, about in GROUPS.items()}
    for field in dataclasses.fields(TrainConfig):
        add_option(groups[field.metadata["group"]], field, default=field.default)


def add_option(group: Any, field: dataclasses.Field[Any], *, default: Any) -> None:
    """Declare the option of one field."""
    flag, text = "--" + field.name.replace("_", "-"), field.metadata["help"]
    kind: Any = (*get_args(field.type), field.type)[0]  # int for `int | None`
    if kind is bool:
        group.add_argument(flag, action="store_true", default=default, help=text)
        return
    if default is not None:
        text += f" Default: {default:g}." if kind is float else f" Default: {default}."
    choices = field.metadata["choices"]
    if choices is not None:
        choices = list(choices)
        text += " Choices: %(choices)s."
    metavar = METAVARS.get(field.name) or METAVARS[kind]
    group.add_argument(flag, type=kind, default=default, choices=choices, metavar=metavar, help=text)


def command(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    options = {field.name: getattr(arguments, field.name) for field in dataclasses.fields(TrainConfig)}
    return conclude(start(options, parent=RUNS))


def conclude(run: Run) -> int:
    """Say how good a run is, and put its model elsewhere if its folder could not take it.

    Returns
    -------
    The exit status: 130, 143 or 129 when Ctrl-C, SIGTERM or SIGHUP ended the training, 1 when its losses ran away or
    its model is lost, otherwise 0.
    """
    saved = run.rank > 0 or (run.model or save_elsewhere(run)) is not None
    status = STATUS.get(run.stopped or "", 1 if run.runaway else 0)
    if not run.config.quiet and status not in (STATUS["terminate"], STATUS["hangup"]):
        print_quality(run)
    return status if saved else 1


def save_elsewhere(run: Run) -> Path | None:
    """Save the model in the current folder, or if that fails in the folder for temporary files; say where it is."""
    for folder in (Path(), Path(tempfile.gettempdir())):
        path = folder / f"minigan-{run.config.model}-{os.getpid()}.npz"
        with suppress(InputError):
            run.model = run.save(path)
            say(f"minigan: the model is in {run.model}", error=True)
            return run.model
    say("minigan: the model could not be written anywhere", error=True)
    return None


def print_quality(run: Run) -> None:
    """Print how good the samples are, where the data set allows to say so: digits, and toy sets with modes."""
    if run.config.data not in DATASETS:
        return
    judge = find_judge(load_dataset(run.config.data), run.config.device)
    if judge is None:
        return
    verdict = judge(run.sample(judge.samples, seed=run.config.seed))
    if not isinstance(judge, DigitJudge):
        say(verdict.text)
        return
    place = run.folder if run.folder and run.model == run.folder / "model.npz" else run.model
    fid, floor = verdict.columns["fid"], verdict.columns["fid_floor"]
    say(
        f"FID {fid:.2f} between {judge.samples:,} of its digits and MNIST's test digits; as many real digits "
        f"of {run.config.data} have {floor:.2f}. Full report: minigan evaluate {place}"
    )
