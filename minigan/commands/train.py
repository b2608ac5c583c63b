"""``minigan train``: train a GAN in a fresh folder, and say how good its samples are."""

import argparse
import dataclasses
from typing import Any, get_args

from ..datasets import DATASETS, load_dataset
from ..runs.judge import DigitJudge, find_judge
from ..runs.run import Run
from ..runs.run_folder import fresh_name
from ..runs.train import train
from ..training import TrainConfig
from ..training.declare import GROUPS

ABOUT = "Train a GAN."
DETAILS = "Without options it learns the digits that are part of the package, in about a minute."
METAVARS = {int: "INT", float: "NUMBER", str: "NAME", "stop_when": "CONDITION"}  # by type, or by name


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare one option for each field of `TrainConfig`, in its group."""
    parser.usage = "%(prog)s [OPTION ...]"
    groups = {name: parser.add_argument_group(name, about) for name, about in GROUPS.items()}
    for field in dataclasses.fields(TrainConfig):
        add_option(groups[field.metadata["group"]], field)


def add_option(group: Any, field: dataclasses.Field[Any]) -> None:
    """Declare the option of one field."""
    flag, text = "--" + field.name.replace("_", "-"), field.metadata["help"]
    kind: Any = (*get_args(field.type), field.type)[0]  # int for `int | None`
    if kind is bool:
        group.add_argument(flag, action="store_true", help=text)
        return
    if field.default is not None:
        text += f" Default: {field.default:g}." if kind is float else f" Default: {field.default}."
    choices = field.metadata["choices"]
    if choices is not None:
        choices = list(choices)
        text += " Choices: %(choices)s."
    metavar = METAVARS.get(field.name) or METAVARS[kind]
    group.add_argument(flag, type=kind, default=field.default, choices=choices, metavar=metavar, help=text)


def command(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status, 130 when Ctrl-C ended the training."""
    options = {field.name: getattr(arguments, field.name) for field in dataclasses.fields(TrainConfig)}
    if options["out"] is None:
        options["out"] = fresh_name(TrainConfig(**options))
    run = train(**options)
    if not run.config.quiet:
        print_quality(run)
    return 130 if run.interrupted else 0


def print_quality(run: Run) -> None:
    """Print how good the samples are, where the data set allows to say so: digits, and toy sets with modes."""
    if run.config.data not in DATASETS:
        return
    judge = find_judge(load_dataset(run.config.data), run.config.device)
    if judge is None:
        return
    verdict = judge(run.sample(judge.samples, seed=run.config.seed))
    if not isinstance(judge, DigitJudge):
        print(verdict.text)
        return
    fid, floor = verdict.columns["fid"], verdict.columns["fid_floor"]
    print(
        f"FID {fid:.2f} between {judge.samples:,} of its digits and MNIST's test digits; as many real digits "
        f"of {run.config.data} have {floor:.2f}. Full report: minigan evaluate {run.folder}"
    )
