"""Replay: one page of HTML that shows a run, and whose generator runs in the browser."""

from .page import save_page

__all__ = ["save_page"]
