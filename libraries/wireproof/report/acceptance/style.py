"""The style of acceptance tables; each word has a symbol too, for those who do not tell its colour."""

from dataclasses import dataclass

from wireproof.report.theme import TABLE, Colours, sheet

NAME = "wireproof-acceptance"
"""The class that everything here is bound to."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a verdict is painted."""

    name: str
    symbol: str


LOOKS = {
    "PASS": Look("pass", "✓"),
    "FAIL": Look("fail", "✕"),
    "INVALID": Look("invalid", "!"),
    "INCONCLUSIVE": Look("inconclusive", "?"),
    "not run": Look("notrun", "○"),
}

_COLOURS = Colours(
    light="--pass:#00704f;--doubt:#8a5a00;",
    dark="--pass:#4fd0a2;--doubt:#f0b84a;",
)
_RULES = f"""{TABLE}
p{{margin:4px 0;color:var(--quiet)}}
p.w-counts{{color:var(--text);font-size:15px}}
h2{{font-size:14px;margin:18px 0 4px;text-transform:capitalize}}
table{{width:100%}}
tbody th{{min-width:12em}}
tbody th{{text-align:left;white-space:normal;width:60%}}
thead th:nth-child(-n+2),td.w-word{{text-align:left}}
td.w-word{{font-weight:700}}
b{{font-weight:700}}
.w-why,.w-about{{display:block;overflow-wrap:anywhere;font-size:12px}}
.w-about{{color:var(--quiet)}}
.w-pass{{color:var(--pass)}}.w-fail{{color:var(--bad)}}.w-inconclusive,.w-invalid{{color:var(--doubt)}}
.w-notrun{{color:var(--quiet)}}
@container(max-width:800px){{
thead{{display:none}}
table,tbody{{display:block}}
tbody tr{{display:grid;grid-template-columns:repeat(auto-fill,minmax(88px,1fr));gap:4px 10px;padding:8px;margin:8px 0;
border:1px solid var(--line);background:var(--shade)}}
tbody td,tbody th{{border:0;padding:0;text-align:left;width:auto;white-space:normal}}
td.w-none{{display:none}}
td::before{{content:attr(data-head);display:block;font-size:11px;font-weight:400;color:var(--quiet)}}
td.w-word::before{{display:none}}
td.w-word,tbody th{{grid-column:1/-1}}
}}
"""

STYLE = sheet(NAME, _RULES, _COLOURS)
