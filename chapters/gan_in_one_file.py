"""A generative adversarial network (GAN) in one file. In about a minute it learns to draw digits.

Two networks play a game (Goodfellow et al. 2014). The generator G turns noise z into images. The
discriminator D looks at an image x and gives it a number s, the logit; D(x) = sigmoid(s) is then
the probability that x is real. D learns to tell real images from those of G, and G learns to make
images that D takes for real. NumPy is the only library, and all gradients are written by hand: dv
stands for dL/dv, the gradient of the loss L with respect to v, and has the shape of v. A batch has
N images. A layer with C inputs and F outputs has weights w of shape (C, F).
"""

import argparse
import struct
import time
import zlib
from pathlib import Path

import numpy as np

N, LATENT, PIXELS = 64, 64, 28 * 28  # images in a batch, numbers in z, numbers in an image
LEARNING_RATE, BETA1, BETA2 = 5e-4, 0.5, 0.99  # of Adam


def load_digits():
    """Return 5,000 handwritten digits, (5000, 784), with pixels from -1 (black) to 1 (white)."""
    images = np.load(Path(__file__).parents[1] / "data" / "mnist-5k.npz")["images"]
    return images.reshape(-1, PIXELS).astype(np.float32) / 127.5 - 1  # from whole numbers 0 to 255


def minibatches(images, rng):
    """Yield batches (N, 784) without end. Each pass over the images has a new random order."""
    while True:
        order = rng.permutation(len(images))
        for start in range(0, len(images) - N + 1, N):
            yield images[order[start : start + N]]


def new_network(rng, sizes, *, batch_norm):
    """Return all arrays of a network in a dictionary: net["w", 1] are the weights of layer 1."""
    net = {}
    for i in range(1, len(sizes)):
        net["w", i] = 0.02 * rng.standard_normal((sizes[i - 1], sizes[i]))
        if batch_norm and i < len(sizes) - 1:  # every layer but the last; beta is its bias
            net["gamma", i], net["beta", i] = np.ones(sizes[i]), np.zeros(sizes[i])
            net["mean", i], net["var", i] = np.zeros(sizes[i]), np.ones(sizes[i])
        else:
            net["b", i] = np.zeros(sizes[i])
    return {name: array.astype(np.float32) for name, array in net.items()}


def leaky_relu(x):
    """Return y = x where x is positive, and 0.2 x elsewhere."""
    return np.maximum(x, 0.2 * x)


def leaky_relu_backward(dy, y):
    """Return dx. The output y is positive exactly where the input x is."""
    return np.where(y > 0, dy, 0.2 * dy)


def batch_norm(x, net, i, train):
    """Give each column of x mean 0 and variance 1; then multiply it by gamma and add beta."""
    mean, var = (x.mean(0), x.var(0)) if train else (net["mean", i], net["var", i])
    if train:  # update the running averages, which are used when train is False
        net["mean", i] += 0.1 * (mean - net["mean", i])
        net["var", i] += 0.1 * (var - net["var", i])
    inv_std = 1 / np.sqrt(var + 1e-5)  # mean, var and inv_std have the shape (F,)
    x_hat = (x - mean) * inv_std
    return net["gamma", i] * x_hat + net["beta", i], (x_hat, inv_std)


def batch_norm_backward(dy, net, i, cache):
    """Return dx, dgamma and dbeta."""
    x_hat, inv_std = cache
    dx_hat = net["gamma", i] * dy
    # Moving x by e moves mean and std, too: x_hat moves by (e - mean(e) - x_hat mean(x_hat e)) / std.
    # The matrix of this map is symmetric, so its transpose, which takes dx_hat to dx, is the same map.
    dx = (dx_hat - dx_hat.mean(0) - x_hat * (x_hat * dx_hat).mean(0)) * inv_std
    return dx, (x_hat * dy).sum(0), dy.sum(0)


def generator(G, z, train):
    """Return images x of noise z, and what the way back needs; h[i] is the output of layer i."""
    h, norms = {0: z}, {}
    for i in (1, 2, 3):  # (N, 64) -> (N, 128) -> (N, 256) -> (N, 512)
        y, norms[i] = batch_norm(h[i - 1] @ G["w", i], G, i, train)  # (N, C) @ (C, F) -> (N, F)
        h[i] = leaky_relu(y)
    x = np.tanh(h[3] @ G["w", 4] + G["b", 4])  # (N, 512) @ (512, 784) + (784,) -> (N, 784)
    return x, (h, norms, x)


def generator_backward(G, dx, cache):
    """Return dG, a dictionary like G: dG["w", 1] is the gradient of G["w", 1]."""
    h, norms, x = cache
    dy = dx * (1 - x**2)  # the derivative of tanh is 1 - tanh^2
    dG = {("w", 4): h[3].T @ dy, ("b", 4): dy.sum(0)}  # (512, N) @ (N, 784) -> (512, 784)
    for i in (3, 2, 1):
        dy = leaky_relu_backward(dy @ G["w", i + 1].T, h[i])  # (N, F) @ (F, C) -> (N, C)
        dy, dG["gamma", i], dG["beta", i] = batch_norm_backward(dy, G, i, norms[i])
        dG["w", i] = h[i - 1].T @ dy  # (C, N) @ (N, F) -> (C, F)
    return dG


def discriminator(D, x):
    """Return the logits s of images x, and what the way back needs."""
    h0 = x + 1  # most pixels are black, and black becomes 0
    h1 = leaky_relu(h0 @ D["w", 1] + D["b", 1])  # (N, 784) @ (784, 512) + (512,) -> (N, 512)
    h2 = leaky_relu(h1 @ D["w", 2] + D["b", 2])  # (N, 512) @ (512, 256) + (256,) -> (N, 256)
    return h2 @ D["w", 3] + D["b", 3], (h0, h1, h2)  # (N, 256) @ (256, 1) + (1,) -> (N, 1)


def discriminator_backward(D, ds, cache):
    """Return dD, with which D learns, and dx, with which G learns through D."""
    h0, h1, h2 = cache
    dD = {("w", 3): h2.T @ ds, ("b", 3): ds.sum(0)}  # (256, N) @ (N, 1) -> (256, 1)
    dy = leaky_relu_backward(ds @ D["w", 3].T, h2)  # (N, 1) @ (1, 256) -> (N, 256)
    dD["w", 2], dD["b", 2] = h1.T @ dy, dy.sum(0)  # (512, N) @ (N, 256) -> (512, 256)
    dy = leaky_relu_backward(dy @ D["w", 2].T, h1)  # (N, 256) @ (256, 512) -> (N, 512)
    dD["w", 1], dD["b", 1] = h0.T @ dy, dy.sum(0)  # (784, N) @ (N, 512) -> (784, 512)
    return dD, dy @ D["w", 1].T  # (N, 512) @ (512, 784) -> (N, 784)


def sigmoid_cross_entropy(s, label):
    """Return the loss, the mean of -log D for label 1 and of -log(1 - D) for label 0, and ds."""
    softplus = np.logaddexp(0, s)  # log(1 + e^s) = -log(1 - D), without overflow
    d = np.exp(s - softplus)  # D = sigmoid(s) = e^s / (1 + e^s)
    return (softplus - label * s).mean(), (d - label) / len(s)


def adam(net, grads, m, v, t):
    """Take step t = 1, 2, ... of Adam down the gradients (Kingma & Ba 2015)."""
    for name, g in grads.items():
        m[name] += (1 - BETA1) * (g - m[name])  # a running average of g
        v[name] += (1 - BETA2) * (g**2 - v[name])  # a running average of g^2
        m_hat = m[name] / (1 - BETA1**t)  # both start at 0 and are too small at first:
        v_hat = v[name] / (1 - BETA2**t)  # these two lines correct that
        net[name] -= LEARNING_RATE * m_hat / (np.sqrt(v_hat) + 1e-8)


def train(images, steps, seed):
    """Play the game; return a running average of G, and the losses of D and of G in each step."""
    init, order, noise = (np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(3))
    G = new_network(init, (LATENT, 128, 256, 512, PIXELS), batch_norm=True)
    D = new_network(init, (PIXELS, 512, 256, 1), batch_norm=False)
    mG, vG, mD, vD = ({name: np.zeros_like(a) for name, a in net.items()} for net in (G, G, D, D))
    average = {name: a.copy() for name, a in G.items()}
    batches, losses, start = minibatches(images, order), [], time.perf_counter()
    for t in range(1, steps + 1):
        x_real, z = next(batches), noise.standard_normal((N, LATENT), dtype=np.float32)
        x_fake, g_cache = generator(G, z, train=True)

        # D's turn: its answer should be 1 for real images and 0 for fakes.
        s, d_cache = discriminator(D, np.concatenate((x_real, x_fake)))  # (2N, 784) -> (2N, 1)
        loss_real, ds_real = sigmoid_cross_entropy(s[:N], 1)
        loss_fake, ds_fake = sigmoid_cross_entropy(s[N:], 0)
        dD, _ = discriminator_backward(D, np.concatenate((ds_real, ds_fake)), d_cache)
        adam(D, dD, mD, vD, t)

        # G's turn: D, as it is now, should answer 1 for fakes (the non-saturating loss). D stays.
        s, d_cache = discriminator(D, x_fake)
        loss_G, ds = sigmoid_cross_entropy(s, 1)
        _, dx_fake = discriminator_backward(D, ds, d_cache)
        adam(G, generator_backward(G, dx_fake, g_cache), mG, vG, t)

        for name, array in G.items():  # G never comes to rest; its running average draws better
            average[name] += (1 - min(0.998, t / (t + 9))) * (array - average[name])
        losses.append((loss_real + loss_fake, loss_G))
        if t % 500 == 0:
            d, g = np.mean(losses[-500:], axis=0)
            print(f"step {t}: loss of D {d:.3f}, of G {g:.3f}, {time.perf_counter() - start:.0f} s")
    return average, losses


def save_png(path, picture):
    """Write a grey picture (H, W) of uint8 as a PNG file, which is a signature and three chunks."""
    header = struct.pack(">IIBBBBB", len(picture[0]), len(picture), 8, 0, 0, 0, 0)  # 8 bits, grey
    rows = b"".join(b"\0" + row.tobytes() for row in picture)  # 0: this row is not filtered
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        for chunk in (b"IHDR" + header, b"IDAT" + zlib.compress(rows), b"IEND"):  # 4 letters and data
            file.write(struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)))


def main():
    """Train, then save a picture of 100 new digits."""
    parser = argparse.ArgumentParser(description="Train a GAN on handwritten digits, then draw 100 new ones.")
    parser.add_argument("--steps", type=int, default=5000, help="number of steps (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="random seed (default: %(default)s)")
    parser.add_argument("--out", default="gan_in_one_file.png", help="picture file (default: %(default)s)")
    args = parser.parse_args()
    Path(args.out).touch()  # a wrong path fails here, and not after a minute
    G, _ = train(load_digits(), args.steps, args.seed)
    z = np.random.default_rng(args.seed).standard_normal((100, LATENT), dtype=np.float32)
    x, _ = generator(G, z, train=False)
    grid = x.reshape(10, 10, 28, 28).swapaxes(1, 2).reshape(280, 280)  # 10 rows of 10 digits
    save_png(args.out, np.rint(127.5 * (grid + 1)).astype(np.uint8).repeat(3, 0).repeat(3, 1))
    print(f"100 new digits: {args.out}")


if __name__ == "__main__":
    main()
