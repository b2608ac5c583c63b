"""Run chapters in full and save their outputs: python chapters/run.py [05 06 ...]; without numbers, it runs all.

Each notebook runs from its first cell to its last in a new kernel. Everything that changes from run to run is removed,
and the pictures are reduced to 256 colours. The file is replaced only when the notebook is complete. Its cell tagged
"picture" gives the small picture of the chapter.
"""

import base64
import io
import os
import re
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from PIL import Image

from minigan.files import atomic_path

HERE = Path(__file__).parent
WIDTH = 240  # pixels of a small picture


def execute(path: Path) -> nbformat.NotebookNode:
    """Run the notebook in a new kernel, and return it without what depends on the time and the place of the run."""
    notebook = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": HERE}}  # coalesce_streams joins what a cell prints into one output
    NotebookClient(notebook, timeout=600, kernel_name="python3", coalesce_streams=True, resources=resources).execute()
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"
        cell.metadata = {key: cell.metadata[key] for key in ("jupyter", "tags") if key in cell.metadata}
        for output in cell.get("outputs", []):
            output.get("metadata", {}).clear()
            if "image/png" in output.get("data", {}):
                output.data["image/png"] = reduced(output.data["image/png"])
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


def picture(notebook: nbformat.NotebookNode) -> Image.Image:
    """Return the last image that the cell tagged "picture" shows, made small."""
    (cell,) = (cell for cell in notebook.cells if "picture" in cell.metadata.get("tags", []))
    images = [
        output.data[kind]
        for output in cell.outputs
        for kind in ("image/png", "image/gif")
        if kind in output.get("data", {})
    ]
    image = Image.open(io.BytesIO(base64.b64decode(images[-1])))
    image.seek(getattr(image, "n_frames", 1) - 1)
    image = image.convert("RGB")
    return image.resize((WIDTH, round(image.height * WIDTH / image.width)), Image.Resampling.LANCZOS)


def main(numbers: list[str]) -> None:
    """Run the chapters with these numbers, or all chapters if there are none."""
    os.environ["MINIGAN_STATIC"] = "1"
    os.environ.pop("MINIGAN_FAST", None)
    (HERE / "pictures").mkdir(exist_ok=True)
    for path in sorted(HERE.glob("[0-9][0-9]_*.ipynb")):
        if numbers and path.name[:2] not in numbers:
            continue
        start = time.perf_counter()
        notebook = execute(path)
        with atomic_path(path) as temporary:
            Path(temporary).write_text(re.sub(r"\n*$", "\n", nbformat.writes(notebook)), encoding="utf-8")
        with atomic_path(HERE / "pictures" / f"{path.stem}.png") as temporary:
            picture(notebook).quantize(64).save(temporary, optimize=True)
        print(f"{path.name}: {time.perf_counter() - start:.0f} s, {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
