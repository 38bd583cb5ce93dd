"""A strict reader of reports."""

from timelines import DRAWN, Reader

_TAGS = "h2 h3 section table thead tbody tr th td text desc"


class PageReader(Reader):
    """Reads a report and refuses what is unbalanced, unknown or active."""

    drawn = DRAWN | frozenset(_TAGS.split())

    def attributes(self, tag: str) -> list[dict[str, str]]:
        """Those of every element of that tag."""
        return [attributes for name, attributes in self.elements if name == tag]

    def inside(self, tag: str) -> list[str]:
        """The texts directly in elements of that tag."""
        return [text for around, text in self.texts if around and around[-1] == tag]
