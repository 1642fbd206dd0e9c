"""From what was read to what every system is trained and tested on: no text twice, eval sets held out, all seeded."""

import collections
import dataclasses
import random

from .failure import BAD_DATA, Failure
from .files import canonical, digest_of
from .slugs import slugs

# A label needs four training texts in a pack (SPEC 7.4), and one may be held out.
LEAST_TEXTS = 5
# The eval set of a pack: a quarter of the validation texts, else a twentieth of the training texts, at most so many.
EVAL_SHARE_OF_VALID, EVAL_SHARE_OF_TRAIN, MOST_EVALS = 4, 20, 200
# Fewer validation texts than these are left whole.
LEAST_VALID = 8
LONGEST_PACK_NAME, LONGEST_LABEL = 63, 100


@dataclasses.dataclass
class Domain:
    """One domain: its pack's name, its labels, and its texts as (text, label)."""

    name: str
    pack: str
    # label → the slug that pack.yaml, the pack and its answers use
    labels: dict
    train: list
    valid: list
    held_out: list
    test: list


@dataclasses.dataclass
class Splits:
    """What all systems share."""

    domains: list
    # source → [text]
    outside: dict
    # why → how many lines were left out
    left_out: collections.Counter

    def digest(self):
        """Names every text, label and domain."""
        domains = [dataclasses.asdict(domain) for domain in self.domains]
        return digest_of(canonical({"domains": domains, "outside": self.outside}))


def make_splits(pool, limit, seed):
    """Cleans, limits and holds out, domain by domain in the order of their names."""
    left_out = collections.Counter(pool.left_out)
    packs = slugs(sorted(pool.domains), LONGEST_PACK_NAME, "domain")
    domains = []
    for name in sorted(pool.domains):
        domain = _domain(name, packs[name], pool.domains[name], limit, seed, left_out)
        if domain:
            domains.append(domain)
    if not domains:
        raise Failure(BAD_DATA, f"no domain has a label with {LEAST_TEXTS} training texts, expected at least one",
                      "give more training texts; those that stand in test.jsonl too do not count")
    if not any(domain.test for domain in domains):
        raise Failure(BAD_DATA, "no test text is left in any domain, expected at least one",
                      "see that test.jsonl has the labels and domains of train.jsonl")
    taken = {text for domain in domains for part in (domain.train, domain.valid, domain.held_out, domain.test)
             for text, _ in part}
    outside = {}
    for source, texts in sorted(pool.outside.items()):
        kept = [text for text in dict.fromkeys(texts) if text not in taken]
        left_out["out of scope: twice, or in a domain too"] += len(texts) - len(kept)
        if kept:
            outside[source] = kept
    return Splits(domains, outside, +left_out)


def _domain(name, pack, splits, limit, seed, left_out):
    """The domain, or `None` where no label has enough training texts."""
    test = _unique(splits["test"], set(), "test", left_out)
    tested = {text for text, _ in test}
    train = _unique(splits["train"], tested, "train", left_out)
    valid = _unique(splits["valid"], tested | {text for text, _ in train}, "valid", left_out)
    counts = collections.Counter(label for _, label in train)
    known = {label for label, count in counts.items() if count >= LEAST_TEXTS}
    train, valid, test = (_known(rows, known, split, left_out)
                          for split, rows in (("train", train), ("valid", valid), ("test", test)))
    if not known:
        return None
    if limit:
        train, valid, test = (
            _sample(rows, limit, least, random.Random(f"{seed}/limit/{split}/{name}"))
            for split, rows, least in (("train", train, LEAST_TEXTS), ("valid", valid, 0), ("test", test, 0)))
    train, valid, held_out = _hold_out(train, valid, random.Random(f"{seed}/eval/{name}"))
    return Domain(name, pack, slugs(sorted(known), LONGEST_LABEL, "label"), train, valid, held_out, test)


def _unique(rows, elsewhere, split, left_out):
    """Each text once, and none with two labels or from `elsewhere`, in the order they stood in."""
    labels = collections.defaultdict(set)
    for text, label in rows:
        labels[text].add(label)
    kept, seen = [], set()
    for text, label in rows:
        if text in elsewhere:
            left_out[f"in another split too, in {split}"] += 1
        elif len(labels[text]) > 1:
            left_out[f"one text with two labels, in {split}"] += 1
        elif text in seen:
            left_out[f"text twice, in {split}"] += 1
        else:
            seen.add(text)
            kept.append((text, label))
    return kept


def _known(rows, known, split, left_out):
    kept = [row for row in rows if row[1] in known]
    left_out[f"label with fewer than {LEAST_TEXTS} training texts, in {split}"] += len(rows) - len(kept)
    return kept


def _sample(rows, limit, least, generator):
    """At most `limit` rows in their order, or more where every label keeps `least` of them."""
    if len(rows) <= limit:
        return rows
    order = list(range(len(rows)))
    generator.shuffle(order)
    counts = collections.Counter()
    first, rest = [], []
    for index in order:
        counts[rows[index][1]] += 1
        (first if counts[rows[index][1]] <= least else rest).append(index)
    chosen = first + rest[: max(0, limit - len(first))]
    return [rows[index] for index in sorted(chosen)]


def _hold_out(train, valid, generator):
    """The eval set: from the validation texts where there are enough of them, else from training."""
    if len(valid) >= LEAST_VALID:
        count = min(MOST_EVALS, len(valid) // EVAL_SHARE_OF_VALID)
        held = set(generator.sample(range(len(valid)), count))
        rest = [row for index, row in enumerate(valid) if index not in held]
        return train, rest, [valid[index] for index in sorted(held)]
    by_label = collections.defaultdict(list)
    for index, (_, label) in enumerate(train):
        by_label[label].append(index)
    held = []
    for label in sorted(by_label):
        held += generator.sample(by_label[label], len(by_label[label]) // EVAL_SHARE_OF_TRAIN)
    if not held:
        label = max(sorted(by_label), key=lambda label: len(by_label[label]))
        held = [generator.choice(by_label[label])]
    held = set(generator.sample(sorted(held), min(MOST_EVALS, len(held))))
    rest = [row for index, row in enumerate(train) if index not in held]
    return rest, valid, [train[index] for index in sorted(held)]
