"""What an attack changes: whom it fools, beside random noise of the same size, and whether it fools others as well."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .. import validation
from ..backend import Array, to_device, to_host
from ..datasets.batches import from_pixels_first, to_pixels_first
from ..errors import InputError
from ..fast.threads import threads
from ..metrics import EVALUATORS, Evaluator, load_evaluator
from ..runs.run import Run
from .attack import STEPS, Loss, attacked, belief, beliefs, misreading, random_signs
from .inputs import as_images, image_shape

TARGETS = ("discriminator", "evaluator")
LEVELS = 127.5  # grey levels of 256 in one unit of a pixel


class Row(NamedTuple):
    """One line of the table: what is counted, and of images as they were, with random noise, and attacked, how much."""

    name: str
    values: list[float]
    unit: str = ""


class Part(NamedTuple):
    """Images that were attacked in the same way.

    name : what they are, and what the attack wants
    before, after : the images (n, H, W) or (n, H, W, C), in [-1, 1]
    judge : whose words `said` are
    said : what the judge says of each image before, and after, in a few characters
    fooled : whether the judge is fooled by each image before, and after, (2, n)
    rows : the lines of the table
    """

    name: str
    before: np.ndarray
    after: np.ndarray
    judge: str
    said: list[list[str]]
    fooled: np.ndarray
    rows: list[Row]


@dataclass(frozen=True)
class Attack:
    """What `attack_discriminator` or `attack_evaluator` found; ``print`` shows it as a table.

    Attributes
    ----------
    title : the method and its target
    epsilon : the largest change of a pixel, of [-1, 1]
    parts : the images, in groups
    """

    title: str
    epsilon: float
    parts: list[Part]

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        size = f"{self.epsilon:g} of [-1, 1], {self.levels:.1f} of 255 grey levels"
        yield f"{self.title}; no pixel changes by more than {size}."
        for part in self.parts:
            yield ""
            yield f"{f'{len(part.before)} {part.name}':52}{'before':>10}{'noise':>10}{'attacked':>10}"
            for name, values, unit in part.rows:
                cells = "".join(f"{value:>10.{1 if unit else 2}f}" for value in values)
                yield f"  {name + (f', {unit}' if unit else ''):50}{cells}"

    @property
    def levels(self) -> float:
        """Epsilon in grey levels from 0 to 255."""
        return self.epsilon * LEVELS


class Options(NamedTuple):
    """How an attack is made: see `minigan.editing.attack`."""

    method: str
    epsilon: float
    seed: int
    steps: int = STEPS


class Three(NamedTuple):
    """Images (H, W, N, C) as they were, with random noise, and attacked."""

    before: Array
    noise: Array
    attacked: Array


def _change(x: Array, loss: Loss, options: Options) -> Three:
    rng = np.random.default_rng(options.seed)
    noise = random_signs(x, epsilon=options.epsilon, rng=rng)
    changed = attacked(options.method, x, loss, epsilon=options.epsilon, rng=rng, steps=options.steps)
    return Three(x, noise, changed)


def attack_discriminator(run: Run, images: np.ndarray, options: Options, *, others: dict[str, Run]) -> Attack:
    """Attack D twice: it shall believe fakes of its own generator, and doubt real images.

    A fake counts as believed when its logit is above that of half of the real images, and a real image counts as
    doubted when its logit is below that of half of the fakes. So no objective needs a threshold of its own. For several
    discriminators the logit is their mean; a second line counts what each of them believes or doubts.

    Parameters
    ----------
    run : whose discriminator is attacked
    images : n real images, (n, H, W) or (n, H, W, C), which the n fakes are compared with
    options : the method
    others : other runs by name, to which the changed images are shown as they are: the transfer

    Raises
    ------
    InputError : the images or an option do not fit, or a discriminator judges several images together
    """
    others = {name: check_size(name, other, run) for name, other in others.items()}
    device = run.generator.device
    with threads(device=device):
        real = to_device(to_pixels_first(as_images(images, run)), device)
        drawn = run.sample(real.shape[2], seed=options.seed).reshape(-1, *image_shape(run))
        fake = to_device(to_pixels_first(drawn), device)
        believed, doubted = _change(fake, belief(run), options), _change(real, belief(run, sign=-1), options)
        parts = [
            _part("fakes, which D shall believe", believed, {"D": run, **others}, real, above=True),
            _part("real images, which D shall doubt", doubted, {"D": run, **others}, fake, above=False),
        ]
    return Attack(f"{options.method.upper()} against the discriminator", options.epsilon, parts)


def check_size(name: str, other: Run, run: Run) -> Run:
    """Return the other run, which must draw images of the same size.

    Raises
    ------
    InputError : it draws others
    """
    if image_shape(other) != image_shape(run):
        expected, got = (" x ".join(map(str, image_shape(each))) for each in (run, other))
        raise InputError(f"other: expected a model that draws images of {expected}, got {name!r}, which draws {got}")
    return other


def _part(name: str, three: Three, judges: dict[str, Run], rivals: Array, *, above: bool) -> Part:
    """Return what the judges say of images; the first of them was attacked."""
    rows = [row for each in judges.items() for row in _count(*each, three, rivals, above=above)]
    first = next(iter(judges.values()))
    before, after = (_logits(first, x).mean(axis=1) for x in (three.before, three.attacked))
    middle = np.median(_logits(first, rivals).mean(axis=1))
    return Part(
        name,
        from_pixels_first(three.before),
        from_pixels_first(three.attacked),
        "D's logit",
        [[f"{logit:.2f}" for logit in logits] for logits in (before, after)],
        np.stack([(logits > middle) == above for logits in (before, after)]),
        rows,
    )


def _logits(run: Run, x: Array) -> np.ndarray:
    """Return the logits of each discriminator, (N, K)."""
    return to_host(beliefs(run)(x)[0])


def _count(name: str, run: Run, three: Three, rivals: Array, *, above: bool) -> list[Row]:
    """Return the lines of one judge: its mean logit, and how often it puts an image above half of the rivals."""
    of_rivals, logits = _logits(run, rivals), [_logits(run, x) for x in three]
    middle, limits = np.median(of_rivals.mean(axis=1)), np.median(of_rivals, axis=0)

    def share(won: Callable[[np.ndarray], np.ndarray]) -> list[float]:
        return [100 * float(won(each).mean()) for each in logits]

    word = "believed" if above else "doubted"
    rows = [
        Row(f"mean logit of {name}", [float(each.mean()) for each in logits]),
        Row(f"{word} by {name}", share(lambda s: (s.mean(axis=1) > middle) == above), unit="%"),
    ]
    if len(limits) > 1:
        everyone = f"{word} by each of its {len(limits)} members"
        rows.append(Row(everyone, share(lambda s: ((s > limits) == above).all(axis=1)), unit="%"))
    return rows


def attack_evaluator(
    run: Run, images: np.ndarray, labels: np.ndarray | None, options: Options, *, name: str = EVALUATORS[0]
) -> Attack:
    """Attack an evaluator, so that it misreads digits, and see what the other evaluator and D say of the results.

    Parameters
    ----------
    run : whose discriminator judges the images as well: does it see that they were changed?
    images : n digits, (n, 28, 28) or (n, 28, 28, 1)
    labels : (n,), or None, which takes what the evaluator reads in the images as they are
    options : the method
    name : in `EVALUATORS`, the one that is attacked; the changed images are then shown to the others

    Raises
    ------
    InputError : the images or an option do not fit, or the run draws images of another size
    """
    validation.one_of("name", name, EVALUATORS)
    device = run.generator.device
    target = load_evaluator(name, device)
    if image_shape(run) != target.image_shape:
        expected, got = (" x ".join(map(str, each)) for each in (target.image_shape, image_shape(run)))
        raise InputError(f"run: expected a model that draws images of {expected}, as the evaluator reads, got {got}")
    checked = as_images(images, run)
    with threads(device=device):
        truth = target.probabilities(checked).argmax(axis=1) if labels is None else labels.astype(np.int64)
        real = to_device(to_pixels_first(checked), device)
        three = _change(real, misreading(target, truth), options)
        rows = []
        for evaluator in (target, *(load_evaluator(other, device) for other in EVALUATORS if other != name)):
            right = [_read(evaluator, x).argmax(axis=1) == truth for x in three]
            shares = [100 * float(each.mean()) for each in right]
            rows.append(Row(f"read correctly by {evaluator.name}", shares, unit="%"))
        drawn = run.sample(len(checked), seed=options.seed).reshape(checked.shape)
        rows += _count("D", run, three, to_device(to_pixels_first(drawn), device), above=False)
        before, after = _read(target, three.before), _read(target, three.attacked)
    part = Part(
        "digits",
        from_pixels_first(real),
        from_pixels_first(three.attacked),
        "what the evaluator reads",
        [[f"{p.argmax()} ({100 * p.max():.0f} %)" for p in each] for each in (before, after)],
        np.stack([each.argmax(axis=1) != truth for each in (before, after)]),
        rows,
    )
    return Attack(f"{options.method.upper()} against the evaluator {name}", options.epsilon, [part])


def _read(evaluator: Evaluator, x: Array) -> np.ndarray:
    return evaluator.probabilities(from_pixels_first(x))
