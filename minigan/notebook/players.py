"""Pictures that move: a slider over frames, which works in any page, with a kernel or without one."""

import base64
import hashlib
import html
import io
import itertools
import json
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .style import FAST, STATIC

PAGE = """<figure class="minigan-player" id="{name}" style="margin:0;max-width:{width}px">
<img alt="{alt}" style="width:100%;background:white" src="{first}">
<div style="display:flex;flex-wrap:wrap;gap:.3em 1em;align-items:center">{controls}</div>
</figure>
<script>
(() => {{
  const player = document.getElementById("{name}"), frames = {frames}, sliders = {sliders};
  const image = player.querySelector("img");
  frames[{at}] = image.src;
  const inputs = [...player.querySelectorAll("input")], texts = [...player.querySelectorAll("output")];
  const show = () => {{
    let at = 0;
    inputs.forEach((input, k) => {{
      at = at * sliders[k].length + Number(input.value);
      texts[k].value = input.ariaValueText = sliders[k][input.value];
    }});
    image.src = frames[at];
  }};
  inputs.forEach((input) => input.addEventListener("input", show));
  const button = player.querySelector("button");
  let timer = 0;
  if (button) button.addEventListener("click", () => {{
    if (timer) timer = clearInterval(timer);
    else timer = setInterval(() => {{
      inputs[0].value = (Number(inputs[0].value) + 1) % sliders[0].length;
      show();
    }}, {pause});
    button.textContent = timer ? "Pause" : "Play";
  }});
  show();
}})();
</script>"""
MISSING = "Here are sliders if ipywidgets is installed: %pip install ipywidgets, and run the cell again."
SLIDER = (
    '<label style="flex:1 1 12em;display:flex;gap:.5em;align-items:center">{label} '
    '<input type="range" min="0" max="{last}" step="1" value="{value}" style="flex:1"> '
    '<output style="min-width:4.5em"></output></label>'
)


def show_film(draw: Callable[[Any], None], moments: Iterable[Any], *, label: str, alt: str, seconds: float = 6) -> None:
    """Show a picture that moves: one frame for each moment, under a slider and a button.

    Parameters
    ----------
    draw : function
        Takes a moment, and makes one figure.
    moments : values
        They are also what the slider says.
    label : str
        What the moments are, for example "round".
    alt : str
        What the picture shows, in a sentence, for readers who do not see it.
    seconds : float
        How long the film takes.
    """
    moments = list(moments)[:2] if FAST else list(moments)
    frames = [_frame(draw, moment) for moment in moments]
    _display(frames, {label: moments}, [0], alt, pause=1000 * seconds / len(moments))


def interactive_plot(
    draw: Callable[..., None], *, alt: str = "", stops: int | None = None, **sliders: tuple[float, float, float]
) -> None:
    """Draw a figure again whenever a slider moves.

    In a page without a kernel (MINIGAN_STATIC=1 in the environment) the sliders move over frames drawn beforehand.
    Without ipywidgets the figure is drawn once, with the first values, and a line says what is missing.

    Parameters
    ----------
    draw : function
        Takes the values of the sliders by name, and makes one figure.
    alt : str
        What the picture shows, in a sentence, for readers who do not see it.
    stops : int
        Number of places of each slider in a page without a kernel: 13 for one slider, 5 for two, 3 for more.
    sliders : tuple of three numbers
        The least, the greatest and the first value of each slider. Three integers make a slider of integers.
    """
    if STATIC:
        count = stops or {1: 13, 2: 5}.get(len(sliders), 3)
        places = {name: _places(*ends, count) for name, ends in sliders.items()}
        start = [places[name].index(first) for name, (_, _, first) in sliders.items()]
        if FAST:
            places, start = {name: [first] for name, (_, _, first) in sliders.items()}, [0] * len(sliders)
        every = (dict(zip(places, values, strict=True)) for values in itertools.product(*places.values()))
        frames = [_frame(lambda values: draw(**values), values) for values in every]
        _display(frames, {name: [f"{v:.3g}" for v in values] for name, values in places.items()}, start, alt)
        return
    try:
        import ipywidgets
    except ImportError:
        print(MISSING)
        draw(**{name: first for name, (_, _, first) in sliders.items()})
        return
    controls = {}
    for name, (least, greatest, first) in sliders.items():
        ends = {"value": first, "min": least, "max": greatest, "continuous_update": False}
        if are_integers(least, greatest, first):
            controls[name] = ipywidgets.IntSlider(**ends)
        else:
            controls[name] = ipywidgets.FloatSlider(step=slider_step(greatest - least), readout_format=".3g", **ends)
    # without the lambda, every default of draw gets a slider
    ipywidgets.interact(lambda **values: draw(**values), **controls)


def are_integers(*values: float) -> bool:
    """Return whether all values are integers, which makes a slider one of integers."""
    return all(isinstance(value, int) for value in values)


def slider_step(span: float) -> float:
    """Return the greatest of 1, 2 and 5, times a power of ten, that fits at least 50 times into a span.

    So a value such as 0.2 is a place of the slider; the slider would move any other first value to its next place.

    >>> slider_step(1.0), slider_step(3.0), slider_step(1.4)
    (0.02, 0.05, 0.02)
    """
    power = 10.0 ** math.floor(math.log10(span / 50))
    return float(f"{max(k * power for k in (1, 2, 5) if k * power <= span / 50 * (1 + 1e-9)):.1g}")


def _places(least: float, greatest: float, first: float, count: int) -> list[float]:
    """Return `count` values from the least to the greatest, at least 3, with `first` in the place of its neighbour.

    The two ends stay. Three integers have integers between them, each once.

    >>> _places(2, 256, 16, 5), _places(1, 5, 2, 9)
    ([2, 16, 129, 192, 256], [1, 2, 3, 4, 5])
    """
    whole = are_integers(least, greatest, first)
    last = min(count - 1, round(greatest - least)) if whole else count - 1
    values = [least + (greatest - least) * k / last for k in range(last + 1)]
    if whole:
        values = [round(value) for value in values]
    if first not in (least, greatest):
        nearest = min(range(1, last), key=lambda k: abs(values[k] - first))
        values[nearest] = first
    return values


def png_of(draw: Callable[[Any], None], value: Any) -> bytes:
    """Return the figure that `draw` makes of a value, as a PNG."""
    import matplotlib.pyplot as plt

    plt.close("all")
    draw(value)
    file = io.BytesIO()
    plt.gcf().savefig(file, dpi=90, format="png")
    plt.close("all")
    return file.getvalue()


def _frame(draw: Callable[[Any], None], value: Any) -> str:
    """Return the figure that `draw` makes, as a WebP of at most 32 colours, in an address that holds it."""
    from PIL import Image

    picture = Image.open(io.BytesIO(png_of(draw, value))).convert("RGB").quantize(32, dither=Image.Dither.NONE)
    small = io.BytesIO()
    picture.convert("RGB").save(small, "WEBP", lossless=True, quality=50, method=3)
    return f"data:image/webp;base64,{base64.b64encode(small.getvalue()).decode('ascii')}"


def _display(
    frames: Sequence[str], sliders: dict[str, list[Any]], start: list[int], alt: str, *, pause: float = 0
) -> None:
    """Show the frames under their sliders; with a pause (milliseconds) between frames also a button that plays them."""
    from IPython.display import HTML, display

    name = "player-" + hashlib.sha256("".join(frames).encode()).hexdigest()[:12]
    labels = [
        SLIDER.format(label=html.escape(label), last=len(values) - 1, value=value)
        for (label, values), value in zip(sliders.items(), start, strict=True)
    ]
    button = ['<button type="button">Play</button>'] if pause else []
    at = 0
    for values, value in zip(sliders.values(), start, strict=True):
        at = at * len(values) + value
    width = _width(frames[0])
    display(
        HTML(
            PAGE.format(
                name=name,
                alt=html.escape(alt),
                first=frames[at],
                width=width,
                controls="".join(button + labels),
                at=at,
                frames=json.dumps([*frames[:at], "", *frames[at + 1 :]]),  # the page holds that one already
                sliders=json.dumps([[str(value) for value in values] for values in sliders.values()]),
                pause=round(pause),
            )
        )
    )


def _width(frame: str) -> int:
    """Return the width of a frame in pixels of the page."""
    from PIL import Image

    return Image.open(io.BytesIO(base64.b64decode(frame.split(",")[1]))).width
