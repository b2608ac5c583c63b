"""``minigan train``: train a GAN in a fresh folder, and say how good its samples are."""

import argparse
import dataclasses
from typing import Any, get_args

from ..datasets import MODES, mnist
from ..metrics import mode_coverage, modes
from ..runs.run import Run
from ..runs.run_folder import fresh_name
from ..runs.train import train
from ..training import TrainConfig
from ..training.declare import GROUPS

ABOUT = "Train a GAN."
DETAILS = "Without options it learns the digits that are part of the package, in about a minute."
METAVARS = {int: "INT", float: "NUMBER", str: "NAME"}
DIGITS = 2000  # that are judged at the end of training, in less than two seconds


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
    group.add_argument(flag, type=kind, default=field.default, choices=choices, metavar=METAVARS[kind], help=text)


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
    data, seed = run.config.data, run.config.seed
    if data in MODES and MODES[data].std > 0:
        print(mode_coverage(run.sample(modes.SAMPLES, seed=seed), *MODES[data]))
    elif data in mnist.NAMES:
        fid = run.evaluate(DIGITS, seed=seed).fid
        distance = f"FID {fid:.2f} between {DIGITS:,} of its digits and MNIST's test digits; 0 is best."
        print(f"{distance} Full report: minigan evaluate {run.folder}")
