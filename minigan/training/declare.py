"""How the options of a training run are declared: default, help, group and check stand side by side."""

import dataclasses
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from .. import validation

# The groups of `minigan train --help`, in the order in which they are shown.
GROUPS = {
    "common": "the options that most runs need",
    "game": "what the two players try to reach, and how they take turns",
    "data": "how the samples reach the discriminator",
    "networks": "the generator and the discriminator",
    "optimisation": "how the weights are changed, how long and where",
    "regularisation": "what keeps the discriminator in bounds",
    "output": "what is printed and written",
}

Check = Callable[[str, Any], Any]


def option(
    default: Any, group: str, text: str, *, check: Check | None = None, choices: Iterable[str] | None = None
) -> Any:
    """Declare one field of `TrainConfig`.

    Parameters
    ----------
    default : the value when the option is left out; None leaves it open
    group : one of `GROUPS`
    text : the sentence that `--help` shows
    check : takes the field's name and a value; returns the value in its plain type, or raises ``InputError``.
        Without a check the value must be one of ``choices``
    choices : the names that `--help` lists; a registry may be given, and is read when it is needed
    """
    assert group in GROUPS
    if check is None:
        assert choices is not None
        check = partial(validation.one_of, choices=choices)
    metadata = {"help": text, "group": group, "check": check, "choices": choices}
    return dataclasses.field(default=default, metadata=metadata)


def check_options(config: Any, declared: type) -> None:
    """Run the check of every field that was declared in ``declared``, and keep the value in its plain type.

    None passes where it is the field's default in the class of ``config``: the option is open, or means "none".
    """
    defaults = {field.name: field.default for field in dataclasses.fields(config)}
    for field in dataclasses.fields(declared):
        value = getattr(config, field.name)
        if value is not None or defaults[field.name] is not None:
            object.__setattr__(config, field.name, field.metadata["check"](field.name, value))
