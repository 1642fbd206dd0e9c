"""Installs the packs beside each other and asks them everything: forced, as shipped, alone, and out of scope."""

import dataclasses
import shutil
import time

from .building import NAMESPACE, pack_name
from .program import Refused
from .progress import say


@dataclasses.dataclass
class Asked:
    """A test text with its domain's pack and the slug of its label, and what was answered to it."""

    text: str
    pack: str
    label: str
    # the nearest pack, whatever its margin
    forced: object = None
    # what the thresholds let through
    shipped: object = None
    # its own pack, whatever the dispatcher says
    solo: object = None

    def is_right(self, answer):
        return answer.pack == self.pack and answer.label == self.label

    @property
    def is_right_forced(self):
        return self.is_right(self.forced)

    @property
    def is_right_shipped(self):
        return self.is_right(self.shipped)

    @property
    def is_right_solo(self):
        return self.is_right(self.solo)

    @property
    def is_right_alone(self):
        """Whether its own pack, installed alone, would have answered, and answered right."""
        return self.solo.margin_of(self.pack) > 0 and self.is_right_solo


@dataclasses.dataclass
class Composed:
    """Everything that was asked and measured in one store."""

    installs: list
    asked: list
    # source → [answer]
    outside: dict
    seconds: dict


def fresh_store(program, folder, public_key):
    """An empty store that trusts the key."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    program.run("trust", "add", public_key, "--namespace", NAMESPACE, "--store", folder)
    return folder


def install_each(program, store, records, runs_suite):
    """Installs pack after pack; one that the regression suite refuses goes in unproven, with the reason."""
    installs = []
    for number, record in enumerate(records, 1):
        command = ["install", record["archive"], "--json", "--store", store]
        begun, refusal = time.monotonic(), None
        try:
            if runs_suite:
                program.run(*command)
        except Refused as reason:
            refusal = str(reason)
        suite_seconds = time.monotonic() - begun if runs_suite else None
        if refusal or not runs_suite:
            _, seconds = program.timed(*command, "--no-eval")
        else:
            seconds = suite_seconds
        name = record["built"]["pack"]
        installs.append({"pack": name, "seconds": seconds, "suiteSeconds": suite_seconds, "refusal": refusal})
        say(f"install {name}, {number} of {len(records)}: {seconds:.1f} s"
            + (f", refused by the suite and installed unproven: {refusal}" if refusal else ""))
    return installs


def ask_solo(program, store, splits, work):
    """Each pack's own test texts, answered by that pack: a list by domain, in order, and the seconds."""
    answers, total = [], 0.0
    for domain in splits.domains:
        found, seconds = program.predict(store, [text for text, _ in domain.test], work, "--pack", pack_name(domain))
        answers.append(found)
        total += seconds
    return answers, total


def compose(program, out, splits, records, public_key, runs_suite):
    """One store with every pack, asked everything."""
    store, work, seconds = fresh_store(program, out / "store", public_key), out / "work", {}
    installs = install_each(program, store, records, runs_suite)
    asked = [Asked(text, pack_name(domain), domain.labels[label]) for domain in splits.domains
             for text, label in domain.test]
    texts = [one.text for one in asked]
    say(f"predict: {len(texts)} test texts, forced, as shipped and alone")
    forced, seconds["forced"] = program.predict(store, texts, work, "--forced")
    shipped, seconds["shipped"] = program.predict(store, texts, work)
    by_domain, seconds["solo"] = ask_solo(program, store, splits, work)
    solo = [answer for answers in by_domain for answer in answers]
    for one, *answers in zip(asked, forced, shipped, solo, strict=True):
        one.forced, one.shipped, one.solo = answers
    outside = {}
    for source, texts in splits.outside.items():
        say(f"predict: {len(texts)} texts out of scope, {source}")
        outside[source], seconds[f"out of scope: {source}"] = program.predict(store, texts, work)
    return Composed(installs, asked, outside, seconds)
