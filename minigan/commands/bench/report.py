"""The result of `minigan bench` as tables."""

from typing import Any

LOOPS = {"plain": "PyTorch, plain loop", "best": "PyTorch, best loop"}


def report(result: dict[str, Any]) -> str:
    """Return the result of `bench` as a table, and the layers of each model as another."""
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
        lines.append("PyTorch was not measured; to install it, run pip install '.[parity]' in the folder of minigan")
    for each in results:
        if each["layers"]:
            lines += ["", *_layer_table(each)]
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
