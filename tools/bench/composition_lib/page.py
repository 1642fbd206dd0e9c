"""The report as one HTML page: no script, nothing from outside, light and dark, wide and narrow."""

from html import escape

from . import charts, tables
from .ablation import DEFAULT
from .measures import BINS

STYLE = """
:root{color-scheme:light dark;--paper:#fcfcfa;--ink:#1c1d1f;--soft:#62666d;--rule:#dcdcd6;--own:#1f6f8b;--other:#8a8d93;
--o0:#c2571a;--o1:#7a4fa3;--o2:#4d7c2a;--o3:#a8325e;--full:#fff}
@media (prefers-color-scheme:dark){:root{--paper:#17181a;--ink:#e8e8e4;--soft:#a0a4ab;--rule:#34363a;--own:#5cb8d6;
--other:#8e9299;--o0:#ee8f52;--o1:#b793dd;--o2:#92c46b;--o3:#e57fa5;--full:#0d1b20}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1.2rem 1rem 4rem;max-width:68rem;background:var(--paper);color:var(--ink);
font:15px/1.5 system-ui,sans-serif}
h1{font-size:1.5rem;line-height:1.2;margin:.5rem 0}h2{font-size:1.12rem;margin:2.4rem 0 .4rem}
h3{font-size:.95rem;margin:.8rem 0 .2rem}p{margin:.3rem 0 .8rem;max-width:46rem}.soft{color:var(--soft)}
.wide{overflow-x:auto}.grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,20rem),1fr));gap:1rem}
.small-grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,14rem),1fr));gap:1rem}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:.6rem;margin:1rem 0}
.figures div{border:1px solid var(--rule);border-radius:6px;padding:.5rem .7rem}
.figures b{display:block;font-size:1.3rem;font-variant-numeric:tabular-nums}
.figures span{color:var(--soft);font-size:.8rem}
table{border-collapse:collapse;font-size:.84rem;font-variant-numeric:tabular-nums}
th,td{padding:.25rem .7rem .25rem 0;text-align:right;white-space:nowrap;border-bottom:1px solid var(--rule)}
th:first-child,td:first-child{text-align:left}td:first-child{white-space:normal;min-width:8rem}
th{color:var(--soft);font-weight:500;vertical-align:bottom}
td small{color:var(--soft)}
svg{display:block;width:100%;height:auto}svg text{fill:var(--ink);font:12px system-ui,sans-serif}
svg .small{fill:var(--soft);font-size:11px}svg .strong{font-weight:600}svg .count{font-size:9px}
svg .full{fill:var(--full)}svg .over{paint-order:stroke;stroke:var(--paper);stroke-width:4px}
line.grid{stroke:var(--rule);shape-rendering:crispEdges}.axis{stroke:var(--soft)}
.diagonal{stroke:var(--soft);stroke-dasharray:3 3}
.whisker{stroke-width:2}.whisker.own{stroke:var(--own)}.whisker.other{stroke:var(--other)}.mark.own{fill:var(--own)}
.mark.other{fill:var(--other)}.cell{fill:var(--own)}.curve{fill:none;stroke-width:1.5}.curve.own{stroke:var(--own)}
.area.own{fill:var(--own);fill-opacity:.35}.outside-0{stroke:var(--o0)}.outside-1{stroke:var(--o1)}
.outside-2{stroke:var(--o2)}.outside-3{stroke:var(--o3)}
.key i{display:inline-block;width:.8rem;height:.5rem;margin:0 .3rem 0 .8rem}details{margin:.5rem 0}
"""

RELIABILITY = {
    "nearest": "Label, nearest pack answers",
    "perfectRouter": "Label, its own pack answers",
    "shipped": "Answer as shipped: probability × weight",
    "responsible": "“Mine, not background”: sigmoid of the margin",
}


def page(report):
    """The whole page."""
    parts = [_head(report), _comparison(report), _thresholds(report), _packs(report), _flips(report),
             _confusion(report), _reliability(report), _ablation(report), _method(report)]
    return ('<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
            'content="width=device-width,initial-scale=1"><title>moe-pack: composition</title>'
            f"<style>{STYLE}</style></head><body>\n" + "\n".join(filter(None, parts)) + "\n</body></html>\n")


def _head(report):
    data, packs = report["data"], report["systems"][0]
    figures = [
        (tables.number(packs["labelAccuracy"]), "label accuracy, nearest pack answers"),
        (tables.number(packs["domainAccuracy"]), "domain accuracy"),
        (tables.number(packs["auroc"]), "AUROC, own against out of scope"),
        (tables.number(report["shipped"]["coverage"]), "of own texts answered, as shipped"),
        (tables.number(report["shipped"]["selectiveAccuracy"]), "of those answered right"),
        (tables.number(report["negativeFlips"]["forced"]["rate"]), "negative flips against a pack alone"),
    ]
    cells = "".join(f"<div><b>{value}</b><span>{escape(name)}</span></div>" for value, name in figures)
    return (f"<h1>{tables.packs_of(report)}, trained apart, in one model</h1>"
            f'<p class="soft">{data["labels"]} labels, {data["train"]} training and {data["test"]} test texts; '
            f'moe-pack {escape(report["program"]["version"])} on {escape(report["backbone"]["name"])}.</p>'
            f'<div class="figures">{cells}</div>')


def _comparison(report):
    systems = report["systems"]
    panels = "".join(
        f"<div><h3>{title}</h3>{charts.dots(title, [(s['name'], s[key], s['isPacks']) for s in systems])}</div>"
        for key, title in (("labelAccuracy", "Label accuracy"), ("domainAccuracy", "Domain accuracy")))
    return ("<h2>Beside the anchors</h2><p>Every system was trained on the same texts and asked the same ones. The "
            "packs never saw each other’s texts; a joint system saw all of them at once. Bars are 95 % intervals "
            f'(Wilson).</p><div class="grid">{panels}</div>' + tables.html(*tables.systems(systems)))


def _thresholds(report):
    found, histogram = report["outOfScope"], report["margins"]
    rows = [[escape(name), tables.with_interval(report["shipped"][key])] for name, key in (
        ("own texts that some pack answers (coverage)", "coverage"),
        ("of those, answered right (selective accuracy)", "selectiveAccuracy"),
        ("own texts that their own pack answers (own recall)", "ownRecall"),
        ("own texts answered right", "answeredRight"))]
    parts = ["<h2>At the thresholds the packs ship with</h2>", tables.html(["", "share (95 %)"], rows)]
    if found:
        parts += ["<h3>Texts that are no pack’s</h3>", tables.html(*tables.outside(found))]
    if histogram:
        names = [name for name in histogram["shares"] if name != "own"]
        keys = "".join(f'<i style="background:var(--o{number % 4})"></i>{escape(name)}'
                       for number, name in enumerate(names))
        parts += ["<h3>The greatest margin</h3>", charts.margins("Greatest margin of own texts and others", histogram),
                  f'<p class="key"><i style="background:var(--own)"></i>own texts{keys}. Shares of each group; the '
                  "outermost half per cent is counted in the end bins.</p>"]
    return "".join(parts)


def _packs(report):
    return ("<h2>Packs</h2><p>Recall: own test texts for which the pack is selected. Precision: of the test texts "
            "whose best answer is this pack’s, those that are its own. Frozen and experts: accuracy on the build’s own "
            "validation texts; the better one ships.</p>" + tables.html(*tables.packs(report["packs"]))
            + _refusals(report["packs"]))


def _refusals(packs):
    refused = [pack for pack in packs if pack["refusal"]]
    if not refused:
        return ""
    items = "".join(f"<li>{escape(pack['pack'])}: {escape(pack['refusal'])}</li>" for pack in refused)
    return f"<p>The regression suite refused these; they were installed unproven:</p><ul>{items}</ul>"


def _flips(report):
    rows = [[escape(name), tables.with_interval(report["negativeFlips"][key]["rate"]),
             str(len(report["negativeFlips"][key]["texts"]))] for name, key in (
        ("the nearest pack answers, against the pack named", "forced"),
        ("as shipped, against the pack installed alone", "shipped"))]
    return ("<h2>Negative flips</h2><p>Texts that a pack answers right by itself and the composition does not. "
            "The texts stand in report.json.</p>" + tables.html(["", "rate (95 %)", "texts"], rows))


def _confusion(report):
    return ("<h2>Who answers whose texts</h2>"
            '<p>Rows: whose text; columns: whose answer.</p><h3>The nearest pack</h3><div class="wide">'
            + charts.heat_map("Domain by nearest pack", report["confusion"]["forced"])
            + '</div><h3>As shipped, with what is out of scope</h3><div class="wide">'
            + charts.heat_map("Domain by answering pack", report["confusion"]["shipped"]) + "</div>")


def _reliability(report):
    panels = "".join(
        f"<div><h3>{escape(title)}</h3>{charts.reliability(title, report['reliability'][key])}"
        f'<p class="soft">ECE {tables.number(report["reliability"][key]["error"])}</p></div>'
        for key, title in RELIABILITY.items())
    return (f"<h2>Calibration</h2><p>In {BINS} bins of equal width, a dot’s area being its share of the texts. In the "
            "last one, own texts and texts out of scope count half each, as in the packs’ own calibration.</p>"
            f'<div class="small-grid">{panels}</div>')


def _ablation(report):
    found = report.get("ablation")
    if not found:
        return ""
    rows = [(row["name"], row["labelAccuracy"], row["name"] == DEFAULT) for row in found["rows"]]
    return ("<h2>Shapes of experts</h2>"
            f"<p>Each pack asked its own {found['test']} test texts, built from {found['train']} training texts. Where "
            "experts do not beat the frozen head on validation texts, the head ships alone. Load imbalance is the "
            "greatest expert’s share of the tokens times the number of experts (1 is even), router entropy a share of "
            "its greatest value, both means over all routers on validation texts.</p>"
            f'<div class="grid"><div>{charts.dots("Label accuracy by shape", rows)}</div></div>'
            + tables.html(*tables.ablation(found["rows"])))


def _method(report):
    out = "".join(f"<li>{count} × {escape(why)}</li>" for why, count in report["data"]["leftOut"].items())
    return ("<h2>How it was measured</h2>" + tables.html(["", ""], tables.facts(report))
            + (f"<details><summary>Lines left out of the data</summary><ul>{out}</ul></details>" if out else ""))
