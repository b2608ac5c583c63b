"""Checks of the exercises of chapter 18: making it fast."""

import numpy as np

from minigan.notebook import expect, number, numbers


def check_1(answer):
    """The arithmetic intensity of a dense layer: 64 samples, 256 to 1,568 units."""
    found = number(answer)
    operations = 2 * 64 * 256 * 1568
    count = 64 * 256 + 256 * 1568 + 64 * 1568

    def near(value):
        return abs(found - value) < 0.02 * value

    expect(
        not near(operations / (4 * count) / 2),
        "half of it: a multiplication and its addition are two operations, and a number of float32 has 4 bytes",
    )
    expect(not near(operations / count), "that is operations per number; how many bytes has a number?")
    expect(not near(operations / (4 * (count - 256 * 1568))), "the weights must be read, too")
    expect(not near(operations / (4 * 256 * 1568)), "that is the limit for wide layers; here x and y count, too")
    expect(near(operations / (4 * count)), "(18.1) has both numbers: N = 64, C = 256, F = 1568")


def check_2(answer):
    """The ridge of 200 and 25, and the bound at intensity 2."""
    ridge, most = numbers(answer, 2)
    expect((ridge, most) != (50, 8), "the two are exchanged: the ridge comes first")
    expect(ridge != 25 / 200, "upside down: the ridge is in operations per byte")
    expect(ridge == 8, "at the ridge, P and B I are equal")
    expect(most != 200, "an intensity of 2 lies to the left of the ridge: which of the two limits holds there?")
    expect(most != 12.5, "each byte pays for two operations: times, not divided by")
    expect(most == 50, "(18.3) to the left of the ridge: B I")


def check_3(answer):
    """The number of real products on a circle."""
    first = number(answer(9, 9))
    expect(first != 81, "that counts every frequency once; a pair of conjugates needs more than two real products")
    expect(first != 1 + 4 * 40, "(18.9): a complex product needs fewer than four real ones")
    expect(first != 41, "one of each pair is kept, but its product is complex")
    expect(first == 121, "9 x 9: one frequency is its own conjugate, and the other 80 form pairs")
    expect(number(answer(8, 8)) != 1 + 3 * 63 / 2, "on an even circle, more frequencies than f = 0 have f = -f")
    expect(number(answer(8, 8)) != 2 + 3 * 62 / 2, "a pair (f, f') is its own conjugate if both of its parts are")
    expect(number(answer(8, 8)) == 94, "8 x 8: f is its own conjugate if 2 f is a multiple of 8, on each axis")
    expect(number(answer(8, 9)) == 2 + 3 * 35, "one length even, one odd: how many frequencies have f = -f then?")
    expect(number(answer(1, 7)) == 1 + 3 * 3, "a circle with one place has one frequency")


def check_4(answer):
    """How fast a part must become."""
    found = number(answer(0.5, 4 / 3))
    expect(abs(found - 8 / 3) > 1e-9, "the part does not have to gain the same share: solve (18.15) for c")
    expect(abs(found - 2) < 1e-9, "half of the time, 4/3 times as fast: 1 / (1/2 + 1/(2 c)) = 4/3")
    expect(abs(number(answer(1, 3)) - 3) < 1e-9, "if the part is everything, it must become `wanted` times as fast")
    expect(abs(number(answer(0.75, 2)) - 3) < 1e-9, "three quarters of the time, twice as fast")
    expect(number(answer(0.25, 2)) > 0, "a negative number of times? The part alone cannot do it")
    expect(np.isinf(number(answer(0.25, 2))), "a quarter of the time can never make a step twice as fast")
    expect(np.isinf(number(answer(0.5, 2))), "exactly at the limit, the part would have to take no time at all")


def check_5(answer):
    """Phases of a signal and of a kernel."""
    draw = np.random.default_rng(5)
    for n, k, s in ((12, 4, 2), (13, 5, 2), (20, 6, 3), (11, 3, 1), (17, 7, 3)):
        x, w = draw.standard_normal(n), draw.standard_normal(k)
        xs, ws = ([np.asarray(each, dtype=float) for each in phases] for phases in answer(x, w, s))
        found = f"your first list has {len(xs)} and your second {len(ws)}"
        expect(len(xs) == s == len(ws), f"there are s phases of x and s of w, here s = {s}, but {found}; return xs, ws")
        for parts, whole in ((xs, x), (ws, w)):
            kept = np.concatenate(parts)
            kept = kept[kept != 0]  # zeros that fill up a phase do no harm
            complete = kept.size == whole.size and np.allclose(np.sort(kept), np.sort(whole), atol=1e-6)
            expect(complete, "each number of x and of w belongs to exactly one phase")
        if s > 1:
            expect(
                not all(a.size == b.size and np.allclose(a, b) for a, b in zip(xs, np.array_split(x, s), strict=True)),
                "these are neighbours in blocks; a phase holds every s-th number",
            )
        m = (n - k) // s + 1
        y = np.array([x[s * o : s * o + k] @ w for o in range(m)])
        try:
            got = sum(np.correlate(a, b, mode="valid")[:m] for a, b in zip(xs, ws, strict=True))
        except ValueError:
            got = np.zeros(0)
        expect(
            got.shape == y.shape and np.allclose(got, y, atol=1e-5),
            "which phase of the kernel meets which one of the signal?",
        )


def check_6(answer):
    """The kernel gradient on a circle."""
    draw = np.random.default_rng(6)
    for n, k, p in ((9, 3, 0), (9, 3, 1), (8, 5, 2), (7, 4, 1)):
        m = n + 2 * p - k + 1
        x, dy = draw.standard_normal(n), draw.standard_normal(m)
        padded = np.pad(x, p)
        dw = np.array([padded[t : t + m] @ dy for t in range(k)])
        got = np.asarray(answer(x, dy, k, p))
        expect(got.size == k, f"the gradient has one number for each of the {k} taps, and yours has {got.size}")
        expect(np.abs(got.imag).max() < 1e-9, "the result is real: are both transforms of real arrays, on one circle?")
        got = got.real.ravel()
        flipped = np.convolve(x, dy)
        expect(
            not np.allclose(got, [flipped[t - p] if t >= p else 0 for t in range(k)]) or np.allclose(got, dw),
            "that is a convolution of x and dy; a sum over o with o + t needs the conjugate of one transform",
        )
        if p:
            unshifted = [padded[p + t : p + t + m] @ dy[: max(n - t, 0)][:m] if n - t >= m else None for t in range(k)]
            early = np.array([np.pad(x, (0, m + k))[t : t + m] @ dy for t in range(k)])
            expect(
                not np.allclose(got, early) or unshifted is None,
                "the taps are shifted: tap t lies at place t - p of the circle",
            )
        expect(
            not np.allclose(got, np.roll(dw, 1)) and not np.allclose(got, dw[::-1]), "right numbers at the wrong taps"
        )
        wrapped = [sum(x[(o + t - p) % n] * dy[o % m] for o in range(m)) for t in range(k)]
        expect(not np.allclose(got, wrapped) or np.allclose(got, dw), "pixels wrap around: is the circle long enough?")
        expect(np.allclose(got, dw), "the mean over f of X(f) conj(dY(f)) e^(j u f d) is the sum of x[o + d] dy[o]")
