"""Play: a page in which the reader plays with the two-dimensional game while it is trained."""

from .server import Server, start

__all__ = ["Server", "start"]
