"""dirac: the smallest game that does not converge, two numbers against each other, with its Jacobian in closed form.

The data is a point mass at 0. G(z) = theta learns one point, and D(x) = sigmoid(psi x) learns one slope (Mescheder,
Geiger & Nowozin 2018, "Which training methods for GANs do actually converge?", arXiv 1801.04406, section 2). D's logit
is s = psi theta for the fake, and 0 for the real point, so

    L_D = log 2 + softplus(s)
    L_G = softplus(-s)  non-saturating,  or  -softplus(s)  minimax          softplus(s) = log(1 + e^s), slope sigmoid(s)

Each player descends its own loss. So (theta, psi) moves along v = (-dL_G/dtheta, -dL_D/dpsi),

    v_theta = psi sigmoid(-s)  or  psi sigmoid(s)
    v_psi   = -theta sigmoid(s)

v is 0 only at (0, 0). Its Jacobian A, the 2 x 2 matrix dv/d(theta, psi), tells where v leads near that point. With
ds/dtheta = psi, ds/dpsi = theta, and q = sigmoid(s) sigmoid(-s) for the slope of the sigmoid,

    non-saturating  A = [ -psi^2 q                 sigmoid(-s) - s q ]
                        [ -sigmoid(s) - s q        -theta^2 q        ]

    minimax         A = [ psi^2 q                  sigmoid(s) + s q  ]
                        [ -sigmoid(s) - s q        -theta^2 q        ]

At (0, 0) both are [[0, 1/2], [-1/2, 0]], with eigenvalues +-i/2. They have no real part, so nothing pulls towards the
equilibrium: steps of a finite size h along v increase the radius near (0, 0), because |1 + h i/2| > 1. The exact flow
of the minimax game circles for ever, d(theta^2 + psi^2)/dt = 2 theta v_theta + 2 psi v_psi = 0. The flow of the
non-saturating game moves in by -2 s tanh(s/2) <= 0, of fourth order in the radius, slower than any exponential.

The zero-centred penalty (gamma/2) E |grad_x D's logit|^2 = (gamma/2) psi^2 (R1, their eq. 9) subtracts gamma psi from
v_psi, and gamma from the last element of A. The eigenvalues at (0, 0) become -gamma/2 +- sqrt(gamma^2/4 - 1/4). Their
real parts are negative, so the flow converges.
"""

from math import exp

import numpy as np
from numpy.typing import NDArray

from .. import validation
from ..layers import Constant, Dense, Layer, Shape, ones
from .model_spec import ModelSpec

GAMES = ("non-saturating", "minimax")


def generator(sample_shape: Shape, latent_dim: int) -> list[Layer]:
    """Return one learned point theta, which starts at 1 and ignores z."""
    return [Constant(sample_shape[0], initializer=ones)]


def discriminator(sample_shape: Shape) -> list[Layer]:
    """Return one logit <psi, x>, with psi starting at 1."""
    return [Dense(1, use_bias=False, initializer=ones)]


def game_field(
    theta: float, psi: float, *, objective: str = "non-saturating", gamma: float = 0.0
) -> NDArray[np.float64]:
    """Return v = (-dL_G/dtheta, -dL_D/dpsi), the direction in which both players move at once.

    Parameters
    ----------
    theta, psi : float
        The point of G and the slope of D.
    objective : "non-saturating" or "minimax"
    gamma : float >= 0
        Weight of the penalty R1.

    Returns
    -------
    v : float64 ndarray of shape (2,)

    Raises
    ------
    InputError
        If the objective is another one.
    """
    s = psi * theta
    side = -s if _check_game(objective) == "non-saturating" else s
    return np.array([psi * _sigmoid(side), -theta * _sigmoid(s) - gamma * psi])


def game_jacobian(
    theta: float, psi: float, *, objective: str = "non-saturating", gamma: float = 0.0
) -> NDArray[np.float64]:
    """Return the exact Jacobian A = dv/d(theta, psi) of `game_field`, which takes the same arguments.

    The eigenvalues of A at the equilibrium (0, 0) tell whether the game converges there.

    Returns
    -------
    A : float64 ndarray of shape (2, 2)

    Raises
    ------
    InputError
        If the objective is another one than those of `game_field`.

    >>> np.array_equal(game_jacobian(0.0, 0.0), [[0.0, 0.5], [-0.5, 0.0]])
    True
    >>> np.linalg.eigvals(game_jacobian(0.0, 0.0, gamma=1.0)).real.round(6).tolist()
    [-0.5, -0.5]
    """
    s = psi * theta
    q = _sigmoid(s) * _sigmoid(-s)
    last = [-_sigmoid(s) - s * q, -(theta**2) * q - gamma]
    if _check_game(objective) == "non-saturating":
        return np.array([[-(psi**2) * q, _sigmoid(-s) - s * q], last])
    return np.array([[psi**2 * q, _sigmoid(s) + s * q], last])


def _check_game(objective: str) -> str:
    return validation.one_of("objective", objective, GAMES)


def _sigmoid(s: float) -> float:
    return 1 / (1 + exp(-s)) if s >= 0 else exp(s) / (1 + exp(s))


SPEC = ModelSpec(
    name="dirac",
    source="Mescheder et al. 2018 (arXiv 1801.04406), section 2",
    samples="points",
    data=("dirac",),
    generator=generator,
    discriminator=discriminator,
    latent_dim=1,
    steps=2000,
    learning_rate=0.02,
    beta1=0.0,
    beta2=0.999,  # a long memory of the scale keeps Adam's steps nearly proportional to the gradient
    average_decay=0.0,
)
