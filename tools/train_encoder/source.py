"""A pack source as the trainer reads it: `pack.yaml`, texts, and what is right."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import yaml
from train_experts.failure import BAD_DATA, NOT_FOUND, Failure

from .generator import SeededGenerator

KINDS = ("classify", "tag")


@dataclass(frozen=True)
class Texts:
    """N texts, and for each the labels that are right."""

    texts: list[str]
    labels: list[list[str]]

    def targets(self, names: list[str]) -> torch.Tensor:
        """[N, L] of zeros and ones."""
        places = {name: place for place, name in enumerate(names)}
        targets = torch.zeros(len(self.texts), len(names))
        for text, labels in enumerate(self.labels):
            for label in labels:
                if label not in places:
                    raise Failure(BAD_DATA, f"label `{label}` does not occur in training", "`moe-pack pack check` tells where")
                targets[text, places[label]] = 1
        return targets

    def taking(self, places: list[int]) -> Texts:
        """Some of the texts."""
        return Texts([self.texts[place] for place in places], [self.labels[place] for place in places])


@dataclass(frozen=True)
class Source:
    """What is trained on, and chosen by."""

    task: str
    kind: str
    seed: int
    labels: list[str]
    train: Texts
    valid: Texts
    experts: dict[str, Any]


def read_source(folder: Path) -> Source:
    """Reads a source that `moe-pack pack check` has no fault of; data files are JSON Lines."""
    try:
        description = yaml.safe_load((folder / "pack.yaml").read_text(encoding="utf-8"))
        ((task, settings),) = description["tasks"].items()
        kind = settings["kind"]
    except OSError as error:
        raise Failure(NOT_FOUND, f"`{folder}` is no pack source: {error.strerror}", "name a directory with a pack.yaml") from None
    except (yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError):
        raise Failure(BAD_DATA, f"`{folder}/pack.yaml` cannot be read", "`moe-pack pack check` tells why") from None
    if kind not in KINDS:
        raise Failure(BAD_DATA, f"task `{task}` is of kind `{kind}`, expected one of {', '.join(KINDS)}",
                      "`tools/train-experts` trains for language models")
    seed = int(description.get("seed", 1))
    train = _texts(folder / settings["train"], kind)
    labels = sorted({label for own in train.labels for label in own}, key=lambda label: label.encode())
    if "valid" in settings:
        valid = _texts(folder / settings["valid"], kind)
    else:
        train, valid = _split(train, labels, seed)
    return Source(task, kind, seed, labels, train, valid, description.get("experts") or {})


def _texts(path: Path, kind: str) -> Texts:
    if path.suffix != ".jsonl":
        raise Failure(BAD_DATA, f"`{path}` is no JSON Lines file", "convert it, for example with `moe-pack pack new`")
    try:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        labels = [line["labels"] if kind == "tag" else [line["label"]] for line in lines]
        return Texts([line["text"] for line in lines], labels)
    except OSError as error:
        raise Failure(NOT_FOUND, f"`{path}` cannot be read: {error.strerror}", "check the path") from None
    except (ValueError, KeyError, TypeError):
        raise Failure(BAD_DATA, f"`{path}` has a line that is not what `{kind}` expects", "`moe-pack pack check` tells which") from None


def _split(texts: Texts, labels: list[str], seed: int) -> tuple[Texts, Texts]:
    """A seeded tenth of every label's texts, and of those without one, is held out; no label gives up more than half."""
    generator = SeededGenerator(seed)
    places = {label: [place for place, own in enumerate(texts.labels) if label in own] for label in labels}
    held: set[int] = set()

    def is_spared(label: str) -> bool:
        return len(held.intersection(places[label])) >= len(places[label]) // 2

    for group in [*places.values(), [place for place, own in enumerate(texts.labels) if not own]]:
        if not group:
            continue
        left = max(1, len(group) // 10) - len(held.intersection(group))
        shuffled = list(group)
        generator.shuffle(shuffled)
        for place in shuffled:
            if left > 0 and place not in held and not any(map(is_spared, texts.labels[place])):
                held.add(place)
                left -= 1
    rest = [place for place in range(len(texts.texts)) if place not in held]
    return texts.taking(rest), texts.taking(sorted(held))
