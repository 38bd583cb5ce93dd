"""Evidence as markup: the last door before HTML."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from wireproof.report.theme import PAGE
from wireproof.wiretext import safe

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""Nothing is loaded and nothing runs, whatever a text from the wire looks like."""


def shown(text: object, limit: int = 200) -> str:
    """Text as content of an element: safe, cut, escaped."""
    line = safe(text, 10 * limit)
    return escape(line if len(line) <= limit else f"{line[:limit]}…", quote=False)


def for_log(html: str) -> str:
    """Markup for a log, which may be read as ASCII, in any encoding and mode of a browser."""
    return html.encode("ascii", "xmlcharrefreplace").decode()


def document(title: str, body: str, style: str = "") -> str:
    """A page of its own: offline, without scripts."""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{shown(title)}</title><style>{PAGE}{style}</style></head><body>"
        f"<h1>{shown(title, 300)}</h1>{body}</body></html>\n"
    )


@dataclass(frozen=True, slots=True)
class Table:
    """Numbers for those who do not see a chart, and for those who want them exactly.

    Attributes:
        caption: what it shows; empty where that is clear.
        heads: the columns; the first names the row.
        rows: texts, as many as there are columns; they are made safe here.
        is_folded: shown only when asked for.
    """

    caption: str
    heads: Sequence[str]
    rows: Iterable[Sequence[object]]
    is_folded: bool = False

    def __str__(self) -> str:
        heads = "".join(f'<th scope="col">{shown(head)}</th>' for head in self.heads)
        body = "".join(f"<tr>{self._cells(row)}</tr>" for row in self.rows)
        table = f'<div class="w-numbers"><table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>'
        if self.is_folded:
            return f"<details><summary>{shown(self.caption)}</summary>{table}</details>"
        return f"<p>{shown(self.caption)}</p>{table}" if self.caption else table

    @staticmethod
    def _cells(row: Sequence[object]) -> str:
        first, *rest = (shown(cell) for cell in row)
        return f'<th scope="row">{first}</th>' + "".join(f"<td>{cell}</td>" for cell in rest)
