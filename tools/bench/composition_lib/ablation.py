"""What depth, width and number of experts give: every pack built in other shapes, asked its own test texts."""

import math
import shutil

from . import measures
from .composing import ask_solo, fresh_store
from .progress import say


def _shape(layers, width, count=1, top_k=1):
    return {"layers": layers, "width": width, "count": count, "topK": top_k}


# What `pack build` does where pack.yaml says nothing of experts.
DEFAULT = "3 layers, width 64"
SHAPES = {
    "frozen head": _shape(0, 64),
    "1 layer, width 16": _shape(1, 16),
    "1 layer, width 64": _shape(1, 64),
    "1 layer, width 256": _shape(1, 256),
    "2 layers, width 64": _shape(2, 64),
    "2 layers, width 256": _shape(2, 256),
    DEFAULT: _shape(3, 64),
    "1 layer, 4 of width 64, top 1": _shape(1, 64, 4, 1),
    "1 layer, 4 of width 64, top 2": _shape(1, 64, 4, 2),
    "1 layer, 8 of width 64, top 2": _shape(1, 64, 8, 2),
    "2 layers, 4 of width 64, top 2": _shape(2, 64, 4, 2),
}


def ablate(builder, out, splits, seed):
    """One row for each shape, and how many texts they were built from and asked."""
    rows = []
    for number, (name, experts) in enumerate(SHAPES.items(), 1):
        say(f"ablation, {number} of {len(SHAPES)}: {name}")
        records = builder.build_all(splits, out / "ablation/sources", seed, experts)
        rows.append({"name": name, "experts": experts, **_measure(builder, out / "ablation", splits, records)})
    return {"rows": rows, "train": sum(len(domain.train) for domain in splits.domains),
            "test": sum(len(domain.test) for domain in splits.domains)}


def _measure(builder, folder, splits, records):
    program = builder.program
    store = fresh_store(program, folder / "store", builder.public_key)
    program.run("install", *(record["archive"] for record in records), "--no-eval", "--store", store)
    answers, _ = ask_solo(program, store, splits, folder)
    shutil.rmtree(store)
    right = [[answer.label == domain.labels[label] for answer, (_, label) in zip(found, domain.test, strict=True)]
             for domain, found in zip(splits.domains, answers, strict=True)]
    tested = [flags for flags in right if flags]
    return {
        "labelAccuracy": measures.share_of(flag for flags in right for flag in flags),
        "meanOfDomains": sum(sum(flags) / len(flags) for flags in tested) / len(tested) if tested else None,
        "perDomain": {domain.name: measures.share_of(flags) for domain, flags in zip(splits.domains, right)},
        "bytes": sum(record["bytes"] for record in records),
        "buildSeconds": sum(record["seconds"] for record in records),
        "shipExperts": sum(record["built"]["shipsExperts"] for record in records),
        "packs": len(records),
        **_routers([record["built"] for record in records]),
    }


def _routers(builds):
    """How the expert routers of all packs that were trained spread tokens; `None` where there is no router."""
    routers = [router for built in builds for router in built["utilization"]]
    if not routers:
        return {"loadImbalance": None, "routerEntropy": None, "deadExperts": None}
    counts = [len(router["shares"]) for router in routers]
    return {
        # The greatest share times E: 1 where all experts work alike.
        "loadImbalance": sum(max(router["shares"]) * count for router, count in zip(routers, counts)) / len(routers),
        # Of its greatest value, log E.
        "routerEntropy": sum(router["entropy"] / math.log(count) for router, count in zip(routers, counts)) / len(routers),
        # Experts that took less than a tenth of an even share.
        "deadExperts": sum(share * count < 0.1 for router, count in zip(routers, counts) for share in router["shares"]),
    }
