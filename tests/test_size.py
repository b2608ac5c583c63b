"""The sizes of networks: they are those of the built ones, and what is too large is refused before memory is taken."""

import tracemalloc

import numpy as np
import pytest

from minigan import InputError, TrainConfig
from minigan.models import MODELS, build_networks
from minigan.models.size import MOST_VALUES, Size, check_size, size_of
from minigan.training.game import make_networks


@pytest.mark.parametrize("name", MODELS)
def test_sizes_are_those_of_the_built_networks(name):
    shape = MODELS[name].example_shape(8)
    options = {"packing": 2} if name == "points" else {"spectral_norm": True}
    for network in build_networks(name, shape, rng=np.random.default_rng(0), **options):
        size = size_of(network.layers, network.input_shape)
        assert size.parameters == network.theta.size
        assert size.values == sum(int(np.prod(each)) for each in (network.input_shape, *network.shapes))


def test_the_members_of_an_ensemble_count():
    one, three = (
        build_networks("mlp", (8, 8, 1), rng=np.random.default_rng(0), discriminators=k)[1] for k in (1, 3)
    )  # fmt: skip
    values = size_of(one.layers, (8, 8, 1)).values - 64
    assert size_of(three.layers, (8, 8, 1)) == Size(3 * one.theta.size, 64 + 3 * values + 3)


@pytest.mark.parametrize(
    ("model", "shape", "options", "words"),
    [
        ("mlp", (28, 28, 1), {"latent_dim": 4_000_000}, "generator of 'mlp' with 512,567,824"),
        ("conv", (10**6, 10**6, 1), {}, "generator of 'conv' with 512,000,000,041,825"),
        ("writeup-5", (4096, 4096, 3), {}, "generator of 'writeup-5' with"),
        ("mlp", (28, 28, 1), {"discriminators": 500}, "discriminator of 'mlp' with 266,752,500"),
        ("conv", (28, 28, 1), {"codes": 10**9}, "generator of 'conv' with 256,000,443,"),
        ("points", (2,), {"latent_dim": 10**12}, "generator of 'points' with 128,000,000,033,"),
    ],
)
def test_refused_before_memory_is_taken(model, shape, options, words):
    tracemalloc.start()
    try:
        with pytest.raises(
            InputError, match=f"^model: expected networks of at most 100,000,000 parameters, .* {words}"
        ):
            build_networks(model, shape, rng=np.random.default_rng(0), **options)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_other_numbers_of_parameters_are_refused():
    options = {"rng": np.random.default_rng(0), "latent_dim": 4}
    sizes = tuple(network.theta.size for network in build_networks("points", (2,), **options))
    build_networks("points", (2,), **options, parameters=sizes)
    with pytest.raises(InputError, match=r"parameters: expected 33,922 and 33,537 for 'points', got \(33922, 33538\)"):
        build_networks("points", (2,), **options, parameters=(sizes[0], sizes[1] + 1))


def test_a_batch_that_no_computer_holds_is_refused():
    config = TrainConfig(model="dcgan", batch_size=60_000).resolve(dataset="mnist", device="cpu")
    rng = np.random.default_rng(0)
    with pytest.raises(InputError, match="batch_size: expected at most 16,999 for the networks of 'dcgan'"):
        make_networks(config, (28, 28, 1), rng=rng)
    config = TrainConfig(model="dirac", latent_dim=100_000, batch_size=60_000).resolve(dataset="dirac", device="cpu")
    with pytest.raises(InputError, match=r"batch_size: expected at most 39,99[0-9] for the networks of 'dirac'"):
        make_networks(config, (1,), rng=rng)
    size = Size(1, 1000)
    check_size("mlp", size, size, batch_size=MOST_VALUES // 3000)
    with pytest.raises(InputError, match="batch_size: expected at most 1,333,333 for"):
        check_size("mlp", size, size, batch_size=MOST_VALUES // 3000 + 1)
