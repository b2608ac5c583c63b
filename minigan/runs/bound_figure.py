"""The picture of an autoencoder's training: the bound that it climbs, and the two terms of the bound."""

import os

from ..files import atomic_path
from .drawing import one_at_a_time
from .figures import Columns, plot_evaluated


@one_at_a_time
def save_bound(history: Columns, path: str | os.PathLike[str], *, evaluated: str | None = None) -> None:
    """Plot the bound and the reconstruction over the steps, below them their gap, and below that what was evaluated.

    Parameters
    ----------
    history : a table with the columns step, elbo, reconstruction, kl
    path : the file
    evaluated : as for `figures.save_losses`
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = 3 if evaluated else 2
    figure = Figure(figsize=(8, 3 * rows), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    bound, gap, *rest = figure.subplots(rows, 1, sharex=True)
    step = history["step"]
    bound.plot(step, history["reconstruction"], color="tab:green", label="reconstruction: log density of the image")
    bound.plot(step, history["elbo"], color="tab:blue", label="ELBO = reconstruction - KL")
    gap.plot(step, history["kl"], color="tab:orange", label="KL: the gap between the two lines above")
    bound.set(title="The bound on log p(x), which should rise", ylabel="nats per image")
    gap.set(title="What z has to tell about an image", ylabel="nats per image")
    gap.set_ylim(bottom=0)
    if evaluated:
        plot_evaluated(rest[0], history, evaluated)
    (rest or [gap])[0].set_xlabel("training step")
    for axes in (bound, gap, *rest):
        axes.legend(loc="best", frameon=False)
        axes.grid(alpha=0.2)
    with atomic_path(path) as temporary:
        figure.savefig(temporary)
