"""Progress of a run: a bar on a terminal, elsewhere a plain line now and then."""

import shutil
import sys
from collections.abc import Callable
from typing import Any

from tqdm import tqdm

from ..terminal import is_terminal, say
from .history import Record

LINES = 20  # plain lines per run


class Progress:
    """Report how training goes. A terminal that fails ends the reports, never the training.

    Parameters
    ----------
    steps : the budget in steps, or None when the budget is a time
    seconds : the budget in seconds, used when ``steps`` is None
    quiet : print nothing
    """

    def __init__(self, steps: int | None, seconds: float | None, *, quiet: bool) -> None:
        self.steps = steps
        self.total: float = steps if steps is not None else seconds or 0.0
        self.quiet = quiet
        self.next_line = 0.0
        self.bar: Any = None
        if not quiet and is_terminal(sys.stderr):
            columns = shutil.get_terminal_size().columns  # 80 where a terminal does not know its size
            layout = "{n:.0f}/{total:.0f}{unit} |{bar}| {remaining} left{postfix}"
            options: dict[str, Any] = {"unit": "" if steps else " s", "bar_format": layout, "ncols": columns}
            self._attempt(lambda: setattr(self, "bar", tqdm(total=self.total, **options)))

    def message(self, text: str) -> None:
        """Print a line that stays."""
        if self.quiet:
            return
        if self.bar is not None:
            self._attempt(self.bar.clear)
        say(text)
        if self.bar is not None:
            self._attempt(self.bar.refresh)

    def update(self, record: Record, share: float, *, elapsed: float) -> None:
        """Show the newest record.

        Parameters
        ----------
        record : of the steps since the last one
        share : the part of the budget that is spent, in [0, 1]
        elapsed : seconds since the start, with the evaluations; what is left takes as long in proportion
        """
        numbers = f"{_seen(record)} {record['images_per_second']:.0f} samples/s"
        if self.bar is not None:
            self.bar.n = min(self.total, record["step"] if self.steps is not None else record["seconds"])
            self._attempt(lambda: self.bar.set_postfix_str(numbers))
        elif not self.quiet and share >= min(self.next_line, 1):
            self.next_line = share + 1 / LINES
            left = elapsed * (1 / share - 1) if share else 0.0
            say(f"step {record['step']:>6,.0f}  {numbers}, {left:.0f} s left")

    def close(self) -> None:
        """Take the bar away, so that the terminal is free for other output."""
        if self.bar is not None:
            self._attempt(self.bar.close)
            self.bar = None

    def _attempt(self, show: Callable[[], Any]) -> None:
        """Change the bar; if that fails, take it away and be quiet."""
        try:
            show()
        except (OSError, ValueError):
            if self.bar is not None:
                self.bar.disable = True
            self.bar, self.quiet = None, True


def _seen(record: Record) -> str:
    """Say what the steps of a record saw: the two players of a game, or the bound of an autoencoder."""
    if "elbo" in record:
        return (
            f"ELBO {record['elbo']:.1f} nats: reconstruction {record['reconstruction']:.1f} - KL {record['kl']:.1f}, "
            f"sigma {record['sigma']:.3f}"
        )
    return (
        f"loss D {record['d_loss']:.2f} G {record['g_loss']:.2f} D(x) {record['d_real']:.2f} "
        f"D(G(z)) {record['d_fake']:.2f}"
    )
