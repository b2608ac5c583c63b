"""Checks of chapter 06: Adam's steps, learning rates and averages."""

import numpy as np

from minigan.notebook import expect, number, numbers


def close(a, b, share=1e-3):
    """Tell whether two numbers agree within a share of the second."""
    return abs(a - b) <= share * abs(b)


def check_1(answer):
    """Adam's steps for a constant gradient."""
    first, hundredth = numbers(answer, 2)
    expect(first > 0, "the sign: the weight goes against its gradient")
    expect(not close(first, 0.004 * 0.0002), "that is gradient descent; Adam divides by the size of the gradient")
    expect(
        not close(first, 0.0002 * 0.5 / np.sqrt(0.001)), "the first step: you left out the correction of both averages"
    )
    expect(close(first, 0.0002), "the first step: with the correction both averages are exact, (6.7)")
    expect(close(hundredth, 0.0002), "step 100: both averages are still exact")


def check_2(answer):
    """Rates for a loss that is 784 times as large."""
    sgd, adam = numbers(answer, 2)
    expect(not close(sgd, 784), "SGD: the larger gradient makes the steps longer, so what has to become of the rate?")
    expect(not close(sgd, 1), "SGD: its step is the rate times the gradient, and the gradient is 784 times as large")
    expect(close(sgd, 1 / 784, 5e-3), "SGD: the product of rate and gradient has to stay the same")
    expect(not close(adam, 1 / 784), "Adam: (6.8) says what a factor in front of the loss does to its step")
    expect(close(adam, 1), "Adam: put c = 784 into (6.8), without epsilon")


def check_3(answer):
    """The first step without the correction."""
    for beta1, beta2 in ((0.9, 0.999), (0.5, 0.999), (0.2, 0.9)):
        found, truth = abs(number(answer(beta1, beta2))), (1 - beta1) / np.sqrt(1 - beta2)
        expect(not close(found, truth * np.sqrt(1 - beta2)), "that is the average m alone; divide it")
        expect(not close(found, (1 - beta1) / (1 - beta2)), "Adam divides by the root of v")
        expect(not close(found, 1), "that is the step with the correction")
        expect(close(found, truth, 1e-6), "put t = 1 into (6.3), and divide the one by the root of the other")


def check_4(answer):
    """The best rate of gradient descent in a valley."""
    for a, b in ((1.0, 100.0), (0.5, 3.0), (2.0, 9.0)):
        h = number(answer(a, b))
        worst = max(abs(1 - h * a), abs(1 - h * b))
        expect(not close(h, 2 / b), "that is the limit: there the steep direction no longer falls at all")
        expect(not close(h, 1 / b), "that settles the steep direction in one step; a longer step helps the flat one")
        expect(not close(h, 1 / a), "that settles the flat direction; look at what the steep one does")
        expect(close(h, 2 / (a + b), 1e-6), f"for {a:g} and {b:g} the larger factor is {worst:.3f}; it can be smaller. "
               "At the best rate both are equally large, with different signs")  # fmt: skip


def check_5(answer):
    """How many gradients hold 99 % of the weight."""
    for beta in (0.5, 0.9, 0.999):
        n = number(answer(beta))
        expect(not close(n, beta / (1 - beta)), "that is the mean age, (6.9); here the question is the share 0.99")
        expect(not close(n, np.log(0.99) / np.log(beta)), "that many hold the share 0.01; the rest has to be 0.01")
        expect(not close(n, np.log(0.01) / np.log(beta) - 1, 1e-6), "the ages 0 to n - 1 are n gradients")
        rounded = np.floor(np.log(0.01) / np.log(beta)), np.ceil(np.log(0.01) / np.log(beta))
        expect(n not in rounded, "do not round: the answer is asked as a real number")
        expect(
            close(n, np.log(0.01) / np.log(beta), 1e-6), "sum the weights (1 - beta) beta^k for k below n, and solve"
        )


def amsgrad(theta, gradients, rate, beta1, beta2, eps=1e-8, *, keep=True):
    """Return theta after the steps of AMSGrad with corrected averages, or of Adam."""
    m, v, top = 0 * theta, 0 * theta, 0 * theta
    for t, g in enumerate(gradients, start=1):
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
        v_hat = v / (1 - beta2**t)
        top = np.maximum(top, v_hat) if keep else v_hat
        theta = theta - rate * m / (1 - beta1**t) / (np.sqrt(top) + eps)
    return theta


def check_6(answer):
    """AMSGrad for an array."""
    gradients = np.random.default_rng(0).standard_normal((60, 4)) * np.exp(-np.arange(60) / 20)[:, None]
    start = np.array([1.0, -2.0, 0.5, 0.0])
    untouched = start.copy()
    found = np.asarray(answer(start, list(gradients), 0.1, 0.5, 0.9), dtype=float)
    expect(np.array_equal(start, untouched), "your function changes the array that it was given; make a new one")
    expect(found.shape != (61, 4), "return only the last theta, not the whole path")
    found = numbers(found, 4)
    expect(not np.allclose(found, amsgrad(start, gradients, 0.1, 0.5, 0.9, keep=False)), "that is Adam: nothing in it "
           "remembers the largest v_hat")  # fmt: skip
    m, v, top, theta = np.zeros(4), np.zeros(4), np.zeros(4), start
    for t, g in enumerate(gradients, start=1):
        m, v = 0.5 * m + 0.5 * g, 0.9 * v + 0.1 * g**2
        top = np.maximum(top, v)
        theta = theta - 0.1 * m / (1 - 0.5**t) / (np.sqrt(top / (1 - 0.9**t)) + 1e-8)
    expect(not np.allclose(found, theta), "take the largest of the corrected v_hat, not of v")
    shared = start
    m, v, top = np.zeros(4), np.zeros(4), 0.0
    for t, g in enumerate(gradients, start=1):
        m, v = 0.5 * m + 0.5 * g, 0.9 * v + 0.1 * g**2
        top = max(top, (v / (1 - 0.9**t)).max())
        shared = shared - 0.1 * m / (1 - 0.5**t) / (np.sqrt(top) + 1e-8)
    expect(not np.allclose(found, shared), "each weight has its own largest v_hat: an elementwise maximum")
    right = np.allclose(found, amsgrad(start, gradients, 0.1, 0.5, 0.9))
    expect(right, "start from adam_by_hand, and keep the maximum of v_hat from step to step")
    beats = [np.array([3.0 if t % 3 == 0 else -1.0]) for t in range(300)]
    end = number(answer(np.zeros(1), beats, 0.01, 0.0, 0.1))
    expect(end < 0, "on the gradients 3, -1, -1, ... the weight should go down")
