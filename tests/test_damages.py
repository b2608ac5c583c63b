"""Damaged sets: what each kind does to digits, and that both evaluators see all of them."""

import os
from pathlib import Path

import numpy as np
import pytest

from minigan import InputError
from minigan.datasets import mnist, mnist_5k
from minigan.metrics import damages, load_evaluator
from minigan.metrics.damages import DAMAGES, damaged, multiples, real_digits
from minigan.metrics.evaluator import EVALUATORS
from minigan.metrics.train_evaluator import LEARNED

REAL = Path(os.environ.get("MINIGAN_DATA") or "no folder is named")
needs_real_mnist = pytest.mark.skipif(
    not any((folder / f"{mnist.FILES[0]}.gz").is_file() for folder in (REAL, REAL / "mnist")),
    reason="the full MNIST is not here; MINIGAN_DATA names its folder",
)
DIGITS = mnist_5k()
SOME = ("noise", "blur", "means", "halves", "noise images")  # the last three are new to both evaluators
WITHIN = 3  # neither evaluator charges less than a third of what the other one charges
EXCEPT = {("thick", 1)}  # the thickest strokes: `three-convolutions` learned them, and charges five times as much


def draw(kind, amount, n=200, seed=3):
    return damaged(DIGITS.images[:n], DIGITS.labels[:n], kind, amount, rng=np.random.default_rng(seed))


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_kind_is_a_pure_function(kind):
    images, labels = DIGITS.images[:200].copy(), DIGITS.labels[:200].copy()
    amounts = DAMAGES[kind].amounts
    assert 0 < amounts[0] < amounts[1] < amounts[2]
    for amount in amounts:
        found = damaged(images, labels, kind, amount, rng=np.random.default_rng(3))
        assert found.shape == images.shape
        assert found.dtype == np.uint8
        np.testing.assert_array_equal(found, draw(kind, amount))
        assert (found != images).any()
    np.testing.assert_array_equal(images, DIGITS.images[:200])
    np.testing.assert_array_equal(labels, DIGITS.labels[:200])


@pytest.mark.parametrize("kind", DAMAGES)
def test_no_amount_changes_nothing(kind):
    np.testing.assert_array_equal(draw(kind, 0), DIGITS.images[:200])


def test_kinds_by_hand():
    dot = np.zeros((1, 28, 28), np.uint8)
    dot[0, 10, 10] = 200

    def one(kind, amount, image=dot):
        return damaged(image, np.array([5]), kind, amount, rng=np.random.default_rng(0))[0]

    np.testing.assert_array_equal(one("blur", 1)[9:12, 9:12], np.rint(200 * np.outer([1, 2, 1], [1, 2, 1]) / 16))
    np.testing.assert_array_equal(np.argwhere(one("thick", 1)), np.argwhere(np.ones((3, 3))) + 9)
    assert not one("thin", 1).any()
    assert one("faint", 0.25).sum() == 150
    assert set(np.unique(one("background", 0.2))) == {51, 211}
    assert sorted(np.abs(np.argwhere(one("shift", 3))[0] - 10)) == [0, 3]
    assert one("ghost", 0.5)[10, 14] == 100
    assert one("ghost", 0.5)[10, 10] == 200
    np.testing.assert_array_equal(np.argwhere(one("stripes", 0.1)[:, 0])[:, 0], np.arange(0, 28, 4))
    full = np.full((1, 28, 28), 255, np.uint8)
    assert (one("hole", 5, full) == 0).sum() == 25
    assert (one("blocks", 1)[10:12, 10:12] == 50).all()


def test_turned_smaller_and_waved():
    bar = np.zeros((200, 28, 28), np.uint8)
    bar[:, 4:24, 13:15] = 255

    def some(kind, amount, images=bar):
        return damaged(images, np.zeros(len(images), int), kind, amount, rng=np.random.default_rng(0))

    turned = damaged(bar, np.zeros(200, int), "rotation", 30, rng=np.random.default_rng(0))
    ways = np.unique(turned, axis=0)
    assert len(ways) == 2
    np.testing.assert_allclose(ways[0], ways[1][:, ::-1].astype(float), rtol=0, atol=1)  # to the left, to the right
    right = np.arange(28) @ turned[:, 6].T.astype(float) / turned[:, 6].sum(axis=1)  # where the bar crosses row 6
    np.testing.assert_allclose(np.abs(right - 13.5), 7.5 * np.tan(np.pi / 6), rtol=0, atol=0.1)
    assert (some("smaller", 0.3) > 127)[0].any(axis=1).sum() == 14
    waved = some("waves", 2)
    middle = (np.arange(28) * waved[:, 4:24]).sum(axis=2) / waved[:, 4:24].sum(axis=2)
    assert 1.9 < np.abs(middle - 13.5).max() < 2.01


@pytest.mark.parametrize(
    ("kind", "amount", "share"),
    [("salt", 0.03, 0.03), ("noise images", 0.1, 0.1), ("black images", 0.1, 0.1), ("repeats", 0.1, 0.1)],
)
def test_the_amount_is_a_share(kind, amount, share):
    found = draw(kind, amount, n=2000)
    images = DIGITS.images[:2000]
    changed = (found != images)[images == 0].mean() if kind == "salt" else (found != images).any(axis=(1, 2)).mean()
    assert changed == pytest.approx(share, rel=0.15)


def test_sets():
    images, labels = DIGITS.images[:1000], DIGITS.labels[:1000]
    without = draw("missing class", 1, n=1000)
    same = (without == images).all(axis=(1, 2))
    np.testing.assert_array_equal(same, labels != 5)
    whole = {image.tobytes() for image in images[labels != 5]}
    assert all(image.tobytes() in whole for image in without)
    assert len(np.unique(draw("repeats", 0.1, n=1000), axis=0)) < 920
    np.testing.assert_array_equal(draw("mirrored", 1, n=1000), images[..., ::-1])
    joined = draw("halves", 1, n=1000)
    np.testing.assert_array_equal(joined[..., :14], images[..., :14])
    rights = {image.tobytes() for image in images[..., 14:]}
    assert all(image.tobytes() in rights for image in joined[..., 14:])
    mixed = draw("means", 0.4, n=1000).astype(float) - 0.6 * images
    assert abs(mixed.sum() / images.sum() - 0.4) < 0.01


@pytest.mark.parametrize(
    ("kind", "amount", "words"),
    [
        ("rust", 1, "kind: expected one of noise, .*, got 'rust'"),
        ("noise", 0.5, "amount: expected a number from 0 to 0.4 for noise, got 0.5"),
        ("noise", float("nan"), "amount: expected a number from 0 to 0.4 for noise, got nan"),
        ("blur", 1.5, "amount: expected an integer from 0 to 4 for blur, got 1.5"),
        ("blur", -1, "amount: expected an integer from 0 to 4 for blur, got -1"),
    ],
)
def test_refuses(kind, amount, words):
    with pytest.raises(InputError, match=words):
        draw(kind, amount)


# what the evaluators see


def check(found):
    """Hold that more damage costs more, and that neither evaluator overlooks what the other one clearly sees."""
    for name, each in found.items():
        for kind in dict.fromkeys(kind for kind, _ in each):
            costs = [1, *(each[kind, amount] for amount in DAMAGES[kind].amounts)]
            assert costs == sorted(costs), (name, kind, costs)
    first, second = found.values()
    for key in first:
        low, high = sorted((first[key], second[key]))
        assert high < 3 or low > high / WITHIN or (key in EXCEPT and low > 10), (key, low, high)


def test_some_damages_are_seen():
    digits = DIGITS.images[:1000], DIGITS.labels[:1000]
    check({name: multiples(load_evaluator(name), *digits, chosen=SOME) for name in EVALUATORS})


@needs_real_mnist
def test_every_damage_is_seen():
    digits = real_digits(2000)
    check({name: multiples(load_evaluator(name), *digits, chosen=DAMAGES) for name in EVALUATORS})


def test_kinds_that_no_evaluator_learned():
    first, second = (set(kinds) for kinds in LEARNED.values())
    assert first & second == {"noise", "background"}
    new = set(DAMAGES) - first - second
    others = {"mirrored", "missing class", "repeats", "noise images", "black images"}
    assert new == {"checkerboard", "faint", "shift", "ghost", "means", "halves", *others}
    assert len(set(SOME) & new) == 3


def test_the_command_prints_a_table(monkeypatch, capsys):
    digits = DIGITS.images[:200], DIGITS.labels[:200]
    monkeypatch.setattr(damages, "real_digits", lambda n: digits)
    monkeypatch.setattr(damages, "DAMAGES", {kind: DAMAGES[kind] for kind in ("faint", "blur")})
    damages.main()
    head, rule, first, second = capsys.readouterr().out.splitlines()
    assert head == "| damage | amounts | three-convolutions | two-convolutions |"
    assert rule == "|---|---|---|---|"
    assert first.startswith("| faint | 0.1, 0.2, 0.4 (share of the ink) | ")
    costs = multiples(load_evaluator(EVALUATORS[1]), *digits, chosen=["blur"])
    assert second.endswith(f" | {', '.join(f'{cost:.1f}' for cost in costs.values())} |")
