"""Progress of a run: a bar on a terminal, elsewhere a plain line now and then."""

import shutil
import sys

from tqdm import tqdm

from .history import Record

LINES = 20  # plain lines per run


class Progress:
    """Report how training goes.

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
        self.bar = None
        if not quiet and sys.stderr.isatty():
            columns = shutil.get_terminal_size().columns  # 80 where a terminal does not know its size
            layout = "{n:.0f}/{total:.0f}{unit} |{bar}| {remaining} left{postfix}"
            self.bar = tqdm(total=self.total, unit="" if steps else " s", bar_format=layout, ncols=columns)

    def message(self, text: str) -> None:
        """Print a line that stays."""
        if self.bar is not None:
            self.bar.write(text)
        elif not self.quiet:
            print(text, flush=True)

    def update(self, record: Record, share: float, *, elapsed: float) -> None:
        """Show the newest record.

        Parameters
        ----------
        record : of the steps since the last one
        share : the part of the budget that is spent, in [0, 1]
        elapsed : seconds since the start, with the evaluations; what is left takes as long in proportion
        """
        numbers = (
            f"loss D {record['d_loss']:.2f} G {record['g_loss']:.2f} D(x) {record['d_real']:.2f} "
            f"D(G(z)) {record['d_fake']:.2f} {record['images_per_second']:.0f} samples/s"
        )
        if self.bar is not None:
            self.bar.n = min(self.total, record["step"] if self.steps is not None else record["seconds"])
            self.bar.set_postfix_str(numbers)
        elif not self.quiet and share >= min(self.next_line, 1):
            self.next_line = share + 1 / LINES
            left = elapsed * (1 / share - 1) if share else 0.0
            print(f"step {record['step']:>6,.0f}  {numbers}, {left:.0f} s left", flush=True)

    def close(self) -> None:
        """Take the bar away, so that the terminal is free for other output."""
        if self.bar is not None:
            self.bar.close()
            self.bar = None
