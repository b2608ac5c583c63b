"""Checks of chapter 07: eigenvalues, fields and steps of the two-number game."""

import numpy as np

from minigan.notebook import expect, number, numbers


def sigmoid(s):
    """Return 1 / (1 + exp(-s))."""
    return 1 / (1 + np.exp(-s))


def field(theta, psi):
    """Return the field of the minimax game."""
    return sigmoid(psi * theta) * np.array([psi, -theta])


def alternate(theta, psi, h, *, generator_first=False):
    """Return the pair after one alternating step."""
    for player in (0, 1) if generator_first else (1, 0):
        move = h * field(theta, psi)[player]
        theta, psi = (theta + move, psi) if player == 0 else (theta, psi + move)
    return theta, psi


def close(a, b, share=1e-3):
    """Tell whether two numbers agree within a share of the second."""
    return abs(a - b) <= share * abs(b)


def check_1(answer):
    """Growth and turn of a matrix."""
    growth, turn = numbers(answer, 2)
    truth, angle = np.hypot(0.9, 0.5), np.arctan2(0.5, 0.9)
    expect(not close(growth, 0.9), "the factor is not the real part alone: a modulus has two parts")
    expect(not close(growth, truth**2), "the factor: that is the determinant, the product of both eigenvalues")
    expect(close(growth, truth), "the factor: solve (7.2) and take the modulus of one of the two solutions")
    expect(not close(abs(turn), np.degrees(angle)), "the turn: that is in degrees; a full turn has 2 pi radians")
    expect(
        not close(abs(turn), 0.5), "the turn: the imaginary part is not the angle; which ratio has the angle as arctan?"
    )
    expect(close(abs(turn), angle, 0.01), "the turn: it is the angle of the eigenvalue in the complex plane")


def check_2(answer):
    """Steps until the loss repeats itself."""
    steps = number(answer)
    expect(not close(steps, 200 * np.pi, 0.02), "that is a whole round; how often does the loss swing in one?")
    expect(not close(steps, 50 * np.pi, 0.02), "the pair turns by half the rate in a step, not by the rate")
    expect(close(steps, 100 * np.pi, 0.02), "how many radians lie between two equal losses, and how many in a step?")


def check_3(answer):
    """The least weight of R1."""
    for h in (0.05, 0.3, 0.8):
        threshold = number(answer(h))
        expect(threshold != 0, "gamma = 0 leaves: the threshold of the flow is not that of steps of a finite size")
        expect(not close(threshold, h / 2), "a factor of 2 is missing: the product off the diagonal is h/2 times h/2")
        expect(not close(threshold, h * h / 4), "the determinant is 1 - h gamma + h^2/4: divide by the whole h")
        expect(threshold < 1, "at gamma = 1 the rotation is already over; much less is enough to bring the pair in")
        A = np.array([[0, 0.5], [-0.5, -threshold]])
        grown = np.sqrt(np.linalg.det(np.eye(2) + h * A))
        expect(abs(grown - 1) < 1e-6, f"at your threshold for h = {h} a step multiplies the distance by {grown:.4f}")


def check_4(answer):
    """A function that the flow with two rates conserves."""
    h_g, h_d = 0.5, 1.5

    def f(theta, psi):
        return number(answer(theta, psi, h_g, h_d))

    def change(f, theta, psi):
        move = 1e-4 * np.array([h_g, h_d]) * field(theta, psi)
        return f(theta + move[0], psi + move[1]) - f(theta - move[0], psi - move[1])

    places = np.random.default_rng(5).normal(size=(10, 2))
    expect(all(abs(f(2 * theta, psi) - f(theta, psi)) > 1e-6 for theta, psi in places), "it has to depend on theta")
    equal = [f(theta, psi) == f(psi, theta) for theta, psi in places]
    expect(not all(equal), "the two rates differ, so theta and psi cannot play the same part")
    swapped = [abs(change(lambda a, b: f(b, a), theta, psi)) < 1e-7 for theta, psi in places]
    expect(not all(swapped), "close: which of the two rates belongs to which square?")
    expect(all(abs(change(f, theta, psi)) < 1e-7 for theta, psi in places), "it changes along the flow: try weights in "
           "front of both squares of (7.10), and ask when the derivative is 0")  # fmt: skip


def check_5(answer):
    """The determinant of an alternating step."""

    def q(theta, psi):
        return sigmoid(psi * theta) * (1 - sigmoid(psi * theta))

    for theta, psi, h in ((0.7, -1.1, 0.3), (1.5, 0.4, 0.2), (-0.9, -1.3, 0.5)):
        found = number(answer(theta, psi, h))
        after = psi - h * sigmoid(psi * theta) * theta
        first, second = 1 - h * theta**2 * q(theta, psi), 1 + h * after**2 * q(theta, after)
        expect(not close(found, 1, 1e-9), "1 is right at (0, 0); elsewhere sigma changes with theta and psi, too")
        expect(not close(found, first, 1e-9), "that is D's move alone; multiply by the determinant of G's")
        old = 1 + h * psi**2 * q(theta, psi)
        expect(not close(found, first * old, 1e-9), "G answers the new psi: put it into G's factor")
        expect(not close(found, (2 - first) * (2 - second), 1e-9), "look at the signs of the two factors")
        expect(close(found, first * second, 1e-6), "each factor is the derivative of the number that moves in itself")


def check_6(answer):
    """An extragradient step."""
    start = np.array([0.3, 0.4])
    one = numbers(answer(0.3, 0.4, 0.2, field), 2)
    look = start + 0.2 * field(*start)
    expect(not np.allclose(one, look), "that is the plain step: you looked, and then did not use what you saw")
    expect(not np.allclose(one, look + 0.2 * field(*look)), "that is two steps; the second one starts where you were")
    expect(
        np.allclose(one, start + 0.2 * field(*look)), "from (theta, psi), one step along the field of the other point"
    )
    point = (0.5, 0.0)
    for _ in range(400):
        point = numbers(answer(*point, 0.2, field), 2)
    expect(np.hypot(*point) < 0.1, "400 steps from (0.5, 0) should have brought it in")


def check_7(answer):
    """The Wasserstein field, and its growth."""
    pair = answer()
    expect(
        isinstance(pair, (tuple, list)) and len(pair) == 2 and all(callable(f) for f in pair),
        "return two functions: the field and the growth",
    )
    its_field, growth = pair
    found = numbers(its_field(0.7, -0.4), 2)
    expect(not np.allclose(found, [0.4, 0.7]), "each player goes down its own loss: minus the derivative")
    expect(
        not np.allclose(found, field(0.7, -0.4)), "that is the field of the minimax game; these losses have no sigma"
    )
    expect(np.allclose(found, [-0.4, -0.7]), "differentiate G's loss by theta and D's loss by psi")
    for h in (0.3, 1.0):
        factor = number(growth(h))
        expect(not close(factor, np.sqrt(1 + h * h / 4), 1e-6), "there is no sigmoid here, so no 1/2")
        expect(not close(factor, 1 + h * h, 1e-6), "Pythagoras gives the square of the distance")
        expect(
            close(factor, np.sqrt(1 + h * h), 1e-6), "a step is at right angles to the radius: Pythagoras, as in (7.11)"
        )


def check_8(answer):
    """The largest distance among the last 200 alternating steps."""
    start, h, steps = 1.0, 0.5, 1000
    found = number(answer(start, h, steps))

    def largest(step, last=200):
        point, distances = (start, 0.0), []
        for _ in range(steps):
            point = step(*point)
            distances.append(np.hypot(*point))
        return max(distances[-last:])

    def at_once(theta, psi):
        return np.array([theta, psi]) + h * field(theta, psi)

    truth = largest(lambda theta, psi: alternate(theta, psi, h))
    expect(not close(found, largest(at_once), 1e-6), "those are simultaneous steps: G has to see the new psi")
    expect(not close(found, largest(lambda a, b: alternate(a, b, h, generator_first=True)), 1e-6), "let D step first")
    last = largest(lambda theta, psi: alternate(theta, psi, h), 1)
    expect(
        not close(found, last, 1e-6), "that is the distance after the last step alone; take the largest of the last 200"
    )
    every = largest(lambda theta, psi: alternate(theta, psi, h), steps)
    expect(not close(found, every, 1e-6), "that is the largest of all steps; take the last 200 alone")
    expect(close(found, truth, 1e-6), "two moves for each step, sigma at the present point in both, and r = hypot")
