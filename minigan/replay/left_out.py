"""A part of the page that is left out: the reason is a sentence, and the page shows it instead."""


class LeftOut(Exception):
    """A part cannot be shown; the message is a sentence that says why."""
