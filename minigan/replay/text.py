"""How data stands in the page: as JSON and base64 that no HTML can break out of."""

import base64
import json
from typing import Any


def base64_of(data: bytes) -> str:
    """Return bytes in base64."""
    return base64.b64encode(data).decode("ascii")


def json_for_html(value: Any) -> str:
    """Return JSON that may stand in a script element: every < > & is escaped, so no text can end the element.

    >>> json_for_html("</script>")
    '"\\\\u003c/script\\\\u003e"'
    """
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
