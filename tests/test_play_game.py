"""The game that is played is the package's: the same steps to the bit, also after changes; settings are checked."""

import base64
import dataclasses

import numpy as np
import pytest

import minigan
from minigan import InputError
from minigan.datasets import Points
from minigan.objectives import OBJECTIVES
from minigan.objectives.codes import draw_noise
from minigan.objectives.penalties import PENALTIES
from minigan.play.game import ARROWS, POINTS, Game
from minigan.play.games import MOST_GAMES, Games
from minigan.play.settings import MOST_BATCH, MOST_PACKING, VIEW, Settings, find_data, read_points, read_settings
from minigan.training.steps import generator_step
from minigan.training.trainer import Trainer

DRAWING = [[0.5, 0.25], [-1.0, 0.0], [0.0, 1.25]]
NAME = "a-random-name"


def play(game, rounds):
    """Play without a limit of time."""
    answer = game.advance(rounds, patience=60)
    assert answer["round"] == game.rounds
    return answer


def weights(game):
    return game.trainer.generator.theta.copy(), game.trainer.discriminator.theta.copy()


def same(first, second):
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


# the steps


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"data": "grid", "discriminator_steps": 2, "batch_size": 32, "seed": 3},
        {"objective": "wasserstein"},  # which clips the weights of D
        {"penalty": "wgan-gp", "penalty_weight": 3.0, "packing": 1, "generator_learning_rate": 3e-4},
    ],
)
def test_rounds_are_the_steps_of_a_run(changes):
    settings = Settings(**changes)
    game = Game(settings)
    for rounds in (1, 0, 5, 4):
        play(game, rounds)
    options = {name: value for name, value in dataclasses.asdict(settings).items() if name != "generator_steps"}
    if (weight := options.pop("penalty_weight")) and settings.penalty != "none":
        options["penalty"] += f":weight={weight}"
    run = minigan.train(model="points", steps=10, average_decay=0.0, quiet=True, device="cpu", **options)
    assert same(weights(game), (run.generator.theta, run.discriminator.theta))


def test_more_steps_of_the_generator():
    game = Game(Settings(generator_steps=3))
    play(game, 4)
    trainer = Trainer(Settings().resolve(), game.data)
    for _ in range(4):
        trainer.step()
        for _ in range(2):
            z = draw_noise(trainer.streams["noise"], 64, 2, "cpu")
            generator_step(trainer.game, *trainer.generator.forward(z, train=True, rng=None))
    assert same(weights(game), (trainer.generator.theta, trainer.discriminator.theta))


def test_a_change_and_back_leaves_no_trace():
    """Whatever was changed and changed back between two rounds, the game goes on as if nothing had happened."""
    settings = Settings()
    game, other = Game(settings), Game(settings)
    for each in (game, other):
        play(each, 3)
    changed = Settings(
        objective="wasserstein",
        penalty="r1",
        penalty_weight=5.0,
        discriminator_learning_rate=0.1,
        generator_learning_rate=0.1,
        discriminator_steps=4,
        generator_steps=3,
        batch_size=32,
    )
    other.change(changed)
    play(other, 0)
    other.change(settings)
    for each in (game, other):
        play(each, 3)
    assert same(weights(game), weights(other))


@pytest.mark.parametrize(
    "changes",
    [
        {"objective": "minimax"},
        {"penalty": "r1"},
        {"discriminator_learning_rate": 2e-3},
        {"generator_learning_rate": 2e-3},
        {"discriminator_steps": 2},
        {"generator_steps": 2},
        {"batch_size": 32},
        {"data": "grid"},
    ],
)
def test_a_change_works_from_the_next_round_on_and_keeps_the_networks(changes):
    game, other = Game(Settings()), Game(Settings())
    for each in (game, other):
        play(each, 2)
    before = weights(other)
    other.change(Settings(**changes))
    assert same(weights(other), before)
    for each in (game, other):
        play(each, 1)
    assert not same(weights(game), weights(other))
    assert other.rounds == 3


def test_a_changed_game_is_a_game_with_these_settings():
    """Before the first round nothing of the old settings is left."""
    changed = {"objective": "hinge", "penalty": "r2", "discriminator_learning_rate": 2e-3, "batch_size": 16}
    game, other = Game(Settings(**changed)), Game(Settings())
    other.change(Settings(**changed))
    for each in (game, other):
        play(each, 3)
    assert same(weights(game), weights(other))
    assert game.trainer.config == other.trainer.config


def test_the_clip_comes_and_goes_with_wasserstein():
    game = Game(Settings())
    game.change(Settings(objective="wasserstein"))
    play(game, 1)
    assert np.abs(game.trainer.discriminator.theta).max() <= np.float32(0.01)
    game.change(Settings(objective="wasserstein", penalty="wgan-gp"))
    play(game, 20)
    assert np.abs(game.trainer.discriminator.theta).max() > 0.01


def test_networks_that_do_not_fit_are_refused():
    game = Game(Settings())
    for changes in ({"packing": 1}, {"seed": 1}):
        assert Settings(**changes).needs_new_networks(game.settings)
        with pytest.raises(InputError, match="packing, seed: expected those of the game"):
            game.change(Settings(**changes))


# drawn data


def test_drawn_data():
    points = read_points(DRAWING)
    game = Game(Settings(data="drawn"), points)
    assert isinstance(game.data, Points)
    assert len(game.data) >= MOST_BATCH
    assert {tuple(each) for each in game.trainer.batches.next().tolist()} == {tuple(each) for each in points.tolist()}
    answer = play(game, 1)
    assert answer["modes"] is None
    assert answer["field"]["view"] == VIEW
    game.change(Settings(data="drawn"), read_points([[0.125, 0.125]]))
    assert (game.trainer.batches.next() == 0.125).all()
    game.change(Settings(data="ring"))
    game.change(Settings(data="drawn"))
    assert (game.trainer.batches.next() == 0.125).all()  # it is still known


def test_the_generator_moves_to_the_drawing():
    cloud = np.random.default_rng(0).normal((0.6, -0.5), 0.05, (200, 2)).round(3).tolist()
    game = Game(Settings(data="drawn"), read_points(cloud))
    play(game, 400)
    points = game.trainer.generator.forward(game.z, train=False)[0]
    assert np.linalg.norm(np.median(points, axis=0) - (0.6, -0.5)) < 0.25


def test_nothing_drawn():
    with pytest.raises(InputError, match="points: expected some for data 'drawn', got none"):
        Game(Settings(data="drawn"))
    game = Game(Settings())
    with pytest.raises(InputError, match="points: expected some"):
        game.change(Settings(data="drawn", objective="hinge"))
    assert game.settings == Settings()
    assert game.trainer.config.objective == "non-saturating"  # the game is as it was


# the picture


def floats(text):
    return np.frombuffer(base64.b64decode(text), "<f4").reshape(-1, 2)


@pytest.mark.parametrize("packing", [1, 2])
def test_what_a_picture_holds(packing):
    game = Game(Settings(packing=packing, objective="minimax"))
    answer = play(game, 3)
    assert answer["diverged"] is None
    assert answer["ms"] > 0
    assert 0 < answer["d_fake"] < 1
    assert answer["modes"]["modes"] == 8
    assert floats(answer["real"]).shape == (POINTS, 2)
    assert np.isin(floats(answer["real"]), game.data.samples).all()
    generator, discriminator = game.trainer.generator, game.trainer.discriminator
    points = generator.forward(game.z, train=False)[0]
    (field,) = answer["field"]["fields"]
    shown = np.frombuffer(base64.b64decode(field["points"]), "<i2").reshape(-1, 2) * answer["field"]["unit"]
    edge = 4 * answer["field"]["view"]  # points further out are not in the picture
    np.testing.assert_allclose(shown, np.clip(points, -edge, edge), atol=answer["field"]["unit"])

    # the push, by differences: each pack has a loss of its own
    push = floats(answer["push"])
    assert push.shape == (ARROWS, 2)

    def losses(x):
        return OBJECTIVES["minimax"].generator_loss(discriminator.forward(x, train=False)[0].astype(np.float64))[0]

    x, step, rng = points[:ARROWS], 1e-3, np.random.default_rng(0)
    direction = rng.standard_normal(x.shape).astype(np.float32)
    slope = (losses(x + step * direction) - losses(x - step * direction))[:, 0] / (2 * step)
    expected = -(push * direction).sum(axis=1).reshape(-1, packing).sum(axis=1)
    wrong = np.abs(slope - expected) > 0.02 * np.abs(expected) + 1e-3
    assert wrong.mean() < 0.1  # where no kink of a LeakyReLU lies between


def test_every_packing_divides_the_arrows():
    assert all(ARROWS % packing == 0 for packing in range(1, MOST_PACKING + 1))


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("penalty", ["none", *PENALTIES])
def test_every_objective_with_every_penalty(objective, penalty):
    answer = play(Game(Settings(objective=objective, penalty=penalty)), 1)
    assert answer["diverged"] is None
    assert np.isfinite(answer["d_loss"] + answer["g_loss"])


def test_a_request_ends_in_time():
    game = Game(Settings())
    answer = game.advance(200, patience=0.02)
    assert 1 <= answer["round"] < 200


def test_a_diverged_game_stands_still():
    game = Game(Settings(discriminator_learning_rate=1e30, generator_learning_rate=1e30))
    answer = play(game, 50)
    assert 1 <= answer["round"] < 50
    assert answer["diverged"].startswith(f"In round {answer['round']} a number became too large")
    assert play(game, 50) == answer
    game.change(Settings())
    assert play(game, 5) == answer


def test_weights_that_are_lost_in_the_last_round_are_seen():
    game = Game(Settings())
    game.trainer.generator.theta[...] = np.nan
    game.trainer.generator.version += 1
    assert game.advance(0)["diverged"].startswith("In round 0 ")


# settings


def test_settings_from_json():
    assert read_settings({}) == Settings()
    assert read_settings({"data": "grid", "penalty_weight": 3}) == Settings(data="grid", penalty_weight=3.0)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([], r"settings: expected an object, got \[\]"),
        ({"x": 1}, "settings: expected names out of data, objective, .* got 'x'"),
        ({"data": "dirac"}, "data: expected one of ring, grid, drawn, got 'dirac'"),
        ({"data": "../etc"}, "data: expected one of"),
        ({"objective": "elbo"}, "objective: expected one of non-saturating, .* got 'elbo'"),
        ({"penalty": "r1:weight=2"}, "penalty: expected one of none, r1, .* got 'r1:weight=2'"),
        ({"penalty_weight": 0}, "penalty_weight: expected a positive number, got 0"),
        ({"generator_learning_rate": float("nan")}, "generator_learning_rate: expected a positive number, got nan"),
        ({"discriminator_learning_rate": "1"}, "discriminator_learning_rate: expected a positive number, got '1'"),
        ({"discriminator_steps": 11}, "discriminator_steps: expected an integer from 1 to 10, got 11"),
        ({"generator_steps": True}, "generator_steps: expected an integer from 1 to 10, got True"),
        ({"batch_size": 10**9}, "batch_size: expected an integer from 2 to 512"),
        ({"batch_size": 63}, "packing: expected a divisor of the batch size 63, got 2"),
        ({"seed": -1}, "seed: expected an integer of at least 0, got -1"),
    ],
)
def test_settings_that_do_not_fit(value, said):
    with pytest.raises(InputError, match=said):
        read_settings(value)


@pytest.mark.parametrize(
    "value",
    [
        [], {}, None, "ab", [1, 2], [[1]], [[1, 2, 3]], [[0, 0], [1]], [[0, "1"]], [[0, None]], [[0, 1.26]], [[[0, 0]]],
        [[0, float("nan")]], [[0, float("inf")]], [[0, 10**400]], [[True, False]], [[0, 0]] * 4001,
    ],
)  # fmt: skip
def test_points_that_do_not_fit(value):
    with pytest.raises(InputError, match=r"points: expected 1 to 4000 pairs of numbers from -1.25 to 1.25, got "):
        read_points(value)


def test_points():
    found = read_points([[0, 1], [-1.25, 1.25]])
    assert found.dtype == np.float32
    assert found.tolist() == [[0, 1], [-1.25, 1.25]]
    assert len(find_data(Settings(data="drawn"), found)) == MOST_BATCH


# the games of several pages


def test_each_page_has_its_game():
    games = Games()
    for name in ("page-one", "page-two"):
        assert games.reset({"game": name, "settings": {}})["round"] == 0
    asked = {"game": "page-one", "settings": {}, "rounds": 2}
    assert games.advance(asked)["round"] == 2
    assert games.advance({**asked, "game": "page-two"})["round"] == 2
    assert games.advance({**asked, "settings": {"objective": "hinge"}})["round"] == 4
    assert games.advance({**asked, "settings": {"seed": 1}})["round"] == 2  # a new game
    assert games.reset({"game": "page-one", "settings": {"seed": 1}})["round"] == 0


def test_a_new_game_keeps_the_drawing():
    games = Games()
    games.reset({"game": NAME, "settings": {"data": "drawn"}, "points": DRAWING})
    games.advance({"game": NAME, "settings": {"data": "drawn", "seed": 1}, "rounds": 1})
    assert games.games[NAME].points.tolist() == DRAWING


def test_the_game_that_waited_the_longest_is_forgotten():
    games = Games()
    names = [f"page-number-{i}" for i in range(MOST_GAMES + 1)]
    for name in names[:-1]:
        games.reset({"game": name, "settings": {}})
    games.advance({"game": names[0], "settings": {}, "rounds": 0})
    games.reset({"game": names[-1], "settings": {}})
    assert set(games.games) == {names[0], *names[2:]}
    with pytest.raises(InputError, match="got one that is forgotten; press Reset"):
        games.advance({"game": names[1], "settings": {}, "rounds": 0})


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (None, "request: expected an object with game, rounds, settings, got None"),
        ({"game": NAME, "settings": {}}, "request: expected an object with game, rounds, settings"),
        ({"game": NAME, "settings": {}, "rounds": 1, "more": 1}, "request: expected an object"),
        ({"game": "short", "settings": {}, "rounds": 1}, "game: expected 8 to 64 letters and digits, got 'short'"),
        ({"game": ["a"], "settings": {}, "rounds": 1}, "game: expected 8 to 64 letters"),
        ({"game": NAME, "settings": {}, "rounds": 201}, "rounds: expected an integer from 0 to 200, got 201"),
        ({"game": NAME, "settings": {}, "rounds": 1.0}, "rounds: expected an integer"),
        ({"game": NAME, "settings": {}, "rounds": 1, "points": None}, "points: expected"),
    ],
)
def test_requests_that_do_not_fit(asked, said):
    with pytest.raises(InputError, match=said):
        Games().advance(asked)
