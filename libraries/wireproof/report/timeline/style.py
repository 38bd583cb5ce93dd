"""The style sheet of timelines."""

from wireproof.report.theme import Colours, sheet

_COLOURS = Colours(
    light=(
        "--up:#0b5cc4;--down:#0a7a53;--store:#7b3fc4;--service:#a35200;--mark:#7d6200;--wait:#ce3e011a;--fault:#e88b0033;"
    ),
    dark=(
        "--up:#7db7ff;--down:#62d2a2;--store:#cfa8ff;--service:#ffb86b;--mark:#f2d060;--wait:#ff6b5a26;--fault:#ffb86b2e;"
    ),
)
_RULES = """
p{margin:4px 0;color:var(--quiet)}
a{color:var(--link-color,var(--up))}
.w-lanes{display:grid;grid-template-columns:fit-content(9em) 1fr;column-gap:8px;align-items:center;margin:8px 0 2px;
position:relative;isolation:isolate}
.w-lanes>b{font-weight:400;text-align:right;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;color:var(--quiet)}
.w-lanes>b.w-named{font-weight:700;color:var(--text)}
svg{display:block;width:100%;height:24px;background:var(--shade);border-bottom:1px solid var(--paper)}
svg.w-all{position:absolute;inset:0;height:100%;grid-column:2;z-index:-1;background:none;border:0}
.w-flags,.w-axis{position:relative;height:18px;font-size:11px;overflow:hidden;color:var(--quiet)}
.w-flags span,.w-axis span{position:absolute;white-space:nowrap}
.w-axis span{border-left:1px solid var(--line);padding-left:3px}
.w-flags span{border-left:2px solid var(--mark);padding-left:3px;box-sizing:border-box}
.w-flags span{overflow:hidden;text-overflow:ellipsis}
.w-flags span.w-fault{border-color:var(--service)}
path{fill:none;stroke:currentColor;stroke-width:1.8;vector-effect:non-scaling-stroke}
path.w-dot{stroke-width:7;stroke-linecap:round}
path.w-told{stroke-width:4}
path.w-dot.w-told{stroke-width:11}
path.w-failure{stroke-width:4}
path.w-life{stroke:var(--quiet);stroke-width:1}
rect{stroke:none}
rect.w-wait{fill:var(--wait)}
rect.w-fault{fill:var(--fault)}
rect.w-outage{fill:var(--wait);stroke:var(--bad)}
.w-up{color:var(--up)}
.w-down{color:var(--down)}
.w-quiet,.w-link{color:var(--quiet)}
.w-bad,.w-failure{color:var(--bad)}
.w-store{color:var(--store)}
.w-service,.w-fault{color:var(--service)}
.w-mark{color:var(--mark)}
.w-legend{font-size:11px;display:flex;flex-wrap:wrap;gap:0 14px}
.w-legend .w-waiting{background:var(--wait);color:var(--text);padding:0 4px}
ol{list-style:none;margin:0;padding:0}
details{margin:6px 0}
summary{cursor:pointer;color:var(--link-color,var(--up))}
li{display:grid;grid-template-columns:5.5em 1.6em minmax(0,1fr);padding:1px 0;border-top:1px solid var(--shade)}
li i{font-style:normal;text-align:right;padding-right:8px;color:var(--quiet);font-variant-numeric:tabular-nums}
li s{text-decoration:none;text-align:center}
li span{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
li.w-told span,li.w-failure span{white-space:normal;overflow-wrap:anywhere}
li b{margin-right:8px;color:var(--text)}
li q{quotes:none;font:12px/1.4 ui-monospace,Menlo,Consolas,monospace;color:var(--text)}
li.w-quiet q,li.w-quiet b{color:var(--quiet)}
li.w-told{background:var(--wait);box-shadow:inset 3px 0 var(--bad)}
li.w-under{background:var(--fault)}
li.w-failure{font-weight:700}
li.w-pause{display:block;text-align:center;color:var(--quiet);font-size:11px}
li.w-pause span{border:1px dashed var(--line);border-radius:9px;padding:0 10px}
@container(max-width:600px){
.w-lanes{grid-template-columns:fit-content(6em) 1fr;column-gap:4px}
.w-lanes>b{font-size:11px}
li{grid-template-columns:4.6em 1.4em minmax(0,1fr)}
li span{white-space:normal;overflow-wrap:anywhere;display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:3}
li.w-told span,li.w-failure span{-webkit-line-clamp:none}
li.w-pause span{display:inline-block}
}
"""
STYLE = sheet("wireproof-timeline", _RULES, _COLOURS)
PAGE_STYLE = (
    "body .wireproof-timeline{padding:0}.message{color:#c0320c;font-size:14px;overflow-wrap:anywhere}"
    "@media(prefers-color-scheme:dark){.message{color:#ff9b8f}}"
)
