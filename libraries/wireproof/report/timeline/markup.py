"""Text as markup: the last door before HTML."""

from html import escape

from wireproof.wiretext import safe


def shown(text: str, limit: int) -> str:
    """Text as content of an element or a quoted attribute: safe, cut, escaped."""
    line = safe(text, 10 * limit)
    return escape(line if len(line) <= limit else f"{line[:limit]}…", quote=False)
