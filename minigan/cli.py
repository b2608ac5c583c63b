"""The command line: `minigan train | sample | evaluate | gradcheck | data | doctor | bench | study`.

Exit status: 0 done, 1 a check failed or training diverged, 2 bad input (one line on stderr), 130 interrupted.
"""

import argparse
import dataclasses
import functools
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from types import UnionType
from typing import Any, NoReturn, get_args

import numpy as np

from . import __version__
from .commands import gradcheck, study
from .commands.bench import bench
from .commands.doctor import doctor
from .datasets import MODES, mnist
from .errors import DeviceError, DivergedError, InputError
from .files import atomic_path
from .gradient_check import report
from .metrics import evaluation, mode_coverage, modes
from .models import MODELS, build_networks, get_model_spec, kind_of
from .runs.run import Run, load
from .runs.run_folder import fresh_name, save_samples
from .runs.train import train
from .training import TrainConfig

FEW = 2000  # digits judged at the end of training, in well under two seconds


class _Parser(argparse.ArgumentParser):
    """Reports a bad command line in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status."""
    arguments = _parser().parse_args(argv)
    try:
        return arguments.run(arguments)
    except (InputError, DeviceError) as error:
        status, message = 2, str(error)
    except DivergedError as error:
        status, message = 1, str(error)
    except OSError as error:
        status, message = 2, f"{error.strerror or error}" + (f": {error.filename}" if error.filename else "")
    except KeyboardInterrupt:
        status, message = 130, "interrupted"
    print(f"minigan {arguments.command}: {message}", file=sys.stderr)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="minigan", description="A GAN from scratch, every gradient written by hand.")
    parser.add_argument("--version", action="version", version=f"minigan {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    command = commands.add_parser("train", help="train a GAN; by default on the built-in digits, in about a minute")
    for field in dataclasses.fields(TrainConfig):
        _add_option(command, field)
    command.set_defaults(run=_train)

    command = commands.add_parser("sample", help="draw images or points from a trained run")
    command.add_argument("path", help="a run folder, or a model .npz")
    command.add_argument("-n", type=int, default=64, help="how many (default: 64)")
    command.add_argument("--seed", type=int, default=0, help="of the noise (default: 0)")
    command.add_argument("--label", type=int, nargs="+", help="of a conditional run: one class, or several in turn")
    command.add_argument("--codes", type=float, nargs=2, help="of an infogan run: its two continuous codes, in [-1, 1]")
    command.add_argument(
        "--out", help="a .png picture, or an .npz with 'images' or 'points' (default: sample-SEED.png beside the model)"
    )
    command.set_defaults(run=_sample)

    command = commands.add_parser("evaluate", help="tell how good the digits of a trained run are")
    command.add_argument("path", help="a run folder, or a model .npz")
    command.add_argument("-n", type=int, default=evaluation.SAMPLES, help="digits to draw (default: 10000)")
    command.add_argument("--seed", type=int, default=0, help="of the noise (default: 0)")
    command.set_defaults(run=_evaluate)

    command = commands.add_parser("gradcheck", help="check every gradient by finite differences and adjoint identities")
    command.add_argument(
        "--model", help="check the whole game of this model at 28 x 28 (default: every layer and model)"
    )
    command.add_argument("--seed", type=int, default=0, help="of inputs, weights and directions (default: 0)")
    command.set_defaults(run=_gradcheck)

    command = commands.add_parser("data", help="show, fetch or verify the data sets")
    command.add_argument("action", nargs="?", default="show", choices=("show", "fetch", "verify"))
    command.add_argument("name", nargs="?", choices=mnist.NAMES, help="one data set (default: all)")
    command.set_defaults(run=_data)

    command = commands.add_parser("doctor", help="tell what this machine offers and what is missing")
    command.set_defaults(run=_doctor)

    command = commands.add_parser("bench", help="time training steps, against PyTorch where it is installed")
    command.add_argument("--model", default="dcgan", help="which model, or all (default: dcgan)")
    command.add_argument("--batch-size", type=int, default=64, help="images per step (default: 64)")
    command.add_argument("--device", default="auto", help="auto, cpu or cuda (default: auto)")
    command.add_argument("--update", default="alternating", help="alternating or simultaneous (default: alternating)")
    command.add_argument("--layers", action="store_true", help="time every layer, too")
    command.add_argument("--no-torch", action="store_true", help="do not time PyTorch")
    command.add_argument("--json", action="store_true", help="print one JSON object")
    command.set_defaults(run=_bench)

    command = commands.add_parser("study", help="compare all objectives and penalties: an hour, can be interrupted")
    command.add_argument("--rows", nargs="+", default=(), metavar="NAME", help="objectives, penalties (default: all)")
    command.add_argument("--seeds", nargs="+", type=int, default=(0, 1, 2), metavar="INT", help="(default: 0 1 2)")
    command.add_argument("--steps", type=int, help="of each run (default: the model's own number)")
    command.add_argument("--out", type=Path, default=Path("study.csv"), help="results (default: study.csv)")
    command.set_defaults(run=_study)

    command = commands.add_parser("models", help="list the models, or show one")
    command.add_argument("name", nargs="?", help="a model: its layers, shapes and parameters")
    command.set_defaults(run=_models)
    return parser


def _add_option(command: argparse.ArgumentParser, field: dataclasses.Field[Any]) -> None:
    flag = "--" + field.name.replace("_", "-")
    text = field.metadata["help"]
    if field.type is bool:
        action = argparse.BooleanOptionalAction if field.default else "store_true"
        command.add_argument(flag, action=action, default=field.default, help=text)
        return
    kind: type = get_args(field.type)[0] if isinstance(field.type, UnionType) else field.type  # type: ignore[assignment]
    if field.default is not None:
        text += f" (default: {field.default})"
    command.add_argument(flag, type=kind, default=field.default, metavar=kind.__name__.upper(), help=text)


def _train(arguments: argparse.Namespace) -> int:
    options = {field.name: getattr(arguments, field.name) for field in dataclasses.fields(TrainConfig)}
    if options["out"] is None:
        options["out"] = fresh_name(TrainConfig(**options))
    run = train(**options)
    if not run.config.quiet:
        _tell_quality(run)
    return 130 if run.interrupted else 0


def _tell_quality(run: Run) -> None:
    """Print the last sentence of a run on digits or on a toy with modes: how good its samples are."""
    data = run.config.data
    centres, std = MODES.get(data, (np.zeros((0, 0)), 0.0))
    if std:
        print(mode_coverage(run.sample(modes.SAMPLES, seed=run.config.seed), centres, std))
    elif data in mnist.NAMES:
        fid = run.evaluate(FEW, seed=run.config.seed).fid
        print(
            f"FID {fid:.2f} of {FEW:,} digits to MNIST's test digits, 0 is best; in full: minigan evaluate {run.folder}"
        )


def _sample(arguments: argparse.Namespace) -> int:
    run = load(arguments.path)
    samples = run.sample(arguments.n, seed=arguments.seed, label=arguments.label, codes=arguments.codes)
    kind = kind_of(run.generator.output_shape)
    path = Path(arguments.path)
    name = "-".join(map(str, ("sample", arguments.seed, *(["label", *arguments.label] if arguments.label else []))))
    out = Path(arguments.out or (path if path.is_dir() else path.parent) / f"{name}.png")
    if out.suffix == ".png":
        save_samples(samples, out, data=run.config.data)
    elif out.suffix == ".npz":
        with atomic_path(out) as temporary:
            np.savez(temporary, **{kind: samples})  # type: ignore[arg-type]
    else:
        raise InputError(f"out: expected a name ending in .png or .npz, got {str(out)!r}")
    print(f"{len(samples)} {kind} in {out}")
    return 0


def _evaluate(arguments: argparse.Namespace) -> int:
    print(load(arguments.path).evaluate(arguments.n, seed=arguments.seed))
    return 0


def _gradcheck(arguments: argparse.Namespace) -> int:
    check = (
        gradcheck.check_package
        if arguments.model is None
        else functools.partial(gradcheck.check_model, arguments.model)
    )
    checks = check(seed=arguments.seed)
    print(report(checks))
    return 0 if all(check.ok for check in checks) else 1


def _data(arguments: argparse.Namespace) -> int:
    if arguments.action == "fetch":
        rows = mnist.fetch() if arguments.name != "mnist-5k" else []
    elif arguments.action == "verify":
        rows = mnist.verify(arguments.name)
    else:
        rows = mnist.status()
    for row in rows:
        if arguments.name is None or arguments.action != "show" or row.name.startswith(arguments.name):
            shape = "x".join(map(str, row.shape)) or "number"
            print(f"{row.name:<28} {row.images:>7,} of {shape:<7} {row.state:<8} {row.where}")
    return 1 if any(row.state == "damaged" for row in rows) else 0


def _doctor(arguments: argparse.Namespace) -> int:
    print(doctor())
    return 0


def _bench(arguments: argparse.Namespace) -> int:
    result = bench.bench(
        model=arguments.model,
        batch_size=arguments.batch_size,
        update=arguments.update,
        device=arguments.device,
        layers=arguments.layers,
        torch=not arguments.no_torch,
    )
    print(json.dumps(result) if arguments.json else bench.report(result))
    return 0


def _study(arguments: argparse.Namespace) -> int:
    rows = study.study(arguments.out, rows=arguments.rows, seeds=arguments.seeds, steps=arguments.steps)
    print(study.report(rows))
    return 0


def _models(arguments: argparse.Namespace) -> int:
    if arguments.name is None:
        print(f"{'model':<10} {'parameters of G':>15} {'of D':>10}  source")
    for family in MODELS.values() if arguments.name is None else [get_model_spec(arguments.name)]:
        g, d = build_networks(family.name, family.example_shape(), rng=np.random.default_rng(0))
        if arguments.name is None:
            print(f"{family.name:<10} {g.theta.size:>15,} {d.theta.size:>10,}  {family.source}")
            continue
        print(f"{family.name}: {family.source}\n\ngenerator\n{g.summary()}\n\ndiscriminator\n{d.summary()}")
        if family.published:
            print(f"\nas published (--as-published): {family.published.flaw}")
    return 0
