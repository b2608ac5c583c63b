"""Modules for PyTorch: what they do in training; `test_to_torch` compares them with our layers in eval mode."""

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.parity


def test_noise_only_in_training():
    from minigan.exchange.torch_modules import Noise

    torch.manual_seed(0)
    x = torch.ones(100, 100)
    noise = Noise(0.5)
    assert torch.equal(noise.eval()(x), x)
    added = noise.train()(x) - x
    assert abs(added.mean()) < 0.02
    assert abs(added.std() - 0.5) < 0.02


def test_images_are_shifted_only_in_training():
    """One bright pixel of each image shows where it went; all shifts occur, and what comes into view is the fill."""
    from minigan.exchange.torch_modules import RandomShift

    torch.manual_seed(0)
    x = torch.zeros(200, 2, 7, 9)
    x[:, :, 3, 4] = torch.tensor([1.0, 2.0])
    shift = RandomShift(2, -1.0)
    assert torch.equal(shift.eval()(x), x)
    y = shift.train()(x)
    assert y.shape == x.shape
    found = set()
    for image in y:
        (row, column) = divmod(int(image[0].argmax()), 9)
        assert (image[0, row, column], image[1, row, column]) == (1, 2)
        down, right = row - 3, column - 4
        found.add((down, right))
        seen = torch.zeros(7, 9, dtype=torch.bool)
        seen[max(down, 0) : 7 + min(down, 0), max(right, 0) : 9 + min(right, 0)] = True
        assert (image[:, ~seen] == -1).all()
        assert (image[:, seen] != -1).all()
    assert found == {(down, right) for down in range(-2, 3) for right in range(-2, 3)}
