"""The look that all evidence shares: colours of Robot's log, light and dark, bound to one element each.

A style travels with each piece of evidence, so every rule is bound to its class. Robot's log tells its theme by
`data-theme`; pages without it follow the reader's system.
"""

from dataclasses import dataclass

_LIGHT = (
    "--text:var(--text-color,#1b1f24);--paper:var(--background-color,#fff);--line:var(--secondary-color,#ccc);"
    "--shade:#0000000a;--bad:#c0320c;"
)
_DARK = (
    "--text:var(--text-color,#e2e1d7);--paper:var(--background-color,#1c2227);--line:var(--secondary-color,#424f5a);"
    "--shade:#ffffff0d;--bad:#ff9b8f;"
)
_BASE = (
    "container-type:inline-size;color:var(--text);background:var(--paper);white-space:normal;"
    "font:13px/1.45 ui-sans-serif,system-ui,Helvetica,Arial,sans-serif;max-width:1200px;padding:6px;"
    "--quiet:color-mix(in srgb,var(--text) 62%,var(--paper));"
    "a{color:var(--link-color,var(--text));text-decoration:underline}"
    "details{margin:6px 0}summary{cursor:pointer}"
)
TABLE = (
    "table{border-collapse:collapse;table-layout:auto;width:auto;font:inherit;color:inherit;background:none}"
    "tr{background:none;height:auto}"
    "th,td{padding:3px 10px 3px 0;border:0;border-bottom:1px solid var(--line);text-align:right;vertical-align:top;"
    "white-space:nowrap;font-variant-numeric:tabular-nums;background:none;width:auto;font-weight:400}"
    "th{color:var(--quiet)}th:first-child{text-align:left}"
    "tbody th{color:var(--text);white-space:normal;overflow-wrap:anywhere;min-width:7em}"
    ".w-numbers{overflow-x:auto}"
)
"""Rules of tables, against those that Robot's log has for every table in it."""

PAGE = (
    ":root{color-scheme:light dark}"
    "body{margin:0 auto;padding:12px;max-width:1200px;font-family:ui-sans-serif,system-ui,Helvetica,Arial,sans-serif;"
    "background:#fff;color:#1b1f24}h1{font-size:17px;margin:4px 0 8px;overflow-wrap:anywhere}"
    "@media(prefers-color-scheme:dark){body{background:#1c2227;color:#e2e1d7}}"
)
"""What a page of its own has around its evidence."""


@dataclass(frozen=True, slots=True)
class Colours:
    """Custom properties for either theme, such as `--up:#0b5cc4;`."""

    light: str = ""
    dark: str = ""


def sheet(name: str, rules: str, colours: Colours) -> str:
    """The style sheet of elements with class `name`.

    Args:
        name: the class.
        rules: nested rules; they may use the colours, and --text, --paper, --line, --shade, --bad and --quiet.
        colours: what these elements need beyond the colours that all have.
    """
    dark = f"{_DARK}{colours.dark}"
    return (
        f".{name}{{{_LIGHT}{colours.light}{_BASE}{rules}}}[data-theme=dark] .{name}{{{dark}}}"
        f"@media(prefers-color-scheme:dark){{body:not([data-theme]) .{name}{{{dark}}}}}{_narrow_log(name)}"
    )


def _narrow_log(name: str) -> str:
    """Robot's log gives a message what time and level leave of the line: on a phone next to nothing."""
    return (
        f"@media(max-width:700px){{.messages tr:has(.{name}){{display:block;height:auto}}"
        f".messages tr:has(.{name})>td{{display:inline-block}}"
        f".messages tr:has(.{name})>td:has(.{name}){{display:block}}}}"
    )
