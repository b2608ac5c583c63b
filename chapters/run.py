"""Run chapters in full and save their outputs: python chapters/run.py [primer 05 ...]; without names, it runs all.

Each notebook runs from its first cell to its last in a new kernel, and then the asserts of tests/chapters/ judge what
it has computed. Everything that changes from run to run is removed, and the figures are made small. The file is
replaced only when all this has succeeded. Its cell tagged "picture" gives the small picture of the chapter. The map of
the course tells how long it took: python chapters/pages.py writes it.
"""

import base64
import hashlib
import io
import os
import re
import sys
import time
from collections import Counter
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from PIL import Image

from minigan.files import atomic_path

HERE = Path(__file__).parent
ASSERTS = HERE.parent / "tests" / "chapters"
WIDTH = 240  # pixels of a small picture


def execute(path: Path) -> nbformat.NotebookNode:
    """Run the notebook in a new kernel, with one more cell at its end: what tests/chapters/ asserts of this chapter."""
    notebook = nbformat.read(path, as_version=4)
    asserts = (ASSERTS / f"{path.stem}.py").read_text(encoding="utf-8")
    notebook.cells.append(nbformat.v4.new_code_cell(asserts))
    resources = {"metadata": {"path": HERE}}  # coalesce_streams joins what a cell prints into one output
    NotebookClient(notebook, timeout=600, kernel_name="python3", coalesce_streams=True, resources=resources).execute()
    return notebook


def cleaned(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Return an executed notebook without its asserts and without what depends on the time and the place of its run."""
    notebook.cells.pop()
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"
        cell.metadata = {key: cell.metadata[key] for key in ("jupyter", "tags") if key in cell.metadata}
        for output in cell.get("outputs", []):
            output.get("metadata", {}).clear()
            data = output.get("data", {})
            if "image/png" in data:
                data["image/png"] = reduced(data["image/png"])
            if "image/svg+xml" in data:
                data["image/svg+xml"] = rounded(data["image/svg+xml"])
            if output.output_type == "error":  # the last line is enough; the others name folders
                output.traceback = [f"{output.ename}: {output.evalue}"]
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return notebook


def reduced(png: str) -> str:
    """Return a PNG, in base64, with at most 256 colours; it has a third of the size and looks the same."""
    image = Image.open(io.BytesIO(base64.b64decode(png)))
    file = io.BytesIO()
    image.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    return base64.b64encode(file.getvalue()).decode("ascii")


def rounded(svg: str) -> str:
    """Return an SVG with points to a hundredth, and without what changes nothing; it has less than half of the size."""
    svg = re.sub(r"\s*\n\s*", " ", svg)  # in a notebook, every line has its quotes and its indentation
    svg = re.sub(r"<metadata>.*?</metadata>\s*|<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"('DejaVu Sans', )[^;\"]*(sans-serif)", r"\1\2", svg)  # the list of other fonts
    svg = re.sub(r' transform="rotate\(-?0 [^"]*"| id="[\w.]+_\d+"', "", svg)  # nothing refers to these names
    places = re.compile(r'(?:\s(?:d|points|x|y)="|translate\()[^")]*')
    svg = places.sub(lambda found: re.sub(r"-?\d+\.\d{3,}", lambda n: f"{float(n[0]):.2f}", found[0]), svg)
    rules = ""
    for look, count in Counter(re.findall(r' style="([^"]*)"', svg)).items():
        if count > 2:  # the name depends on the look alone, because the figures of a page share their names
            name = "m" + hashlib.sha256(look.encode()).hexdigest()[:8]
            svg, rules = svg.replace(f' style="{look}"', f' class="{name}"'), f"{rules}.{name}{{{look}}}"
    return svg.replace("</style>", f"{rules}</style>", 1)


def take_picture(notebook: nbformat.NotebookNode) -> Image.Image:
    """Return the last image that the cell tagged "picture" shows, made small; no SVG keeps a copy in pixels."""
    images = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "picture" in cell.metadata.get("tags", []):
                frames = re.findall(r"data:image/webp;base64,([\w+/=]+)", data.get("text/html", ""))
                images += [data[kind] for kind in ("image/png", "image/gif") if kind in data] + frames[-1:]
            if "image/svg+xml" in data:
                data.pop("image/png", None)
    image = Image.open(io.BytesIO(base64.b64decode(images[-1])))
    image.seek(getattr(image, "n_frames", 1) - 1)
    image = image.convert("RGB")
    return image.resize((WIDTH, round(image.height * WIDTH / image.width)), Image.Resampling.LANCZOS)


def main(names: list[str]) -> None:
    """Run the chapters with these numbers (or the primer), or all if there are none."""
    os.environ.update(MINIGAN_STATIC="1", MINIGAN_FIGURES="svg,png")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the order of a sum, and so its last digit, depends on it
    os.environ.pop("MINIGAN_FAST", None)
    (HERE / "pictures").mkdir(exist_ok=True)
    for path in sorted(HERE.glob("*.ipynb")):
        if names and path.stem.split("_")[0] not in names:
            continue
        start = time.perf_counter()
        notebook = cleaned(execute(path))
        notebook.metadata["minigan"] = {"seconds": round(time.perf_counter() - start)}
        picture = take_picture(notebook)
        with atomic_path(path) as temporary:
            Path(temporary).write_text(re.sub(r"\n*$", "\n", nbformat.writes(notebook)), encoding="utf-8")
        with atomic_path(HERE / "pictures" / f"{path.stem}.png") as temporary:
            picture.quantize(64).save(temporary, optimize=True)
        print(f"{path.name}: {time.perf_counter() - start:.0f} s, {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
