"""Central differences, and the search for a step size at which they can be trusted."""

from collections.abc import Callable
from itertools import pairwise

STEPS = (1e-5, 1e-6, 1e-7)  # along a direction of length 1, largest first
FLOOR = 1e-4  # least scale of a relative error, because rounding turns a derivative of 0 into a small number
ROUNDING = 2.0**-51  # a few units in the last place of float64, relative
TOLERANCE = 1e-6  # relative error up to which a derivative in float64 counts as right


def relative_error(a: float, b: float) -> float:
    """Return |a - b| / max(|a|, |b|, FLOOR)."""
    return abs(a - b) / max(abs(a), abs(b), FLOOR)


def central_difference(f: Callable[[float], float]) -> float:
    """Return the derivative (f(h) - f(-h)) / 2h of a function of one number at 0.

    A large h is exact to rounding unless a kink (of a LeakyReLU, say) lies between -h and h; a small h avoids the kink
    but rounds more. So h shrinks until two estimates agree, or differ by no more than the rounding of f, and the first
    of the two is returned. If none do, it is the first of the closest two.
    """
    estimates: list[float] = []
    for h in STEPS:
        right, left = f(h), f(-h)
        estimates.append((right - left) / (2 * h))
        rounding = ROUNDING * max(abs(right), abs(left)) / h
        if len(estimates) > 1 and (
            relative_error(*estimates[-2:]) <= TOLERANCE / 10 or abs(estimates[-1] - estimates[-2]) <= rounding
        ):
            return estimates[-2]
    return min(pairwise(estimates), key=lambda pair: abs(pair[0] - pair[1]))[0]
