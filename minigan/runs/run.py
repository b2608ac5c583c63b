"""Run: what training leaves behind. Sample from it, save it, load it."""

import dataclasses
import json
import os
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import validation
from ..backend import Array, get_array_module, to_device, to_host
from ..objectives.codes import choose_codes, draw_codes
from ..objectives.conditional import get_conditional
from ..datasets.batches import from_pixels_first
from ..errors import InputError
from ..files import atomic_path
from ..network import Network
from ..models import build_networks
from ..training.config import TrainConfig
from .history import History
from ..objectives.codes import draw_noise

if TYPE_CHECKING:
    from ..metrics import Evaluation

FORMAT = 1  # of model.npz
VECTORS = ("generator_theta", "generator_stats", "discriminator_theta", "discriminator_stats")
CHUNK = 500  # images drawn at once


class Run:
    """A trained game.

    config : the resolved `TrainConfig`
    generator : with *averaged* weights and statistics; what `sample` uses
    discriminator : as the last step left it
    history : the `History` of the metrics
    folder : where the run was written, or None
    interrupted : whether Ctrl-C ended it before its budget was spent
    """

    def __init__(
        self,
        config: TrainConfig,
        generator: Network,
        discriminator: Network,
        history: History,
        folder: Path | None = None,
    ) -> None:
        self.config = config
        self.generator = generator
        self.discriminator = discriminator
        self.history = history
        self.folder = folder
        self.interrupted = False

    @property
    def classes(self) -> int:
        """Number of labels that `sample` takes; 0 where the game is not conditional."""
        if self.config.conditional is None:
            return 0
        return self.discriminator.output_shape[0] - 1 - get_conditional(self.config.conditional).continuous

    def sample(
        self,
        n: int,
        *,
        seed: int = 0,
        label: int | Sequence[int] | np.ndarray | None = None,
        codes: Sequence[float] | np.ndarray | None = None,
    ) -> np.ndarray:
        """Draw n images, (n, H, W) or (n, H, W, C) float32 in [-1, 1], or n points, (n, C) in the units of the data.

        Always in eval mode: sample i depends on ``seed``, i, and its label and codes alone, neither on n nor on its
        batch mates.

        label : of a conditional game: a class for all, or several, repeated to n; None draws them
        codes : of infogan: the two continuous codes, (2,) for all or (n, 2); trained in [-1, 1]; None draws them
        """
        return generate(self.generator, self.latent(n, seed=seed, label=label, codes=codes))

    def latent(
        self,
        n: int,
        *,
        seed: int = 0,
        label: int | Sequence[int] | np.ndarray | None = None,
        codes: Sequence[float] | np.ndarray | None = None,
    ) -> Array:
        """Return what `sample` gives to the generator: z (n, Z), or with the codes of a conditional game (n, Z + K)."""
        validation.integer("n", n)
        validation.integer("seed", seed, least=0)
        width, device = self.generator.input_shape[0], self.generator.device
        if self.config.conditional is None:
            for name, value in (("label", label), ("codes", codes)):
                if value is not None:
                    raise InputError(f"{name}: this run is not conditional, expected None, got {value!r}")
            return draw_noise(np.random.default_rng(seed), n, width, device)
        continuous = get_conditional(self.config.conditional).continuous
        drawn = draw_codes(np.random.default_rng((seed, 1)), n, self.classes, continuous=continuous)
        chosen = to_device(choose_codes(drawn, self.classes, label=label, codes=codes), device)
        z = draw_noise(np.random.default_rng(seed), n, width - drawn.shape[1], device)
        return get_array_module(z).concatenate((z, chosen), axis=1)

    def evaluate(self, n: int = 10_000, *, seed: int = 0) -> "Evaluation":
        """Draw n digits and judge them: distance to MNIST's test digits, classes, score (`minigan.metrics.evaluate`).

        Raises ``InputError`` where it draws no images of 28 x 28, or n is 64 or less.
        """
        from ..metrics import evaluate

        return evaluate(self.sample(n, seed=seed), device=self.generator.device)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write both networks and the configuration to one ``.npz`` file, whole or not at all; return its path.

        The same run always gives the same bytes.
        """
        path = Path(path)
        if path.suffix != ".npz":
            raise InputError(f"path: expected a name ending in .npz, got {str(path)!r}")
        description = {
            "format": FORMAT,
            "image_shape": self.generator.output_shape,
            "codes": self.discriminator.output_shape[0] - 1 if self.config.conditional else 0,
            "config": {k: v for k, v in dataclasses.asdict(self.config).items() if k not in ("out", "quiet")},
        }
        try:
            with atomic_path(path) as temporary:
                np.savez(
                    temporary,
                    description=np.array(json.dumps(description)),
                    generator_theta=to_host(self.generator.theta),
                    generator_stats=to_host(self.generator.stats),
                    discriminator_theta=to_host(self.discriminator.theta),
                    discriminator_stats=to_host(self.discriminator.stats),
                )
        except OSError as error:
            raise InputError(f"path: cannot write {str(path)!r} ({error.strerror})") from None
        return path


def generate(generator: Network, z: Any) -> np.ndarray:
    """Images (n, H, W) or (n, H, W, C), or points (n, C), of noise z (n, Z) in eval mode, in chunks to bound memory."""
    chunks = [generator.forward(z[i : i + CHUNK], train=False)[0] for i in range(0, len(z), CHUNK)]
    return np.concatenate([from_pixels_first(x) for x in chunks])


def load(path: str | os.PathLike[str]) -> Run:
    """Load a run from its folder or from a file that `Run.save` wrote.

    >>> minigan.load("runs/first").sample(64)                                       # doctest: +SKIP

    Raises ``InputError`` when there is no such run, or when the file is damaged or not a minigan model.
    """
    path = Path(path)
    file = path / "model.npz" if path.is_dir() else path
    if not file.is_file():
        raise InputError(f"path: no model at {str(file)!r}; expected a run folder or a model .npz file")
    if not zipfile.is_zipfile(file):
        raise InputError(f"path: {str(file)!r} is damaged, or not a minigan model (not an .npz file)")
    try:
        with np.load(file, allow_pickle=False) as archive:
            description = json.loads(str(archive["description"]))
            vectors = [archive[name] for name in VECTORS]
        if description["format"] != FORMAT:
            raise InputError(f"it has format {description['format']!r}, expected {FORMAT}")
        config = TrainConfig(**description["config"])
        generator, discriminator = build_networks(
            config.model,
            tuple(description["image_shape"]),
            rng=np.random.default_rng(0),
            **config.network_options,
            codes=description.get("codes", 0),
        )
        generator.load(*vectors[:2])
        discriminator.load(*vectors[2:])
    except (OSError, EOFError, ValueError, TypeError, LookupError, zlib.error, zipfile.BadZipFile) as error:
        raise InputError(f"path: {str(file)!r} is damaged, or not a minigan model ({error})") from None
    metrics = file.parent / "metrics.jsonl"
    history = History.read(metrics) if path.is_dir() and metrics.is_file() else History()
    return Run(config, generator, discriminator, history, path if path.is_dir() else None)
