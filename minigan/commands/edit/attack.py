"""``minigan edit attack``: change images so little that one hardly sees it, and fool D or an evaluator."""

import argparse

from ... import validation
from ...editing.attack import METHODS, STEPS, check_epsilon
from ...editing.attack_figure import save_attack
from ...editing.attack_table import TARGETS, Options, attack_discriminator, attack_evaluator
from ...errors import InputError
from ...metrics import EVALUATORS
from ...runs.load import load
from ...runs.pretrained import PRETRAINED
from ...terminal import say
from ..arguments import add_choice, add_path, add_seed
from .pictures import add_images, add_out, out_path, read_images

ABOUT = "Fool the discriminator or an evaluator by changes that are hardly seen."
DETAILS = (
    "The table compares the images with others that carry random noise of the same size, and says whether the changed "
    "images fool other networks too."
)
N, MOST = 200, 2000
EPSILON = 0.2
PICTURE = "attack-{}.png"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_path(parser)
    add_choice(parser, "against", TARGETS, "Whom to fool.")
    add_choice(parser, "method", METHODS, "Many projected steps (pgd), or one step along the signs (fgsm).")
    parser.add_argument(
        "--epsilon",
        type=float,
        default=EPSILON,
        metavar="FLOAT",
        help=f"Largest change of a pixel, where black is -1 and white is 1; at most 2. Default: {EPSILON}.",
    )
    parser.add_argument("--steps", type=int, metavar="INT", help=f"Number of steps of pgd. Default: {STEPS}.")
    parser.add_argument(
        "--evaluator",
        choices=EVALUATORS,
        metavar="NAME",
        help="The evaluator that is attacked; the other one then reads the changed images too. "
        f"Default: {EVALUATORS[0]}. Choices: %(choices)s.",
    )
    parser.add_argument(
        "--other",
        metavar="PATH",
        help="Another model, whose discriminator judges the changed images too. Default: the other model that is part "
        "of minigan, if its images have the same size.",
    )
    add_images(parser, n=N)
    add_seed(parser)
    add_out(parser, "attack-discriminator.png or attack-evaluator.png")


def command(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    check_epsilon(arguments.epsilon)
    check_combination(arguments)
    steps = STEPS if arguments.steps is None else validation.integer("steps", arguments.steps)
    validation.integer("n", arguments.n, most=MOST)
    run = load(arguments.path)
    out = out_path(arguments, PICTURE.format(arguments.against))
    images, labels = read_images(arguments.images, arguments.n, run)
    options = Options(arguments.method, arguments.epsilon, arguments.seed, steps)
    if arguments.against == "evaluator":
        found = attack_evaluator(run, images, labels, options, name=arguments.evaluator or EVALUATORS[0])
    else:
        name = arguments.other or next(each for each in PRETRAINED if each != arguments.path)
        other = load(name)
        fits = arguments.other or other.generator.output_shape == run.generator.output_shape
        found = attack_discriminator(run, images, options, others={f"D of {name}": other} if fits else {})
    say(found)
    save_attack(found, out)
    say(f"\n  {out}  images before and after")
    return 0


def check_combination(arguments: argparse.Namespace) -> None:
    """Check that no option is given that this attack would not use.

    Raises
    ------
    InputError : one is
    """
    for name, unused in (
        ("steps", arguments.method == "fgsm"),
        ("evaluator", arguments.against != "evaluator"),
        ("other", arguments.against != "discriminator"),
    ):
        if unused and (value := getattr(arguments, name)) is not None:
            reason = "--method fgsm" if name == "steps" else f"--against {arguments.against}"
            raise InputError(f"{name}: expected none with {reason}, got {value!r}")
