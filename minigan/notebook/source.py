"""Shows the source code of the package in a chapter, so that no chapter holds a copy of it."""

import inspect
import textwrap
from typing import Any


def show_source(*things: Any) -> None:
    """Show the source code of functions, methods or classes of the installed package."""
    from IPython.display import Markdown, display

    for thing in things:
        code = textwrap.dedent(inspect.getsource(thing)).rstrip()
        display(Markdown(f"`{thing.__module__}.{thing.__qualname__}`\n```python\n{code}\n```"))
