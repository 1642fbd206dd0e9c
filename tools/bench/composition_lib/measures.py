"""The measures, on plain numbers: no file, no pack, no model."""

import bisect
import math

Z95 = 1.959963984540054
BINS = 15


def proportion(hits, count):
    """A share with its 95 % Wilson interval; all `None` where there is nothing to count."""
    if not count:
        return {"value": None, "low": None, "high": None, "hits": 0, "count": 0}
    share, square = hits / count, Z95 * Z95 / count
    middle = (share + square / 2) / (1 + square)
    half = Z95 * math.sqrt(share * (1 - share) / count + square / (4 * count)) / (1 + square)
    return {"value": share, "low": middle - half if hits else 0.0, "high": middle + half if hits < count else 1.0,
            "hits": hits, "count": count}


def share_of(flags):
    """The proportion of those that are true."""
    flags = list(flags)
    return proportion(sum(flags), len(flags))


def auroc(own, outside):
    """The chance that a text of its own scores above one from outside, ties counting half."""
    if not own or not outside:
        return None
    ordered = sorted(outside)
    above = sum(bisect.bisect_left(ordered, score) + bisect.bisect_right(ordered, score) for score in own)
    return above / (2 * len(own) * len(outside))


def false_positives_at_recall(own, outside, recall=0.95):
    """The share of texts from outside that reach the score which `recall` of the own texts reach."""
    if not own or not outside:
        return None
    limit = sorted(own)[len(own) - math.ceil(recall * len(own))]
    return sum(score >= limit for score in outside) / len(outside)


def separation(own, outside):
    """How own scores stand above those of each source from outside, and of all of them together."""
    everything = {"all": [score for scores in outside.values() for score in scores]} if len(outside) > 1 else {}
    return {source: {"texts": len(scores), "auroc": auroc(own, scores),
                     "falsePositivesAt95Recall": false_positives_at_recall(own, scores)}
            for source, scores in (outside | everything).items()}


def calibration(pairs, weights=None):
    """The expected calibration error of (confidence, is right) in bins of equal width, and the bins."""
    weights = [1.0] * len(pairs) if weights is None else weights
    sums = [[0.0, 0.0, 0.0, 0] for _ in range(BINS)]
    for (confidence, is_right), weight in zip(pairs, weights):
        total = sums[min(BINS - 1, int(confidence * BINS))]
        for place, amount in enumerate((weight, weight * confidence, weight * is_right, 1)):
            total[place] += amount
    bins = [{"confidence": confidence / weight, "right": right / weight, "share": weight / sum(weights), "count": count}
            for weight, confidence, right, count in sums if weight]
    error = sum(entry["share"] * abs(entry["confidence"] - entry["right"]) for entry in bins)
    return {"error": error if bins else None, "bins": bins}


def sigmoid(value):
    return 1 / (1 + math.exp(-value)) if value >= 0 else math.exp(value) / (1 + math.exp(value))


def histogram(groups, bins=40):
    """Shares of each group over common bins; what lies beyond the middle 99 % of all is counted in the end bins."""
    sets = [sorted(value for value in group if math.isfinite(value)) for group in groups.values()]
    sets = [values for values in sets if values]
    if not sets:
        return None
    low, high = min(v[len(v) // 200] for v in sets), max(v[-1 - len(v) // 200] for v in sets)
    width = (high - low) / bins or 1.0
    shares = {}
    for name, group in groups.items():
        counts = [0] * bins
        for value in group:
            place = (value - low) / width
            counts[0 if place < 0 else bins - 1 if place >= bins else int(place)] += 1
        shares[name] = [count / max(1, len(group)) for count in counts]
    return {"low": low, "width": width, "shares": shares}


def matrix(pairs, rows, columns):
    """How often each (row, column) came; `rows` and `columns` say by what name each is shown."""
    counts = {row: dict.fromkeys(columns, 0) for row in rows}
    for row, column in pairs:
        counts[row][column] += 1
    return {"rows": list(rows.values()), "columns": list(columns.values()),
            "counts": [list(row.values()) for row in counts.values()]}


def system(name, right=None, right_domain=None, own=None, outside=None, confidence=None):
    """One line of the comparison: a system's answers to the pooled test texts, whatever it is made of."""
    given = None if right is None or right_domain is None else [r for r, d in zip(right, right_domain) if d]
    apart = separation(own, outside) if own and outside else {}
    whole = apart.get("all") or next(iter(apart.values()), {})
    return {
        "name": name,
        "labelAccuracy": None if right is None else share_of(right),
        "domainAccuracy": None if right_domain is None else share_of(right_domain),
        "labelGivenDomain": None if given is None else share_of(given),
        "auroc": whole.get("auroc"), "falsePositivesAt95Recall": whole.get("falsePositivesAt95Recall"),
        "calibrationError": calibration(list(zip(confidence, right)))["error"] if confidence and right else None,
        "outside": apart,
    }
