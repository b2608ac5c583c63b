"""The checks of chapter 17, the variational autoencoder."""

import numpy as np

from minigan.notebook import expect, number


def check_1(answer):
    """The divergence of an encoder's answer with two latent numbers, in nats."""
    kl = number(answer)
    expect(abs(kl - 5.614) > 0.01, "every term of (17.6) has a factor in front of it")
    expect(abs(kl - 2.0) > 0.01, "the second number costs something too: its mean is 0, but its variance is not 1")
    expect(abs(kl - 8.114) > 0.01, "the spread is given as a variance; e^lv is the variance, not its root")
    expect(abs(kl - 2.807) < 0.005, "one half of mu^2 + e^lv - lv - 1, for each of the two, and then the sum")


def check_2(answer):
    """Bits per pixel of a bound in nats per image."""
    bits = number(answer)
    expect(abs(bits - 0.920) > 0.01, "that is the density alone; a level has a width, and so a probability")
    expect(abs(bits - 5.486) > 0.01, "those are nats; a bit is log 2 nats")
    expect(abs(bits - 6.074) > 0.01, "look at the sign: a worse bound must cost more bits")
    expect(abs(bits - 7.914) < 0.01, "(17.14) with D = 784")


def check_3(answer):
    """The Bernoulli reconstruction of a batch and its gradient, from logits."""
    rng = np.random.default_rng(0)
    s, x = 3 * rng.standard_normal((4, 6)), rng.random((4, 6))
    found = answer(s.copy(), x.copy())
    expect(isinstance(found, (tuple, list)) and len(found) == 2, "two things are asked for: R and its gradient in s")
    R, ds = number(found[0]), np.asarray(found[1])
    right = (x * s - np.logaddexp(0, s)).sum() / 4
    expect(abs(R + right) > 1e-6, "a log probability is not positive; look at the sign of R")
    expect(abs(R * 6 - right) > 1e-6, "add over the pixels of an image; only over the images it is a mean")
    expect(abs(R - 4 * right) > 1e-6, "R is the mean over the N images of the batch")
    expect(abs(R - right) < 1e-6, "log p = x log D + (1 - x) log(1 - D), with D = sigmoid(s)")
    p = 1 / (1 + np.exp(-s))
    expect(ds.shape == s.shape, f"the gradient has the shape of s, {s.shape}, not {ds.shape}")
    expect(not np.allclose(ds, (p - x) / 4), "that is the gradient of -R, of the loss")
    expect(not np.allclose(ds, x - p), "R is a mean over N images, and so its gradient has a 1 / N")
    expect(np.allclose(ds, (x - p) / 4, atol=1e-9), "the gradient in a logit is what was true, minus what was said")
    for x, truth in (([[1.0, 0.0]], 0), ([[0.0, 1.0]], -1600)):
        with np.errstate(all="ignore"):
            far = number(answer(np.array([[800.0, -800.0]]), np.array(x))[0])
        expect(np.isfinite(far), "at s = 800 and -800 it is not finite; chapter 03 has a form that is")
        expect(abs(far - truth) < 1e-6, f"at s = 800 and -800, for x = {x[0]}, R is {truth}: is something clipped?")


def check_4(answer):
    """The divergence of two Gaussians of any means and log variances."""
    found = answer(1.0, np.log(4.0), 0.0, 0.0)
    expect(abs(number(found) - (1 + 4 - np.log(4) - 1) / 2) < 1e-5, "with m = 0 and w = 0 it must be (17.6)")
    right = (np.log(4) + (1 + 1) / 4 - 1) / 2
    found = number(answer(1.0, 0.0, 0.0, np.log(4.0)))
    expect(abs(found - 0.5) > 1e-5, "the variance of the second Gaussian has to appear")
    expect(abs(found - (right + 0.375)) > 1e-5, "the squared distance of the means is divided by a variance, too")
    expect(abs(found - (right - np.log(4) / 2)) > 1e-5, "log q has its log variance, and so has log p")
    expect(abs(found - right) < 1e-5, "take the mean over q of log q - log p, term by term as in (17.5)")
    expect(abs(number(answer(3.0, 0.5, 3.0, 0.5))) < 1e-5, "of a Gaussian from itself it is 0")


def check_5(answer):
    """The constant baseline with the least variance of the score estimate of the mean of z^2."""
    found = answer(1.0, 0.5)
    b = number(found)
    expect(abs(b - 1.25) > 1e-9, "that is the mean of f; the score weighs the draws, far ones more")
    expect(abs(b - 1.0) > 1e-9, "that is f at the mean; average over the draws")
    for mu, s in ((1.0, 0.5), (0.3, 2.0), (-2.0, 0.1)):
        right, b = mu**2 + 3 * s**2, number(answer(mu, s))
        expect(
            abs(b - right) < 1e-6 * right,
            f"at mu = {mu}, s = {s} another b has less variance: differentiate E (f - b)^2 e^2 / s^2 in b",
        )


def check_6(answer):
    """The importance-weighted bound from the logarithms of K weights for each image."""
    w = np.array([[0.0, -3.0], [-2.0, -3.0], [-4.0, -3.0]])  # (K, N)
    found = answer(w.copy())
    right = np.log(np.exp(w).mean(axis=0)).mean()
    value = number(found)
    expect(abs(value - w.mean()) > 1e-5, "that is the ELBO of K draws; the mean over the draws belongs inside the log")
    expect(abs(value - np.log(np.exp(w).mean())) > 1e-5, "each image has its own log; take the mean over images last")
    expect(abs(value - right - np.log(3)) > 1e-5, "a mean over K draws, not their sum")
    expect(abs(value - np.log(np.exp(w).mean(axis=1)).mean()) > 1e-5, "the draws are the rows: the shape is (K, N)")
    expect(abs(value - right) < 1e-5, "the logarithm of the mean weight, for each image")
    with np.errstate(all="ignore"):
        far = number(answer(w - [1000, 0]))
    expect(abs(far - (right - 500)) < 1e-6, "a digit has weights like e^-1000, which are all 0 for a float")
