"""The style sheet of recovery tables.

It travels with each table, so every rule is bound to its class. Robot's log tells its theme by `data-theme`.
"""

_DARK = (
    "--text:var(--text-color,#e2e1d7);--paper:var(--background-color,#1c2227);--line:var(--secondary-color,#424f5a);"
    "--shade:#ffffff0d;--bad:#ff9b8f"
)
_LIGHT = (
    "--text:var(--text-color,#1b1f24);--paper:var(--background-color,#fff);--line:var(--secondary-color,#ccc);"
    "--shade:#0000000a;--bad:#c0320c"
)
_RULES = """;
container-type:inline-size;color:var(--text);background:var(--paper);white-space:normal;
font:13px/1.45 ui-sans-serif,system-ui,Helvetica,Arial,sans-serif;max-width:1200px;padding:6px;
--quiet:color-mix(in srgb,var(--text) 62%,var(--paper));
p{margin:4px 0;color:var(--quiet)}
table{border-collapse:collapse;table-layout:auto;width:100%;font:inherit;color:inherit;background:none}
tr{background:none;height:auto}
th,td{padding:3px 8px;border:0;border-bottom:1px solid var(--line);text-align:right;vertical-align:top;
white-space:nowrap;font-variant-numeric:tabular-nums;background:none;width:auto}
th{font-weight:400;color:var(--quiet)}
th:nth-child(-n+2),td.w-name{text-align:left}
td.w-name{white-space:normal;overflow-wrap:anywhere}
td.w-bad{color:var(--bad);font-weight:700}
td.w-none{color:var(--quiet)}
td[title]{cursor:help}
@container(max-width:700px){
thead{display:none}
table,tbody{display:block}
tr{display:grid;grid-template-columns:1fr 1fr 1fr;gap:4px 10px;padding:8px;margin:8px 0;border:1px solid var(--line);
background:var(--shade)}
td{border:0;padding:0;text-align:left}
td::before{content:attr(data-head);display:block;font-size:11px;font-weight:400;color:var(--quiet)}
td.w-name{grid-column:1/-1}
td.w-name::before{display:none}
td.w-name+td.w-name{font-weight:700}
}
"""
# Robot's log gives a message what time and level leave of the line: on a phone next to nothing.
_NARROW_LOG = (
    "@media(max-width:700px){.messages tr:has(.wireproof-recovery){display:block;height:auto}"
    ".messages tr:has(.wireproof-recovery)>td{display:inline-block}"
    ".messages tr:has(.wireproof-recovery)>td:has(.wireproof-recovery){display:block}"
    ".messages .wireproof-recovery tr{display:grid}}"
)

STYLE = (
    f".wireproof-recovery{{{_LIGHT}{_RULES}}}[data-theme=dark] .wireproof-recovery{{{_DARK}}}"
    f"@media(prefers-color-scheme:dark){{body:not([data-theme]) .wireproof-recovery{{{_DARK}}}}}{_NARROW_LOG}"
)
