"""The style of charts: colours of Okabe and Ito, which the colour-blind tell apart, and dashes for everybody."""

from wireproof.report.theme import TABLE, Colours, sheet

_LIGHT = (
    "--c1:#0072b2;--c2:#d55e00;--c3:#00805d;--c4:#b0508c;--c5:#3a94cf;--c6:#b87a00;"
    "--calm:#8882;--drain:#8881;--fault:#e88b0033;--service:#a35200;"
)
_DARK = (
    "--c1:#56b4e9;--c2:#ff8a3d;--c3:#1fc79a;--c4:#e29ac4;--c5:#9ccfee;--c6:#f0c04a;"
    "--calm:#8883;--drain:#8882;--fault:#ffb86b2e;--service:#ffb86b;"
)
_DASHES = ("", "7 3", "2 3", "9 3 2 3", "14 4", "4 2 1 2")
_RULES = (
    f"{TABLE}"
    "h3{font-size:14px;font-weight:600;margin:14px 0 2px}"
    "p{margin:4px 0;color:var(--quiet)}"
    "svg{display:block;overflow:visible}"
    "section>svg>svg{overflow:hidden}"
    "text{font-size:11px;fill:var(--quiet);stroke:var(--paper);stroke-width:3px;paint-order:stroke;"
    "stroke-linejoin:round}"
    "text.w-limit{fill:var(--bad)}text.w-fault{fill:var(--service)}"
    "path{fill:none;stroke:currentColor;stroke-width:1.8;stroke-linecap:round;vector-effect:non-scaling-stroke}"
    "path.w-grid{stroke:var(--line);stroke-width:1;opacity:.6}"
    "path.w-limit{stroke:var(--bad);stroke-width:1.5;stroke-dasharray:12 4}"
    "rect.w-warm-up{fill:var(--calm)}rect.w-drain{fill:var(--drain)}rect.w-fault{fill:var(--fault)}"
    ".w-legend{font-size:11px;display:flex;flex-wrap:wrap;gap:0 14px}"
    ".w-legend i{width:14px;height:10px;border:1px solid var(--line)}"
    "i.w-warm-up{background:var(--calm)}i.w-drain{background:var(--drain)}i.w-fault{background:var(--fault)}"
    ".w-legend span{display:flex;align-items:center;gap:5px}"
    + "".join(
        f"path.w-c{number}{{stroke:var(--c{number});stroke-dasharray:{dashes or 'none'}}}"
        for number, dashes in enumerate(_DASHES, 1)
    )
)

NAME = "wireproof-load"
"""The class that everything here is bound to."""


def style(rules: str) -> str:
    """The style sheet, with what the element around the charts needs beside it."""
    return sheet(NAME, f"{_RULES}{rules}", Colours(_LIGHT, _DARK))
