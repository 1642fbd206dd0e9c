"""Puts everything that was measured into one document, from which page and headline are made."""

import os

from . import findings


def make_report(options, program, splits, records, composed):
    """The report, as report.json holds it; anchors and ablation are added to it when they are there."""
    return {
        "settings": _settings(options),
        "program": {"version": program.version, "digest": program.digest},
        "backbone": {key: program.backbone[key] for key in ("name", "digest", "profile")},
        "machine": {"cpus": os.cpu_count(), "kernels": program.backbone["kernels"]},
        "data": _data(splits),
        "totals": {"buildSeconds": sum(record["seconds"] for record in records),
                   "bytes": sum(record["bytes"] for record in records),
                   "installSeconds": sum(install["seconds"] for install in composed.installs),
                   "predictSeconds": composed.seconds},
        "systems": [system | {"isPacks": True} for system in findings.systems(composed)],
        "shipped": findings.shipped_figures(composed),
        "outOfScope": findings.outside_figures(composed),
        "negativeFlips": findings.negative_flips(composed),
        "packs": findings.pack_rows(composed, splits, records),
        "installs": composed.installs,
        "confusion": findings.confusions(composed, splits),
        "reliability": findings.reliability(composed),
        "margins": findings.margins_histogram(composed),
    }


def _settings(options):
    return {"data": [folder.resolve().name for folder in options.data],
            "neutral": [file.name for file in options.neutral], "omittedLabels": options.omit_label,
            "directoryDomains": options.directory_domains,
            "limitPerDomain": options.limit_per_domain, "ablationLimit": options.ablation_limit,
            "seed": options.seed, "anchors": options.anchors, "monolithEpochs": options.monolith_epochs,
            "regressionSuite": not options.no_eval}


def _data(splits):
    def count(part):
        return sum(len(getattr(domain, part)) for domain in splits.domains)

    return {"domains": len(splits.domains), "labels": sum(len(domain.labels) for domain in splits.domains),
            "train": count("train"), "valid": count("valid"), "heldOut": count("held_out"), "test": count("test"),
            "outOfScope": {source: len(texts) for source, texts in splits.outside.items()},
            "leftOut": dict(sorted(splits.left_out.items())), "digest": splits.digest()}
