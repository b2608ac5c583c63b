"""The opponents in ``minigan bench``: PyTorch's training step as tutorials write it, and as fast as we can write it."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ...backend import Device
from ...exchange.to_torch import to_torch
from ...models import build_networks
from ...training.simultaneous import MIN_UPSTREAM
from .cupti import PRODUCT, Operation

LOOPS = ("plain", "best", "compiled", "graph")


def plain_step(g: Any, d: Any, adam_g: Any, adam_d: Any, x_real: Any, z: Any, *, freeze: bool = False) -> Any:
    """Take an alternating step as tutorials do; with ``freeze`` G's step leaves out D's weight gradients."""
    import torch

    bce = torch.nn.functional.binary_cross_entropy_with_logits
    x_fake = g(z)
    real, fake = d(x_real), d(x_fake.detach())
    adam_d.zero_grad(set_to_none=True)
    d_loss = bce(real, torch.ones_like(real)) + bce(fake, torch.zeros_like(fake))
    d_loss.backward()
    adam_d.step()
    d.requires_grad_(not freeze)
    fake = d(x_fake)
    adam_g.zero_grad(set_to_none=True)
    g_loss = bce(fake, torch.ones_like(fake))
    g_loss.backward()
    adam_g.step()
    d.requires_grad_(True)
    return d_loss, g_loss


def simultaneous_step(g: Any, d: Any, adam_g: Any, adam_d: Any, x_real: Any, z: Any) -> Any:
    """Take a simultaneous step: one pass of the fakes through D serves both, see `minigan.training.simultaneous`.

    The gradients of the losses in the logits are those that autograd would find. D's graph is walked only once.
    """
    import torch

    bce = torch.nn.functional.binary_cross_entropy_with_logits
    x_fake = g(z)
    x_seen = x_fake.detach().requires_grad_()  # the cut at which G's gradient is rescaled
    real, fake = d(x_real), d(x_seen)
    with torch.no_grad():
        d_loss = bce(real, torch.ones_like(real)) + bce(fake, torch.zeros_like(fake))
        g_loss = bce(fake, torch.ones_like(fake))
        n = len(fake)
        ds_real, ds_generator = -torch.sigmoid(-real) / n, -torch.sigmoid(-fake) / n
        u = (torch.sigmoid(fake) / n).clamp_min(MIN_UPSTREAM / n)
        ratio = (ds_generator / u).reshape(-1, *[1] * (x_seen.ndim - 1))
    adam_d.zero_grad(set_to_none=True)
    torch.autograd.backward([real, fake], [ds_real, u])
    adam_g.zero_grad(set_to_none=True)
    x_fake.backward(x_seen.grad * ratio)
    adam_d.step()
    adam_g.step()
    return d_loss, g_loss


def make_step(
    loop: str, model: str, image_shape: tuple[int, int, int], batch: int, device: Device
) -> Callable[[], Any]:
    """Return one training step on random images as a function without arguments.

    Parameters
    ----------
    loop : "plain", or "best" with channels last, fused Adam and the simultaneous update; where batch norm in D
        forbids that update, the alternating one with D frozen in G's step. "compiled" is the best loop over networks
        from ``torch.compile(mode="reduce-overhead")``, and "graph" is the best loop as one CUDA graph, on a GPU alone
    model, image_shape, batch, device : what is trained, on what, and where
    """
    import torch

    networks = build_networks(model, image_shape, rng=np.random.default_rng(0))
    h, w, c = image_shape
    x_real = torch.tanh(torch.randn(batch, c, h, w, device=device))
    z = torch.randn(batch, networks[0].input_shape[0], device=device)
    g, d = (to_torch(network, native_padding=True).to(device) for network in networks)
    options: dict[str, Any] = {"lr": 2e-4, "betas": (0.5, 0.999)}
    if loop != "plain":
        g, d, x_real = (each.to(memory_format=torch.channels_last) for each in (g, d, x_real))
        options |= {"fused": True, "capturable": loop == "graph"}
    adam_g, adam_d = (torch.optim.Adam(net.parameters(), **options) for net in (g, d))
    if loop == "compiled":
        g, d = (torch.compile(net, mode="reduce-overhead") for net in (g, d))

    def step() -> None:
        if loop == "compiled":
            torch.compiler.cudagraph_mark_step_begin()
        if loop == "plain" or networks[1].couples_samples:
            plain_step(g, d, adam_g, adam_d, x_real, z, freeze=loop != "plain")
        else:
            simultaneous_step(g, d, adam_g, adam_d, x_real, z)

    return _capture(step) if loop == "graph" else step


def _capture(step: Callable[[], Any]) -> Callable[[], Any]:
    """Return a function that repeats a step as one CUDA graph (as in PyTorch's notes on CUDA semantics)."""
    import torch

    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


def trace(task: Callable[[], Any]) -> list[Operation] | None:
    """Return what a call asks the GPU to do, in any library; None where PyTorch has no GPU. It sees no waits."""
    import torch
    from torch.profiler import ProfilerActivity, profile

    if not torch.cuda.is_available():
        return None
    with profile(activities=[ProfilerActivity.CUDA]) as profiler:
        task()
        torch.cuda.synchronize()
    events = (event for event in profiler.events() if event.device_type == torch.autograd.DeviceType.CUDA)
    return [operation(event.name, event.time_range.elapsed_us() / 1e6) for event in events]


def operation(name: str, seconds: float) -> Operation:
    """Return what an event of PyTorch's profiler says, such as ``Memcpy HtoD (Pageable -> Device)``."""
    if name.startswith("Memset"):
        return Operation("fill")
    if not name.startswith("Memcpy"):
        return Operation("product" if PRODUCT.search(name) else "kernel", seconds)
    if "HtoD" in name:
        return Operation("pageable upload" if "Pageable" in name else "upload")
    return Operation("download" if "DtoH" in name else "copy")


def device_memory() -> int:
    """Return the most bytes that PyTorch has held on the GPU."""
    import torch

    return torch.cuda.max_memory_reserved()
