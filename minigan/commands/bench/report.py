"""The result of `minigan bench` as tables."""

from typing import Any

LOOPS = {"plain": "PyTorch, plain loop", "best": "PyTorch, best loop"}
PARTS = {
    "products": "matrix products",
    "transforms": "transforms of convolutions",
    "elementwise": "elementwise, and sums",
    "optimisers": "Adam and the average",
    "draws": "draws and batches",
    "rest": "losses, Python and the rest",
}


def report(result: dict[str, Any]) -> str:
    """Return the result of `bench` as a table, and what else was asked for as other tables."""
    results = list(result.get("models", {None: result}).values())
    first = results[0]
    versions = ", ".join(f"{name} {number}" for name, number in first["versions"].items())
    lines = [
        f"batch {first['batch_size']}, {first['device']}, {first['cores']} cores; {versions}",
        f"{'ms per step':<28} {'median':>8} {'min':>8} {'images/s':>9} {'peak MB':>8} {'threads':>8} {'ratio':>18}",
    ]
    for each in results:
        lines.append(_row(f"{each['model']}, {each['update']}", each))
        if each["plain"]:
            lines.append(_row("  minigan, plain", each["plain"], each["plain"]["ratio"]))
        for loop, theirs in (each["torch"] or {}).items():
            lines.append(_row(f"  {LOOPS[loop]}", theirs, each["ratio"][loop]))
    lines.append("ratio: the time of this row over the time of minigan; above 1, minigan is faster")
    if first["torch"]:
        lines.append("best loop: one pass of the fakes through D serves both players, where D allows it")
    else:
        lines.append("PyTorch was not measured; pip install '.[parity]' in the folder of minigan installs it")
    for each in results:
        if each["layers"]:
            lines += ["", *_layer_table(each)]
        if each["profile"]:
            lines += ["", *_profile_table(each)]
    if first["operations"]:
        lines += ["", *_operations_table(results)]
    return "\n".join(lines)


def _row(name: str, timed: dict[str, Any], ratio: dict[str, float] | None = None) -> str:
    ms, memory, launches = timed["step_ms"], timed["peak_memory_mb"], timed["launches"]
    return (
        f"{name:<28} {ms['median']:>8.2f} {ms['min']:>8.2f} {timed['images_per_second']:>9,.0f} "
        f"{'-' if memory is None else round(memory):>8} {timed['threads']:>8} "
        f"{'' if ratio is None else '{median:.2f} (min {min:.2f})'.format(**ratio):>18}"
        f"{'' if launches is None else f'  {launches} launches'}"
    ).rstrip()


def _layer_table(result: dict[str, Any]) -> list[str]:
    rows, rest = result["layers"]["rows"], result["layers"]["rest_ms"]
    names = [f"{row['network']}  {row['layer']}" for row in rows]
    width = max(map(len, names))
    return [
        f"{result['model'] + ', ms per step':<{width}} {'forward':>9} {'backward':>9}",
        *(
            f"{name:<{width}} {row['forward_ms']:>9.3f} {row['backward_ms']:>9.3f}"
            for name, row in zip(names, rows, strict=True)
        ),
        f"{'losses, optimisers and the rest':<{width}} {rest:>9.3f}",
    ]


def _profile_table(result: dict[str, Any]) -> list[str]:
    profile = result["profile"]
    title = f"{result['model']}, a whole step"
    lines = [f"{title:<32} {'ms':>8} {'share':>6} {'GFLOP/s':>8} {'GB/s':>6} {'of the limit':>13}"]
    for row, name in PARTS.items():
        part = profile["rows"][row]
        lines.append(
            f"{name:<32} {part['ms']:>8.2f} {part['ms'] / profile['total_ms']:>6.0%} "
            f"{_rate(part['gflop'], part['ms']):>8} {_rate(part['gb'], part['ms']):>6} "
            f"{'-' if part['limit'] is None else format(part['limit'], '.0%'):>13}"
        )
    return [
        *lines,
        f"{'total':<32} {profile['total_ms']:>8.2f}",
        f"{'a step that nobody takes apart':<32} {profile['undisturbed_ms']:>8.2f}",
        f"limits: {profile['gflops']:.0f} GFLOP/s in a large product, {profile['copy_gbs']:.0f} GB/s in a large copy; "
        "arrays that fit in a cache can be moved faster",
    ]


def _rate(billions: float, ms: float) -> str:
    return f"{1000 * billions / ms:.0f}" if billions and ms else "-"


def _operations_table(results: list[dict[str, Any]]) -> list[str]:
    kinds = [kind for kind in results[0]["operations"] if kind != "kernel_ms"]
    lines = [
        f"{'a whole step on the GPU':<28} {' '.join(f'{kind:>{max(8, len(kind))}}' for kind in kinds)} {'busy, ms':>9}"
    ]
    for each in results:
        counts = each["operations"]
        numbers = " ".join(f"{counts[kind]:>{max(8, len(kind))}g}" for kind in kinds)
        lines.append(f"{each['model'] + ', ' + each['update']:<28} {numbers} {counts['kernel_ms']:>9.3f}")
    return [*lines, "kernel: all but those of matrix products; total: all but the waits; busy: while kernels ran"]
