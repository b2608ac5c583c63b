"""What our layers do and ``torch.nn`` has no module for: images are (N, C, H, W) here, and the other samples (N, C).

`minigan export --to torch` copies these classes into the file that it writes, so each needs PyTorch alone.
"""

import torch
from torch import nn


class Permute(nn.Module):
    """Put the axes into another order."""

    def __init__(self, *order: int) -> None:
        super().__init__()
        self.order = order

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return x with the axes in the new order."""
        return x.permute(self.order)


class Rescale(nn.Module):
    """Multiply by a fixed number and add another one."""

    def __init__(self, scale: float, offset: float) -> None:
        super().__init__()
        self.scale, self.offset = scale, offset

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return scale x + offset."""
        return x * self.scale + self.offset


class Constant(nn.Module):
    """Return the same learned vector for every sample."""

    def __init__(self, units: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(units))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the vector once for each of the N samples, (N, units)."""
        return self.bias.expand(len(x), -1)


class Noise(nn.Module):
    """Add normal noise in training."""

    def __init__(self, std: float) -> None:
        super().__init__()
        self.std = std

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return x, in training with noise."""
        return x + self.std * torch.randn_like(x) if self.training else x


class RandomShift(nn.Module):
    """Shift every image in training by its own random number of pixels, at most ``reach`` down and to the right."""

    def __init__(self, reach: int, fill: float) -> None:
        super().__init__()
        self.reach, self.fill = reach, fill

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return x, in training shifted; ``fill`` comes into view at the edges."""
        if not self.training:
            return x
        n, c, h, w = x.shape
        framed = nn.functional.pad(x, [self.reach] * 4, value=self.fill)
        starts = torch.randint(2 * self.reach + 1, (2, n, 1), device=x.device)
        rows, columns = (
            start + torch.arange(size, device=x.device) for start, size in zip(starts, (h, w), strict=True)
        )
        sample, channel = torch.arange(n)[:, None, None, None], torch.arange(c)[:, None, None]
        return framed[sample, channel, rows[:, None, :, None], columns[:, None, None, :]]


class PackSamples(nn.Module):
    """Put neighbouring samples on one channel axis."""

    def __init__(self, samples: int) -> None:
        super().__init__()
        self.samples = samples

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return packs of ``samples`` samples: (N, C, ...) -> (N / samples, samples C, ...)."""
        return x.reshape(-1, self.samples * x.shape[1], *x.shape[2:])


class MinibatchStd(nn.Module):
    """Append to every sample the mean standard deviation of its group, as one more channel."""

    def __init__(self, group_size: int, eps: float) -> None:
        super().__init__()
        self.group_size, self.eps = group_size, eps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (N, C + 1, ...) for x (N, C, ...); groups are of ``group_size`` neighbours, or of all N if fewer."""
        group = min(self.group_size, len(x))
        std = (x.unflatten(0, (-1, group)).var(1, unbiased=False) + self.eps).sqrt()  # (N / group, C, ...)
        s = std.flatten(1).mean(1).repeat_interleave(group)
        return torch.cat((x, s.reshape(-1, *[1] * (x.ndim - 1)).expand(-1, 1, *x.shape[2:])), 1)


class Ensemble(nn.ModuleList):
    """Apply several stacks of modules to one input, and join their outputs on the channel axis."""

    def __init__(self, *stacks: nn.Module) -> None:
        super().__init__(stacks)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return all outputs, joined."""
        return torch.cat([stack(x) for stack in self], 1)
