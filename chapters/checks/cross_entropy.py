"""The checks of chapter 03, the sigmoid cross-entropy."""

import numpy as np

from minigan.notebook import expect, number


def check_1(answer):
    """The loss of a D that knows nothing."""
    loss = number(answer)
    expect(abs(loss - 1.386) > 0.01, "that is the sum of both halves; the mean over all samples is asked for")
    expect(abs(loss - 0.5) > 0.01, "0.5 is the probability that D gives to the truth; the loss is a function of it")
    expect(abs(loss - 0.301) > 0.005, "the logarithm is the natural one")
    expect(loss >= 0, "a loss is minus a logarithm of a probability; look at the sign")
    expect(abs(loss - 0.693) < 0.005, "s = 0 is D = 1/2; put that into the loss")


def check_2(answer):
    """The derivative at one logit."""
    ds = number(answer)
    expect(abs(ds - 0.881) > 0.005, "the size is right; should the logit of this sample grow or fall?")
    expect(abs(ds - 0.119) > 0.005, "that is what D said; what was true?")
    expect(abs(ds + 0.119) > 0.005, "that would be a sample about which D is right; this one is real and D says fake")
    expect(abs(ds + 0.0925) > 0.002, "that is the derivative of the squared error")
    expect(abs(ds + 0.881) < 0.002, "what D said, minus what was true")


def check_3(answer):
    """The best logit where a share q is real."""
    found = answer(0.7)
    expect(abs(number(found) - 0.7) > 1e-6, "q is the best probability; which logit has it?")
    expect(abs(number(found) + np.log(0.7 / 0.3)) > 1e-6, "look at the sign: more real samples should raise the logit")
    for q in (0.1, 0.5, 0.7, 0.999):
        p = 1 / (1 + np.exp(-number(answer(q))))
        expect(abs(p - q) < 1e-6, f"at q = {q} the mean derivative is {p - q:+.3f}, and it should be 0")


def check_4(answer):
    """The lowest loss of a fake behind two sigmoids."""
    loss = number(answer)
    expect(abs(loss) > 1e-9, "0 would need a logit of minus infinity, but what the loss gets lies in (0, 1)")
    expect(abs(loss - 0.3133) > 5e-3, "that is the lowest for a real sample")
    expect(abs(loss - 1.3133) > 5e-3, "that is the largest loss of a fake; the lowest is asked for")
    expect(abs(loss - 0.6931) < 5e-3, "the loss gets a number in (0, 1) as its logit; which one is best for t = 0?")


def check_5(answer):
    """The logarithm of the sigmoid, for any logit."""
    s = np.array([-1000, -100, -20, -1, 0, 1, 20, 80], np.float32)
    with np.errstate(all="ignore"):
        value = answer(s.copy())
    value = np.asarray(value)
    expect(value.shape == s.shape, f"one number for each logit: the shape {s.shape}, not {value.shape}")
    expect(value.dtype == np.float32, f"float32 came in, and {value.dtype} came out")
    expect(np.isfinite(value).all(), f"not finite at s = {s[~np.isfinite(value)].tolist()}")
    expect((value <= 0).all(), "the logarithm of a probability is not positive")
    expect((value[6:] != 0).all(), "at s = 20 and 80 it is small, but not 0: do not form 1 + e")
    right = [-1000, -100, -20, -1.3132616875, -0.6931471806, -0.3132616875, -2.0611536181902e-9, -1.8048513879e-35]
    expect(not np.allclose(value[3:6], right[5:2:-1]), "that is log(1 - sigma(s)): look at the sign of s")
    far = s[~np.isclose(value, right, rtol=1e-6, atol=0)]
    expect(not far.size, f"not right to rounding at s = {far.tolist()}")


def check_6(answer):
    """The logarithm of a sum of exponentials, by rows."""
    s = np.array([[0, 0, 0], [1, 2, 3], [1000, 999, 0], [-1000, -1000, -1001]], np.float32)
    with np.errstate(all="ignore"):
        value = answer(s.copy())
    value = np.asarray(value)
    expect(value.shape == (4,), f"one number for each row: the shape (4,), not {value.shape}")
    expect(not np.isclose(value[0], 3), "the sum of the exponentials is right; the logarithm is missing")
    expect(not np.isneginf(value[0]), "each row needs a maximum of its own")
    expect(np.isclose(value[0], np.log(3)), "three logits 0 give the logarithm of 3")
    expect(np.isfinite(value[:3]).all(), "e^1000 overflows: first subtract the largest logit of the row")
    expect(np.isfinite(value[3]), "the last row has only very negative logits, and all its exponentials became 0")
    right = [1.0986123, 3.4076059, 1000.3133, -999.1381]
    expect(
        np.allclose(value, right, rtol=1e-6), "the rows do not all come out right: what must be added again at the end?"
    )
