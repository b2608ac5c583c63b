"""Run: what training leaves behind. Sample from it, judge it, save it."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from .. import validation
from ..backend import Array, to_device
from ..errors import InputError
from ..fast.threads import threads
from ..metrics import Evaluation, evaluate
from ..metrics.evaluation import SAMPLES
from ..models import kind_of
from ..network import Network
from ..objectives.codes import draw_codes, draw_noise
from ..objectives.conditional import get_conditional
from ..training.config import ResolvedConfig
from .diagnosis import Diagnosis, diagnose
from .history import History
from .judge import to_uint8
from .model_file import write_model
from .sampling import CALIBRATION, check_count, generate, redraw, score, truncate
from .symptoms import find_real_samples, find_symptoms

if TYPE_CHECKING:
    from .checkpoint import Checkpoint

NO_SHARES = np.empty(0)


class Run:
    """A trained game.

    Parameters
    ----------
    config : the options, with nothing left open
    generator : with the *averaged* weights and statistics; `sample` uses it
    discriminator : as the last step left it; in an autoencoder the encoder
    history : the metrics of the run
    folder : the folder that the run was written to, or None
    shares : how frequent each class is in the data, (K,), or each cluster in each class, (K, M); empty without classes

    Attributes
    ----------
    stopped : what ended the training: "steps", "seconds", "stop_when", "interrupt" (Ctrl-C), "terminate" (SIGTERM) or
        "hangup" (SIGHUP); None in a loaded run
    checkpoint : where the training can go on, as long as the run is in memory; None in a loaded run
    model : the file that holds the model, or None where it is not written
    runaway : whether the losses had grown without bound by the end of the training
    rank : the number of this process in a distributed run, of which only number 0 writes anything
    """

    go_on: ClassVar[Callable[..., "Run"]]  # `minigan.train`, which puts itself here, because it imports this module

    def __init__(
        self,
        config: ResolvedConfig,
        generator: Network,
        discriminator: Network,
        history: History,
        folder: Path | None = None,
        shares: np.ndarray = NO_SHARES,
    ) -> None:
        self.config = config
        self.generator = generator
        self.discriminator = discriminator
        self.history = history
        self.folder = folder
        self.shares = shares
        self.stopped: str | None = None
        self.checkpoint: Checkpoint | None = None
        self.model: Path | None = None
        self.runaway = False
        self.rank = 0

    @property
    def interrupted(self) -> bool:
        """Whether a signal ended the training, such as that of Ctrl-C."""
        return self.stopped in ("interrupt", "terminate", "hangup")

    @property
    def classes(self) -> int:
        """Number of classes or clusters that `sample` can be asked for; 0 when the game is not conditional."""
        return len(self.shares)

    def sample(
        self,
        n: int,
        *,
        seed: int = 0,
        label: int | Sequence[int] | np.ndarray | None = None,
        codes: Sequence[float] | np.ndarray | None = None,
        truncation: float | None = None,
        reject: float | None = None,
    ) -> np.ndarray:
        """Draw n images or points.

        The generator always runs in eval mode. Sample i depends on ``seed``, on i and on its own label and codes; it
        does not depend on n or on the other samples.

        Parameters
        ----------
        n : number of samples, at least 1
        seed : of the noise, at least 0
        label : for a conditional run: one class for all samples, or several classes, which are repeated until there
            are n; None draws classes as often as the data has them. In the game "clusters" the classes are clusters
        codes : for an infogan run: the two continuous codes, (2,) for all samples or (n, 2); they were trained in
            [-1, 1]; None draws them
        truncation : draw the numbers of the noise from [-truncation, truncation], at least 0.1; None sets no limits
        reject : the share of all samples, from 0 to below 1, that the discriminator believes least; samples like these
            are drawn again. None keeps every sample

        Returns
        -------
        Images (n, H, W) or (n, H, W, C), float32 in [-1, 1]; or points (n, C) in the units of the data.

        Raises
        ------
        InputError : a number is out of its range, the run is not conditional and a label or codes are given, or
            ``reject`` is given and the discriminator judges several samples together
        """

        def draw(attempt: int) -> Array:
            return self.latent(n, seed=seed, label=label, codes=codes, truncation=truncation, attempt=attempt)

        if reject is None:
            return generate(self.generator, draw(0))
        share = validation.fraction("reject", reject)
        if self.discriminator.couples_samples:
            raise InputError("reject: expected None, because this discriminator judges several samples together")
        usual = self.latent(CALIBRATION, seed=0, truncation=truncation)
        return generate(self.generator, redraw(draw, self.believe, float(np.quantile(self.believe(usual), share))))

    def believe(self, z: Array) -> np.ndarray:
        """Return the discriminator's logit of what the generator makes of noise and codes: (n, ...) -> (n,)."""
        conditional = get_conditional(self.config.conditional)
        return score(self.generator, self.discriminator, z, self.config.losses, conditional)

    def latent(
        self,
        n: int,
        *,
        seed: int = 0,
        label: int | Sequence[int] | np.ndarray | None = None,
        codes: Sequence[float] | np.ndarray | None = None,
        truncation: float | None = None,
        attempt: int = 0,
    ) -> Array:
        """Return what `sample` gives to the generator; it takes the same arguments.

        With another ``attempt``, noise and codes are drawn anew; what ``label`` and ``codes`` say stays.

        Returns
        -------
        Noise z (n, Z), or for a conditional run the noise and the codes (n, Z + K).
        """
        check_count(n, self.generator)
        validation.integer("seed", seed, least=0)
        length = self.discriminator.output_shape[0] - 1 if self.classes else 0
        again = (attempt,) if attempt else ()

        def noise(rounds: int) -> np.ndarray:
            key = (seed, 2, *again, rounds) if attempt or rounds else seed
            rng, width = np.random.default_rng(key), self.generator.input_shape[0] - length
            return draw_noise(rng, n, width, "cpu")

        z = noise(0) if truncation is None else truncate(noise, validation.at_least("truncation", truncation, 0.1))
        if self.classes == 0:
            for name, value in (("label", label), ("codes", codes)):
                if value is not None:
                    raise InputError(
                        f"{name}: expected None, because this run is not conditional, got {validation.shown(value)}"
                    )
            return to_device(z, self.generator.device)
        rng, continuous = np.random.default_rng((seed, 1, *again)), length - self.shares.size
        drawn = draw_codes(rng, n, self.shares, continuous=continuous, label=label, codes=codes)
        return to_device(np.hstack((z, drawn)), self.generator.device)

    def evaluate(self, n: int = SAMPLES, *, seed: int = 0) -> Evaluation:
        """Draw n digits, round their pixels to 0..255, and measure how good they are with `minigan.metrics.evaluate`.

        With 10,000 digits this takes about 15 seconds of one core. `minigan.metrics.quick_look` takes one.

        Parameters
        ----------
        n : number of digits, above the number of features of each evaluator
        seed : of the noise

        Returns
        -------
        Every measure under both evaluators, beside what real digits get; ``print`` shows it as a table.

        Raises
        ------
        InputError : the run draws no images of 28 x 28 in one channel, or n is too small
        DivergedError : a pixel is NaN or infinite
        """
        shape = self.generator.output_shape
        if shape != (28, 28, 1):
            drawn = f"{kind_of(shape)} of {' x '.join(map(str, shape))}"
            raise InputError(
                f"run: expected a model that draws images of 28 x 28 x 1, because every measure compares them with "
                f"MNIST's digits, got one that draws {drawn}"
            )
        with threads(device=self.generator.device):
            images = to_uint8(self.sample(n, seed=seed))
            return evaluate(images, data=self.config.data, device=self.generator.device)

    def diagnose(self, *, data: Any = None, seed: int = 0) -> Diagnosis:
        """Say what is wrong with the game, if anything, from its records and from 500 samples drawn with ``seed``.

        ``data`` is what the run learned from, as `minigan.train` takes it; by default it is looked for by its name.
        """
        real = find_real_samples(data, self.config.data, self.generator.output_shape)
        symptoms = find_symptoms(self.history, self.config, lambda n: self.sample(n, seed=seed), real)
        return diagnose(symptoms, autoencoder=self.config.spec.autoencodes)

    def resume(self, **changes: Any) -> "Run":
        """Go on with the training, and return a new run; this one stays as it is.

        ``changes`` are those of `minigan.train`, such as ``steps``, which counts from the start of the run.
        """
        return Run.go_on(resume=self, **changes)

    def save(self, path: str | os.PathLike[str], *, dtype: str = "float32") -> Path:
        """Write both networks and the configuration to one ``.npz`` file, whole or not at all.

        The same run always gives the same bytes.

        Parameters
        ----------
        path : the file; its name ends in .npz
        dtype : "float32" keeps the weights as they are. "float16" rounds them to eleven bits, so that the file has less
            than half of the size, and a pixel in [-1, 1] changes by about 0.0001. The running statistics stay float32

        Returns
        -------
        The path.

        Raises
        ------
        InputError : the name has another ending, the file cannot be written, or a weight is too large for float16
        """
        return write_model(path, self.config, self.generator, self.discriminator, self.shares, dtype=dtype)
