"""Checks of the exercises of chapter 19: five recipes, audited."""

from collections.abc import Mapping

import numpy as np

from minigan.notebook import expect, number, numbers

FAULTS = ("sign", "logits", "shape", "range", "pairing", "nothing")
RECIPES = dict(zip("abcdef", ("logits", "range", "sign", "nothing", "shape", "nothing"), strict=True))
HINTS = {  # for a recipe and a wrong diagnosis of it
    ("a", "sign"): "a: each player pushes the right way; but softplus wants s, and what does it get?",
    ("a", "range"): "a: nothing is said about pixels; what range has the number that softplus gets?",
    ("a", "nothing"): "a: can this D ever make its loss on fakes small? See (19.12)",
    ("b", "nothing"): "b: which pixels can a sigmoid never reach?",
    ("b", "logits"): "b: this sigmoid ends G, not D; compare its values with the pixels of the data",
    ("c", "nothing"): "c: which way does D push the logit of a fake, and which way does G?",
    ("c", "logits"): "c: D ends in Dense 1, so s is a logit; look at the directions instead",
    ("d", "sign"): "d: put D' = 1 - D into all three losses, as in (19.3), and look again",
    ("d", "logits"): "d: the losses are written in probabilities, with logarithms of their own; that is consistent",
    ("e", "nothing"): "e: follow the height through the two strides, from 8",
    ("e", "range"): "e: a tanh fits pixels in [-1, 1]; follow the height instead",
    ("f", "pairing"): "f: where does G's input come from, and where does x? Would a shuffle change the term?",
    ("f", "sign"): "f: G wants its logit up, and the term small; both are as they should be",
}


def check_1(answer):
    """The faults of six short recipes."""
    if isinstance(answer, Mapping):
        named = {str(key).strip(" .").lower(): word for key, word in answer.items()}
        answer = [named.get(letter) for letter in RECIPES]
    expect(not isinstance(answer, str), "give a list of six words, one for each recipe")
    words = [str(word).strip().lower() for word in np.ravel(np.asarray(list(answer), dtype=object))]
    expect(len(words) == 6, f"there are six recipes, and the answer has {len(words)} words")
    for letter, word in zip(RECIPES, words, strict=True):
        expect(word in FAULTS, f"{letter}: {word!r} is none of the six words")
    for (letter, right), word in zip(RECIPES.items(), words, strict=True):
        hint = HINTS.get((letter, word), f"{letter}: it is not {word!r}; go through the eight questions once more")
        expect(word == right, hint)


def check_2(answer):
    """The units in front of two strides of 2, for 64 x 64 pixels and 256 channels."""
    units = number(answer)
    expect(units != 7 * 7 * 256, "that is for 28 x 28: two strides of 2 would give 28, not 64")
    expect(units != 32 * 32 * 256, "that leaves room for one stride of 2 only")
    expect(units != 64 * 64 * 256, "the strides make the image larger: it starts smaller than 64")
    expect(units != 64 * 64, "that counts pixels at the end; count pixels and channels at the reshape")
    expect(units != 16 * 16, "each of these pixels has 256 channels")
    expect(units != 8 * 8 * 256, "from 8, two strides of 2 reach only 32")
    expect(units == 16 * 16 * 256, "(19.6) backwards from 64, then height times width times channels")


def check_3(answer):
    """The greatest pull of the squared error of a probability."""
    where, size = numbers(answer, 2)
    expect(not (np.isclose(where, 0, atol=1e-9) and np.isclose(size, 2)), "2 (1 - D) is the slope in D; G pulls at s")
    expect(not np.isclose(where, 1 / 2, atol=1e-6), "1/2 is the top of D (1 - D); here 1 - D is squared")
    expect(np.isclose(where, 1 / 3, atol=2e-3), "set the derivative of (1 - D)^2 D in D to 0, and leave out D = 1")
    expect(not np.isclose(size, 4 / 27, atol=2e-3), "D is right; in the size the factor 2 of the square is missing")
    expect(size > 0, "D is right; the size is asked for, not the sign")
    expect(np.isclose(size, 8 / 27, atol=2e-3), "D is right; put it into (19.8)")


def check_4(answer):
    """The floor of the cross-entropy on a tanh."""
    floor = number(answer)
    expect(abs(floor) > 1e-6, "0 would need a logit without bound, and a tanh ends at 1")
    expect(
        not np.isclose(floor, np.log1p(np.exp(-1)) + np.log(2), atol=2e-3), "that is the sigmoid's; a tanh can be -1"
    )
    expect(not np.isclose(floor, np.log1p(np.exp(-1)), atol=2e-3), "that is one half: D pays for real and for fake")
    expect(
        not np.isclose(floor, 2 * np.log(2), atol=2e-3), "that is what a D pays that always says 0; it can do better"
    )
    expect(
        not np.isclose(floor, 2 * np.log1p(np.exp(1)), atol=2e-2), "that is the worst D: which sign suits which label?"
    )
    expect(np.isclose(floor, 2 * np.log1p(np.exp(-1)), atol=2e-3), "put the best output for each label into softplus")


def check_5(answer):
    """The constant image with the least absolute error."""
    images = np.random.default_rng(0).exponential(size=(41, 6)) * np.arange(1, 7)
    found = np.asarray(answer(images), dtype=float)
    expect(found.size != 1, "each pixel is a problem of its own, and the result has P pixels")
    expect(found.size == 6, f"the result should have the shape (6,) for images (41, 6), and it has {found.shape}")
    found = found.ravel()
    expect(
        not np.allclose(found, images.mean(axis=0)), "the mean is least for squares; what is the slope of |g - x| in g?"
    )
    middle = (images.min(axis=0) + images.max(axis=0)) / 2
    expect(not np.allclose(found, middle), "that is least for the largest error, not for the mean of all errors")
    best = np.abs(np.median(images, axis=0) - images).mean(axis=0)
    mine = np.abs(found - images).mean(axis=0)
    expect(np.allclose(mine, best, rtol=1e-6), "the slope is a count: as many images above as below")


def check_6(answer):
    """The shuffle test."""
    draws = np.random.default_rng(1)
    offset = 5.0 * np.arange(8)
    x_real = draws.standard_normal((60, 8)) + offset
    unrelated, related = draws.standard_normal((60, 8)) + offset, x_real + 0.1 * draws.standard_normal((60, 8))

    def term(a, b):
        return float(((np.asarray(a) - np.asarray(b)) ** 2).mean())

    def ratio_for(made):
        return number(answer(term, made.copy(), x_real.copy(), np.random.default_rng(2)))

    expect(ratio_for(unrelated) < 3, "shuffle samples, not their pixels")
    ratio = ratio_for(related)
    expect(not 0.8 < ratio < 1.2, "related pairs give about 1: were both arrays shuffled alike, or not at all?")
    expect(ratio > 1, "the other way round: shuffled divided by given")
    expect(ratio < 1000, "divide by the term of the given pairs, and take the mean of the 20 shuffles, not their sum")
    expect(50 < ratio < 1000, "for related pairs the ratio should be large: are the pairs really shuffled?")
    expect(0.8 < ratio_for(unrelated) < 1.2, "for unrelated pairs the ratio should be near 1")


def check_7(answer):
    """D's loss of recipe 4 with the right sign, for all logits."""
    draws = np.random.default_rng(3)
    s_real, s_fake = 2 * draws.standard_normal((5, 1)), 2 * draws.standard_normal((3, 1))
    right = np.logaddexp(0, -s_real).mean() + np.logaddexp(0, s_fake).mean()
    found = answer(s_real, s_fake)
    expect(isinstance(found, tuple | list) and len(found) == 3, "return three things: L_D, ds_real and ds_fake")
    loss, ds_real, ds_fake = found
    loss = number(loss)
    expect(not np.isclose(loss, -right), "L_D is negative: D climbs V, so it minimises -V")
    total = np.logaddexp(0, -s_real).sum() + np.logaddexp(0, s_fake).sum()
    expect(not np.isclose(loss, total), "a mean over the batch, not a sum (question 7)")
    expect(np.isclose(loss, right), "L_D = -mean log sigmoid(s_real) - mean log(1 - sigmoid(s_fake))")
    expect(np.shape(ds_real) == (5, 1) and np.shape(ds_fake) == (3, 1), "each gradient has the shape of its logits")
    grads = -1 / (1 + np.exp(s_real)) / 5, 1 / (1 + np.exp(-s_fake)) / 3
    expect(not np.allclose(ds_real, 5 * grads[0]), "the gradients, too, are those of a mean: what divides them?")
    expect(not np.allclose(ds_real, -grads[0]), "the gradient of the real logits points the wrong way")
    expect(not np.allclose(ds_fake, -grads[1]), "the gradient of the fake logits points the wrong way")
    expect(
        np.allclose(ds_real, grads[0]) and np.allclose(ds_fake, grads[1]), "the gradients are not those of this loss"
    )
    with np.errstate(all="ignore"):
        loss, ds_real, ds_fake = answer(np.array([[-1000.0]]), np.array([[1000.0]]))
    expect(
        np.isfinite(number(loss)), "right for small logits; for 1000 the logarithm of a sigmoid is -inf (chapter 03)"
    )
    expect(np.isclose(number(loss), 2000), "for logits of 1000 that are wrong, the loss should be 2000: is it clipped?")
    expect(
        np.isclose(number(ds_real), -1) and np.isclose(number(ds_fake), 1), "for logits of 1000 the slopes are -1 and 1"
    )
