"""The tables: for the page as HTML, for the terminal as text."""

from html import escape

MISSING = "–"


def number(value, digits=3):
    """A figure, or the value of a proportion."""
    if isinstance(value, dict):
        value = value["value"]
    return MISSING if value is None else f"{value:.{digits}f}"


def with_interval(share):
    """A proportion with its interval, for the page."""
    if not share or share["value"] is None:
        return MISSING
    return f"{share['value']:.3f} <small>({share['low']:.3f}–{share['high']:.3f})</small>"


def packs_of(report):
    """How many packs there are, in words."""
    count = len(report["packs"])
    return "1 pack" if count == 1 else f"{count} packs"


def size(count):
    """Bytes for people."""
    return f"{count / 1e6:.2f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"


def html(head, rows):
    """A table that scrolls sideways where it is too wide; cells are HTML."""
    cells = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table></div>'


def systems(found):
    """The comparison."""
    head = ["system", "label accuracy", "domain accuracy", "label, given domain", "AUROC out of scope",
            "FPR at 95 % recall", "ECE"]
    return head, [[escape(one["name"]), with_interval(one["labelAccuracy"]), with_interval(one["domainAccuracy"]),
                   number(one["labelGivenDomain"]), number(one["auroc"]), number(one["falsePositivesAt95Recall"]),
                   number(one["calibrationError"])] for one in found]


def outside(found):
    """What happens to texts out of scope, by source, with the packs that take most of them."""
    head = ["source", "texts", "taken by some pack (95 %)", "AUROC", "FPR at 95 % recall", "most by"]
    rows = []
    for one in found:
        worst = sorted(one["perPack"].items(), key=lambda entry: -entry[1]["hits"])[:3]
        most = ", ".join(f"{escape(pack.rpartition('/')[2])} {share['hits']}" for pack, share in worst if share["hits"])
        rows.append([escape(one["source"]), str(one["texts"]), with_interval(one["falseActivations"]),
                     number(one["auroc"]), number(one["falsePositivesAt95Recall"]), most or MISSING])
    return head, rows


def packs(found):
    sources = list(found[0]["falseActivations"])
    head = ["domain", "train", "test", "labels", "build s", "install s", "bytes", "recall", "precision",
            "accuracy alone", "composed", "frozen", "experts", "ships", *(f"takes of {source}" for source in sources)]
    return head, [[
        escape(one["domain"]), str(one["train"]), str(one["test"]), str(one["labels"]), number(one["buildSeconds"], 1),
        number(one["installSeconds"], 1), size(one["bytes"]), number(one["recall"]), number(one["precision"]),
        with_interval(one["soloAccuracy"]), number(one["composedAccuracy"]), number(one["frozenAccuracy"]),
        number(one["expertAccuracy"]), "experts" if one["shipsExperts"] else "frozen head",
        *(number(one["falseActivations"][source]) for source in sources),
    ] for one in found]


def ablation(found):
    head = ["shape", "label accuracy (95 %)", "mean of domains", "experts ship in", "all packs", "build s",
            "load imbalance", "router entropy", "dead experts"]
    return head, [[escape(one["name"]), with_interval(one["labelAccuracy"]), number(one["meanOfDomains"]),
                   f"{one['shipExperts']} of {one['packs']}", size(one["bytes"]), number(one["buildSeconds"], 0),
                   number(one["loadImbalance"], 2), number(one["routerEntropy"], 2), number(one["deadExperts"], 0)]
                  for one in found]


def facts(report):
    """What the figures hold for."""
    settings, data, totals = report["settings"], report["data"], report["totals"]
    outside = ", ".join(f"{escape(source)}: {count}" for source, count in data["outOfScope"].items())
    return [
        ["data", escape(", ".join(settings["data"]))],
        ["training, validation, eval and test texts",
         f"{data['train']}, {data['valid']}, {data['heldOut']}, {data['test']}"],
        ["texts out of scope", outside or "none"],
        ["limit for each domain", str(settings["limitPerDomain"] or "none")],
        ["labels omitted", escape(", ".join(settings["omittedLabels"])) or "none"],
        ["seed", str(settings["seed"])],
        ["digest of the splits", data["digest"][:16]],
        ["program", f"{escape(report['program']['version'])}, sha256 {report['program']['digest'][:16]}"],
        ["backbone", f"{escape(report['backbone']['name'])}, {report['backbone']['digest'][:23]}"],
        ["machine", f"{report['machine']['cpus']} CPUs, kernels {escape(report['machine']['kernels'])}"],
        ["building all packs", f"{totals['buildSeconds']:.1f} s"],
        ["all packs", size(totals["bytes"])],
    ]


def terminal(report):
    """The headline for standard output."""
    lines = _columns(
        ["system", "labels", "95 %", "domains", "AUROC", "FPR@95", "ECE"],
        [[one["name"], number(one["labelAccuracy"]), _interval(one["labelAccuracy"]), number(one["domainAccuracy"]),
          number(one["auroc"]), number(one["falsePositivesAt95Recall"]), number(one["calibrationError"])]
         for one in report["systems"]])
    shipped, flips, totals = report["shipped"], report["negativeFlips"], report["totals"]
    lines += ["", f"as shipped: coverage {number(shipped['coverage'])}, right where answered "
              f"{number(shipped['selectiveAccuracy'])}, own recall {number(shipped['ownRecall'])}"]
    lines += [f"out of scope, {one['source']}: {one['falseActivations']['hits']} of {one['texts']} taken by some pack "
              f"({number(one['falseActivations'])}), AUROC {number(one['auroc'])}" for one in report["outOfScope"]]
    lines += [f"negative flips: nearest {_flips(flips['forced'])}, as shipped {_flips(flips['shipped'])}",
              f"{packs_of(report)}: built in {totals['buildSeconds']:.1f} s, {size(totals['bytes'])}"]
    if report.get("ablation"):
        lines += [""] + _columns(
            ["shape of experts", "labels", "95 %", "ships", "bytes", "build s", "imbalance", "entropy", "dead"],
            [[one["name"], number(one["labelAccuracy"]), _interval(one["labelAccuracy"]),
              f"{one['shipExperts']}/{one['packs']}", size(one["bytes"]), number(one["buildSeconds"], 0),
              number(one["loadImbalance"], 2), number(one["routerEntropy"], 2), number(one["deadExperts"], 0)]
             for one in report["ablation"]["rows"]])
    return "\n".join(lines)


def _interval(share):
    return f"{share['low']:.3f}–{share['high']:.3f}" if share and share["value"] is not None else MISSING


def _flips(found):
    rate = found["rate"]
    return f"{rate['hits']} of {rate['count']} ({number(rate)}, {_interval(rate)})"


def _columns(head, rows):
    """Lines in columns, the first to the left and the others to the right."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    return ["  ".join(cell.ljust(width) if column == 0 else cell.rjust(width)
                      for column, (cell, width) in enumerate(zip(row, widths))).rstrip() for row in [head, *rows]]
