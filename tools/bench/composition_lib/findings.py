"""From answers to the figures of a composition."""

from . import measures
from .building import pack_name

NOBODY = "nobody"


def systems(composed):
    """The two lines of the comparison that the packs give: routed by themselves, and by a perfect router."""
    asked = composed.asked
    own, outside = _scores(composed)
    forced = measures.system(
        "packs, nearest answers", [one.is_right_forced for one in asked],
        [one.forced.pack == one.pack for one in asked], own, outside, [one.forced.probability for one in asked])
    solo = measures.system("packs, perfect router", [one.is_right_solo for one in asked],
                           confidence=[one.solo.probability for one in asked])
    return [forced, solo]


def shipped_figures(composed):
    """What the thresholds do to the test texts: coverage, accuracy where answered, own recall."""
    asked = composed.asked
    return {
        "coverage": measures.share_of(bool(one.shipped.margins) for one in asked),
        "selectiveAccuracy": measures.share_of(one.is_right_shipped for one in asked if one.shipped.margins),
        "ownRecall": measures.share_of(one.pack in one.shipped.margins for one in asked),
        "answeredRight": measures.share_of(one.is_right_shipped for one in asked),
    }


def outside_figures(composed):
    """For each source out of scope: how many texts any pack takes, and how many each one takes."""
    own, outside = _scores(composed)
    apart = measures.separation(own, outside)
    packs = sorted({one.pack for one in composed.asked})
    return [{
        "source": source, **apart[source],
        "falseActivations": measures.share_of(bool(answer.margins) for answer in answers),
        "perPack": {pack: measures.share_of(pack in answer.margins for answer in answers) for pack in packs},
    } for source, answers in composed.outside.items()]


def negative_flips(composed):
    """Texts that a pack answers right alone and the composition does not.

    `forced`: the pack named, against the nearest pack. `shipped`: the pack installed alone with its threshold,
    against all packs with theirs.
    """
    pairs = {"forced": (lambda one: one.is_right_solo and not one.is_right_forced, lambda one: one.forced),
             "shipped": (lambda one: one.is_right_alone and not one.is_right_shipped, lambda one: one.shipped)}
    return {name: {"rate": measures.share_of(is_flip(one) for one in composed.asked),
                   "texts": [_flip(one, answer(one)) for one in composed.asked if is_flip(one)]}
            for name, (is_flip, answer) in pairs.items()}


def _flip(one, answer):
    return {"text": one.text, "pack": one.pack, "label": one.label, "margin": one.solo.margin_of(one.pack),
            "probability": one.solo.probability,
            "composed": {"pack": answer.pack, "label": answer.label, "probability": answer.probability,
                         "margin": answer.margins.get(answer.pack)}}


def confusions(composed, splits):
    """Which pack answered whose texts: the nearest one; and with the thresholds, nobody among them."""
    # Named as people know them; a source out of scope may be called like a domain.
    domains = {pack_name(domain): domain.name for domain in splits.domains}
    sources = {("outside", source): source for source in composed.outside}
    forced = [(one.pack, one.forced.pack) for one in composed.asked]
    shipped = [(one.pack, one.shipped.pack) for one in composed.asked]
    shipped += [(("outside", source), answer.pack) for source, answers in composed.outside.items()
                for answer in answers]
    return {"forced": measures.matrix(forced, domains, domains),
            "shipped": measures.matrix(shipped, domains | sources, domains | {None: NOBODY})}


def reliability(composed):
    """Is a stated probability the share that is right? For labels, for answers, and for being responsible."""
    asked = composed.asked
    own = [(measures.sigmoid(one.shipped.margin), one.shipped.nearest == one.pack) for one in asked]
    outside = [(measures.sigmoid(answer.margin), False) for answers in composed.outside.values() for answer in answers]
    # As in the packs' own calibration, either side counts half.
    weights = [1 / len(own)] * len(own) + [1 / len(outside) for _ in outside]
    return {
        "nearest": measures.calibration([(one.forced.probability, one.is_right_forced) for one in asked]),
        "perfectRouter": measures.calibration([(one.solo.probability, one.is_right_solo) for one in asked]),
        "shipped": measures.calibration(
            [(one.shipped.confidence, one.is_right_shipped) for one in asked if one.shipped.margins]),
        "responsible": measures.calibration(own + outside, weights),
    }


def margins_histogram(composed):
    own, outside = _scores(composed)
    return measures.histogram({"own": own, **outside})


def pack_rows(composed, splits, records):
    """The table of packs."""
    rows = []
    for domain, record, install in zip(splits.domains, records, composed.installs, strict=True):
        name, built = pack_name(domain), record["built"]
        own = [one for one in composed.asked if one.pack == name]
        rows.append({
            "pack": name, "domain": domain.name, "labels": len(domain.labels), "labelMap": domain.labels,
            "train": len(domain.train), "valid": len(domain.valid), "heldOut": len(domain.held_out),
            "test": len(domain.test), "bytes": record["bytes"], "buildSeconds": record["seconds"],
            "installSeconds": install["seconds"], "refusal": install["refusal"],
            "frozenAccuracy": built["frozenAccuracy"], "expertAccuracy": built["expertAccuracy"],
            "shipsExperts": built["shipsExperts"],
            "recall": measures.share_of(name in one.shipped.margins for one in own),
            "precision": measures.share_of(one.pack == name for one in composed.asked if one.shipped.pack == name),
            "soloAccuracy": measures.share_of(one.is_right_solo for one in own),
            "composedAccuracy": measures.share_of(one.is_right_forced for one in own),
            "falseActivations": {source: measures.share_of(name in answer.margins for answer in answers)
                                 for source, answers in composed.outside.items()},
        })
    return rows


def _scores(composed):
    """The greatest margin of every own text, and of every text of each source out of scope."""
    return ([one.shipped.margin for one in composed.asked],
            {source: [answer.margin for answer in answers] for source, answers in composed.outside.items()})
