"""Checks of the exercises of chapter 16: using a generator."""

import numpy as np

from minigan.notebook import expect, number


def check_1(answer):
    """The mean squared length at t = 1/4 for Z = 100."""
    found = number(answer)
    expect(found != 100, "that is the length on the great circle; the straight line is shorter")
    expect(found != 50, "that is half-way, t = 1/2")
    expect(not np.isclose(found, 62.5**0.5), "that is near the mean length; the question is for its square")
    expect(not np.isclose(found, 0.625), "that is the share of Z")
    expect(found == 62.5, "(16.2): each number is a sum of two independent ones; how do variances add?")


def check_2(answer):
    """The mean squared error of 20 dB."""
    found = number(answer)
    expect(not np.isclose(found, 0.01), "that is for pixels from 0 to 1; here black and white are 2 apart")
    expect(not np.isclose(found, 0.02), "the largest difference is squared, too")
    expect(not np.isclose(found, 0.2), "that is the root of the mean squared error")
    expect(found < 4, "20 dB is a small error: which number stands above the line in (16.6)?")
    expect(np.isclose(found, 0.04), "(16.6): 20 = 10 log10(4 / error)")


def check_3(answer):
    """The adjoint of differences of neighbours."""
    draw = np.random.default_rng(0)
    for n in (9, 3, 2):
        x, u = draw.standard_normal(n), draw.standard_normal(n - 1)
        back = np.asarray(answer(u), dtype=float).ravel()
        expect(back.size == n, f"from {n - 1} numbers, A^T makes {n}; yours makes {back.size}")
        expect(not np.isclose(back @ x, -(np.diff(x) @ u)), "look at the sign")
        inside = np.isclose(back[1:-1], u[:-1] - u[1:]).all()
        right = np.isclose(back @ x, np.diff(x) @ u)
        expect(
            right or n == 2 or not inside, "right inside; the first and the last pixel enter only one difference each"
        )
        expect(right, "<A x, u> and <x, A^T u> differ: in which two differences does x_i stand, and with which sign?")


def check_4(answer):
    """The closed form of a linear generator."""
    draw = np.random.default_rng(1)
    W, y = draw.standard_normal((7, 3)), draw.standard_normal(7)
    for prior in (0.0, 0.5, 3.0):
        z = np.asarray(answer(W, y, prior), dtype=float)
        expect(z.size == 3, f"z has as many numbers as W has columns, 3; yours has {z.size}")
        z = z.ravel()
        gradient = 2 * W.T @ (W @ z - y)
        expect(
            prior == 0 or not np.allclose(gradient, 0, atol=1e-4),
            "right without the prior; what does it add to the gradient?",
        )
        expect(
            prior == 0 or not np.allclose(gradient + prior * z, 0, atol=1e-4), "a factor of 2: both terms are squares"
        )
        expect(
            np.allclose(gradient + 2 * prior * z, 0, atol=1e-4),
            "the gradient is not 0 there: set it to 0 and solve for z",
        )


def _lengths(r):
    return np.sqrt((r**2).sum(axis=(0, 1, 3)))


def check_5(answer):
    """The strongest step of a given length."""
    dx = np.random.default_rng(2).standard_normal((4, 5, 3, 2))
    r = np.asarray(answer(dx, 0.5))
    expect(r.shape == dx.shape, f"r must have the shape of dx, {dx.shape}, not {r.shape}")
    expect(not np.allclose(r, 0.5 * np.sign(dx)), "that is the attacker of (16.15): its length is far above epsilon")
    expect(not np.allclose(r, 0.5 * dx), "the direction is right; the length must be epsilon")
    expect(not np.isclose(np.linalg.norm(r), 0.5), "each image has its own r: over which axes does the length run?")
    expect((r * dx).sum() > 0, "this lowers the loss")
    expect(np.allclose(_lengths(r), 0.5), "each image should change by exactly epsilon")
    expect(np.allclose(r, 0.5 * dx / _lengths(dx)[:, None]), "an inner product is largest where the two are parallel")


def check_6(answer):
    """The projection onto a ball."""
    draw = np.random.default_rng(3)
    x, r = draw.standard_normal((2, 4, 5, 3, 2))
    r *= np.array([0.2, 1.0, 3.0])[:, None] / _lengths(r)[:, None]
    y, before = x + r, (x + r).copy()
    p = np.asarray(answer(y, x, 1.5))
    expect(np.array_equal(y, before), "leave y as it is, and return a new array")
    expect(p.shape == x.shape, f"expected the shape {x.shape}, got {p.shape}")
    expect(
        not np.allclose(p, np.clip(y, x - 1.5, x + 1.5)),
        "the third image is 3 away from x and stayed there; to clip each pixel does not help: that ball is a cube",
    )
    expect(not np.allclose(p - x, 1.5 * r / _lengths(r)[:, None]), "who is inside the ball already stays where he is")
    expect(not np.allclose(p, r * np.minimum(1, 1.5 / _lengths(r))[:, None]), "that is the change; where is x?")
    expect(np.allclose(p[:, :, :2], y[:, :, :2]), "the first two images are inside the ball; each has its own length")
    expect(
        np.allclose(p, x + r * np.minimum(1, 1.5 / _lengths(r))[:, None]), "the third image should end on the sphere"
    )


def _circle(a, b, t):
    u, v = a / np.linalg.norm(a), b / np.linalg.norm(b)
    w = np.arccos(u @ v)
    length = (1 - t) * np.linalg.norm(a) + t * np.linalg.norm(b)
    return length * (np.sin((1 - t) * w) * u + np.sin(t * w) * v) / np.sin(w)


def check_7(answer):
    """A closed film on great circles."""
    stations = np.random.default_rng(4).standard_normal((3, 16))
    frames = np.asarray(answer(stations, 4))
    expect(frames.shape != (13, 16), "the last frame is the first one again; leave it out")
    expect(frames.shape != (8, 16), "the way from the last station back to the first is missing")
    expect(frames.shape == (12, 16), f"expected 12 frames of 16 numbers, got {frames.shape}")
    expect(np.allclose(frames[::4], stations), "frame k * frames should be station k")
    straight = np.allclose(frames[2], (stations[0] + stations[1]) / 2)
    expect(not straight, "these are straight lines; half-way the noise is too short")
    expect(not np.allclose(frames[4:8], frames[4]), "between two stations the film should move")
    expect(
        not np.allclose(frames[3], stations[1]), "each station comes twice; it should only be the first of the next way"
    )
    wanted = [_circle(stations[k], stations[(k + 1) % 3], t / 4) for k in range(3) for t in range(4)]
    lengths = [np.linalg.norm(f) / np.linalg.norm(w) for f, w in zip(frames, wanted, strict=True)]
    expect(np.allclose(lengths, 1), "the length of a frame: blend the lengths of both ends linearly")
    expect(np.allclose(frames, wanted), "compare with (16.3): the angle should grow by the same step in each frame")
