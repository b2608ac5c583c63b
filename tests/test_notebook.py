"""What the chapters ask of a notebook: verdicts tell right from wrong, players move, colours can be told apart."""

import asyncio
import base64
import doctest
import inspect
import io
import itertools
import json
import re
import sys
import types
import urllib.request
from fractions import Fraction

import matplotlib
import numpy as np
import pytest
from PIL import Image

from minigan.layers import Dense
from minigan.notebook import (
    COLOURS,
    NotYet,
    Sketch,
    answers,
    check_answer,
    compare_guesses,
    expect,
    interactive_plot,
    live,
    live_plot,
    number,
    numbers,
    opinion_map,
    play,
    play_game,
    players,
    show_film,
    show_pixels,
    show_source,
    style,
    use_style,
)
from minigan.notebook.style import LINES, OPINION, simulate


def check_double(f):
    expect(f(0) == 0, "0 doubled is 0")
    expect(f(2) == 4, "2 doubled is 4, and so is 2 squared: look at 3")
    expect(f(3) == 6, "that is the square")


@pytest.mark.parametrize(
    ("answer", "right", "says"),
    [
        (lambda x: 2 * x, True, "right"),
        (lambda x: x * x, False, "not yet: that is the square"),
        (lambda x: ..., False, "open: put your answer in the place of the dots"),
        (lambda x: (..., 2), False, "open: put your answer in the place of the dots"),
        (lambda x: None, False, "not yet: the answer is None; is there a return in your function?"),
        (lambda x: 1 / x, False, "not yet: it raises ZeroDivisionError: division by zero"),
        (..., False, "open: put your answer in the place of the dots"),
        (None, False, "not yet: the answer is None; is there a return in your function?"),
        (3, False, "not yet: it raises TypeError: 'int' object is not callable"),
    ],
)
def test_verdicts(answer, right, says, capsys):
    assert check_answer(check_double, answer) is right
    assert capsys.readouterr().out == says + "\n"


@pytest.mark.parametrize(
    "answer",
    [2, 2.0, np.float32(2), np.array(2), np.array([2]), np.array([[2.0]]), [2], (2,), Fraction(2), {"n": 2}, "2"],
)
def test_one_number_in_every_shape(answer):
    assert number(answer) == 2.0


@pytest.mark.parametrize(
    "answer", [(1, 2), [1, 2], np.array([[1], [2]]), {"a": 1, "b": 2.0}, iter([1, 2]), [np.array([1]), 2]]
)
def test_two_numbers_in_every_shape(answer):
    assert numbers(answer, 2).tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        ("two", "the answer should be one number, and it is 'two'"),
        ((1, 2), "the answer should be one number, and it has 2"),
        ([[1], [2, 3]], "the answer should be one number, and it has 3"),
        (1j, "the answer should be one number, and it is 1j"),
    ],
)
def test_what_is_no_number(answer, hint):
    with pytest.raises(NotYet) as caught:
        number(answer)
    assert str(caught.value) == hint


def test_guesses_stand_beside_what_came_out(capsys):
    compare_guesses({"modes": 5}, {"modes": 8, "first": "away"})
    assert capsys.readouterr().out.splitlines() == [
        "       your guess  it was",
        "modes  5           8",
        "first  none yet    away",
    ]


def test_examples_of_the_docstrings():
    assert [doctest.testmod(module).failed for module in (answers, live, players, style)] == 4 * [0]


def a_figure(*_, **__):
    import matplotlib.pyplot as plt

    plt.figure(figsize=(1, 1))


@pytest.fixture
def shown(monkeypatch):
    """What is displayed."""
    found = []
    monkeypatch.setattr("IPython.display.display", found.append)
    return found


def frames(page):
    return json.loads(re.search(r"frames = (\[.*?\]),", page)[1])


def test_a_film_has_a_frame_for_each_moment(shown):
    drawn = []
    show_film(lambda moment: (drawn.append(moment), a_figure()), [0, 10, 20], label="round", alt="Points <move>.")
    page = shown[0].data
    assert drawn == [0, 10, 20]
    assert len(frames(page)) == 3
    assert frames(page)[0] == ""  # it is in the page already, as the picture that is seen first
    assert 'sliders = [["0", "10", "20"]]' in page
    assert 'max="2"' in page
    assert "Play</button>" in page
    assert 'alt="Points &lt;move&gt;."' in page
    picture = Image.open(io.BytesIO(base64.b64decode(frames(page)[1].split(",")[1])))
    assert picture.size == (90, 90)
    assert not re.search(r"https?:", page)


def test_without_a_kernel_sliders_move_over_frames(shown, monkeypatch):
    monkeypatch.setattr(players, "STATIC", True)
    seen = []
    interactive_plot(lambda a, b: (seen.append((a, b)), a_figure()), stops=3, a=(0, 2, 0.3), b=(0, 5, 5))
    assert seen == list(itertools.product((0, 0.3, 2), (0, 2, 5)))  # the ends and integers stay
    page = shown[0].data
    assert 'sliders = [["0", "0.3", "2"], ["0", "2", "5"]]' in page
    assert re.findall(r'value="(\d)"', page) == ["1", "2"]
    assert "<button" not in page


def test_a_live_plot_without_a_kernel_is_a_film_of_the_training(shown, monkeypatch):
    monkeypatch.setattr("minigan.notebook.live.STATIC", True)
    seen = []
    live_plot(
        lambda: {"steps": 0},
        lambda game, rate: game.update(steps=game["steps"] + rate),
        lambda game: (seen.append(game["steps"]), a_figure()),
        alt="",
        ticks=3,
        every=5,
        rate=(0, 4, 2),
    )
    assert seen == [0, 10, 20]
    assert 'sliders = [["0", "5", "10"]]' in shown[0].data


def test_the_page_of_the_game_stands_in_a_frame(shown):
    play_game(data="grid")
    play_game(data="ring")
    (server,) = play.servers
    try:
        first, _, second, link = shown
        assert second.src == server.url != first.src
        assert f'href="{server.url}"' in link.data
        with pytest.raises(OSError, match="refused"):
            urllib.request.urlopen(first.src)
        with urllib.request.urlopen(server.url) as answer:
            assert "frame-ancestors http://localhost:*" in answer.headers["Content-Security-Policy"]
    finally:
        play.servers.pop().close()


def test_the_game_needs_a_kernel(shown, monkeypatch, capsys):
    monkeypatch.setattr(play, "STATIC", True)
    play_game()
    assert not shown
    assert "minigan play" in capsys.readouterr().out


class Widget(types.SimpleNamespace):
    """What `live_plot` uses of ipywidgets: values that are observed or linked, and buttons that are clicked."""

    def __setattr__(self, name, value):
        super().__setattr__(name, value)
        if name == "value" and hasattr(self, "linked"):
            self.linked.value = value

    def observe(self, heard, name):
        self.heard = heard

    def on_click(self, heard):
        self.click = lambda: heard(self)

    def become(self, value):
        self.value = value
        self.heard({"new": value})


@pytest.fixture
def widgets(monkeypatch, shown):
    """A stand-in of ipywidgets; its sliders and buttons are kept by their description, the others by their kind."""
    kept = {}

    def kind(name):
        def make(children=(), **options):
            widget = Widget(**{"children": children, "value": False} | options)
            kept[options.get("description", name)] = widget
            return widget

        return make

    module = types.ModuleType("ipywidgets")
    for name in ("FloatSlider", "ToggleButton", "Button", "Image", "IntText", "Label", "HBox", "VBox"):
        setattr(module, name, kind(name))

    def link(source, target):
        kept["page"] = source[0]
        source[0].linked = target[0]

    module.jsdlink = link
    monkeypatch.setitem(sys.modules, "ipywidgets", module)
    return kept


def test_a_live_plot_hears_its_sliders_while_it_trains(widgets):
    """As in a browser: Play, then a slider moves, then Pause, Step and Restart."""
    heard, drawn = [], []

    async def read():
        live_plot(
            lambda: {"steps": 0},
            lambda game, rate: (heard.append(rate), game.update(steps=game["steps"] + 1)),
            lambda game: (drawn.append(game["steps"]), a_figure()),
            alt="",
            rate=(0.02, 1.02, 0.2),
        )
        play, rate = widgets["Play"], widgets["rate"]
        assert widgets["Image"].value.startswith(b"\x89PNG")
        play.become(True)
        while len(heard) < 3:
            await asyncio.sleep(0.01)
        rate.value = 0.8
        while heard[-1] != 0.8:
            await asyncio.sleep(0.01)
        play.become(False)
        await asyncio.sleep(0.1)
        played = len(drawn)
        await asyncio.sleep(0.1)
        assert len(drawn) == played
        widgets["Step"].click()
        assert drawn[-1] == drawn[-2] + 1
        widgets["Restart"].click()
        assert drawn[-1] == 0

    asyncio.run(asyncio.wait_for(read(), timeout=60))
    assert heard[0] == 0.2


def test_a_live_plot_waits_for_its_page(widgets):
    """A page that was closed answers no more; the pictures made for it would fill the memory."""
    steps = []

    async def read():
        live_plot(dict, lambda game: steps.append(1), a_figure, alt="")
        widgets["Play"].become(True)
        while len(steps) < 3:
            await asyncio.sleep(0.01)
        del widgets["page"].linked
        seen = len(steps)
        await asyncio.sleep(0.3)
        assert len(steps) <= seen + 1
        widgets["Play"].become(False)

    asyncio.run(asyncio.wait_for(read(), timeout=60))


def test_a_live_plot_ends_that_of_the_same_cell(widgets):
    async def read():
        live_plot(dict, lambda game: None, a_figure, alt="Points.")
        old = widgets["Play"]
        old.become(True)
        live_plot(dict, lambda game: None, a_figure, alt="Others.")
        assert old.value
        live_plot(dict, lambda game: None, a_figure, alt="Points.")
        assert not old.value

    asyncio.run(asyncio.wait_for(read(), timeout=60))


def test_a_live_plot_shows_an_error_and_stops(widgets):
    def advance(game):
        raise ValueError("too fast")

    async def read():
        live_plot(dict, advance, a_figure, alt="")
        widgets["Play"].become(True)
        while widgets["Play"].value:
            await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(read(), timeout=60))
    assert widgets["Label"].value == "ValueError: too fast"


@pytest.mark.parametrize(
    ("least", "greatest", "first"), [(0, 3, 1), (-0.5, 0.9, 0), (0, 0.95, 0.5), (0.02, 1.02, 0.2), (0, 0.002, 0.0005)]
)
def test_first_values_are_places_of_a_slider(least, greatest, first):
    """A slider moves other values to its next place."""
    places = (first - least) / players.slider_step(greatest - least)
    assert abs(places - round(places)) < 1e-9
    assert (greatest - least) / players.slider_step(greatest - least) * (1 + 1e-9) >= 50


def test_without_ipywidgets_a_line_says_what_is_missing(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    drawn = []
    interactive_plot(lambda a: drawn.append(a), a=(0, 2, 0.5))
    live_plot(lambda: [], lambda game, rate: game.append(rate), drawn.append, alt="", ticks=2, every=2, rate=(0, 2, 1))
    assert drawn == [0.5, [1, 1, 1, 1]]
    assert capsys.readouterr().out.count("%pip install ipywidgets") == 2


def test_a_plot_makes_sliders(monkeypatch):
    calls = []
    widgets = types.ModuleType("ipywidgets")
    for name in ("FloatSlider", "IntSlider"):
        setattr(widgets, name, lambda kind=name, **options: {"kind": kind} | options)
    widgets.interact = lambda draw, **controls: calls.append(controls)
    monkeypatch.setitem(sys.modules, "ipywidgets", widgets)
    interactive_plot(lambda a, kernel: None, a=(0, 2, 0.5), kernel=(1, 7, 5))
    waits = {"continuous_update": False}
    place = {"kind": "FloatSlider", "value": 0.5, "min": 0, "max": 2, "step": 0.02, "readout_format": ".3g"}
    assert calls == [
        {"a": place | waits, "kernel": {"kind": "IntSlider", "value": 5, "min": 1, "max": 7} | waits},
    ]


def test_a_plot_makes_no_slider_for_a_default(monkeypatch):
    """ipywidgets makes a widget of every parameter that has a name and a default."""
    given, drawn = [], []
    widgets = types.ModuleType("ipywidgets")
    widgets.FloatSlider = lambda **options: options
    widgets.interact = lambda draw, **controls: given.append(draw)
    monkeypatch.setitem(sys.modules, "ipywidgets", widgets)
    interactive_plot(lambda a, n=14: drawn.append((a, n)), a=(0, 2, 0.5))
    assert [parameter.kind.name for parameter in inspect.signature(given[0]).parameters.values()] == ["VAR_KEYWORD"]
    given[0](a=1)
    assert drawn == [(1, 14)]


def test_source_is_that_of_the_package(shown):
    show_source(Dense.forward, Dense.jvp)
    assert shown[0].data.startswith("`minigan.layers.dense.Dense.forward`\n```python\ndef forward(self, x")
    assert shown[1].data.endswith("return x_dot @ self.w\n```")


def test_style_is_known_to_matplotlib():
    with matplotlib.rc_context():
        use_style()
        assert matplotlib.rcParams["figure.constrained_layout.use"]


def test_figures_that_hold_images_are_shown_as_pixels(shown):
    a_figure()
    show_pixels()
    assert Image.open(io.BytesIO(shown[0].data)).size == (100, 100)


# How eyes without one kind of cones mix linear red, green and blue: Machado, Oliveira & Fernandes 2009, severity 1.
EYES = {
    "all cones": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def least_distance(colours, matrix):
    seen = [simulate(colour, np.array(matrix)) for colour in colours]
    return min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2))


@pytest.mark.parametrize("eye", EYES)
def test_colours_can_be_told_apart(eye):
    """A difference of 2.3 is just seen. Green and red of matplotlib are the canary: they have 13 for some eyes."""
    assert least_distance(COLOURS.values(), EYES[eye]) > 25
    assert least_distance(LINES, EYES[eye]) > 20
    assert least_distance(OPINION, EYES[eye]) > 20
    assert min(least_distance(("#2ca02c", "#d62728"), matrix) for matrix in EYES.values()) < 20


def test_the_map_of_opinions_is_white_where_d_does_not_know():
    colours = opinion_map()
    assert colours(0.5)[:3] == (1.0, 1.0, 1.0)
    fake, real = np.array(colours(0.0)), np.array(colours(1.0))
    assert fake[0] > fake[2]
    assert real[2] > real[0]


def test_arrows_end_at_the_edges_of_shapes():
    sketch = Sketch(4, 2)
    left, right = sketch.box(1, 1, "a", width=1), sketch.circle(3, 1, "b", radius=0.2)
    assert left.edge(right) == (1.5, 1.0)
    assert right.edge(left) == (2.8, 1.0)
    sketch.arrow(left, right, "forward", shift=0.1)
    sketch.arrow(right, left, "back", back=True, shift=0.1)
    texts = {text.get_text(): text for text in sketch.axes.texts}
    assert {"a", "b", "forward", "back"} <= set(texts)
    assert texts["forward"].get_position()[1] > 1 > texts["back"].get_position()[1]
    assert texts["back"].get_color() == COLOURS["G"]


def test_a_sketch_is_saved_as_a_notebook_does_it():
    """Without a warning; the constrained layout of the style would give one."""
    with matplotlib.rc_context():
        use_style()
        sketch = Sketch(2, 1)
        sketch.box(1, 0.5, "a")
        for kind in ("svg", "png"):
            sketch.figure.canvas.print_figure(io.BytesIO(), format=kind, bbox_inches="tight")
