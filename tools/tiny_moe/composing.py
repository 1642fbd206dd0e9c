"""The three packs as moe-pack makes, signs, installs and composes them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from train_experts.failure import Failure

from .splits import BASE, PACKS

BACKBONE, NAMESPACE = "tiny-moe", "tiny"
# Texts that gates are fitted to and calibrated against; every byte is a token, so more would only take longer.
PROFILE_TEXTS, GATE_TEXTS = 2200, 500
# Texts of a pack's evals, its own and those it should leave alone: every install runs them again.
EVAL_TEXTS, NONE_TEXTS = 60, 40
# Every pack signs for this much over what PyTorch measured on its evals, in nats per byte.
MARGIN = 0.05


class Composition:
    """A store of its own under `out`, with the base registered and the packs installed."""

    def __init__(self, out: Path, program: str) -> None:
        self.out, self.program = out, program
        self.environment = os.environ | {"XDG_DATA_HOME": str(out / "data"), "XDG_CONFIG_HOME": str(out / "config")}
        self.environment.pop("MOEPACK_STORE", None)

    def make(self, measured: dict[str, float]) -> None:
        """Registers the base, makes its profile, builds and installs the packs; from nothing each time."""
        for folder in ("data", "config", "sources", "archives"):
            shutil.rmtree(self.out / folder, ignore_errors=True)
        (self.out / "archives").mkdir()
        self._run("backbone", "add", self.out / "base", "--name", BACKBONE)
        profile = self.out / "sources/profile.jsonl"
        profile.parent.mkdir()
        _write(profile, ({"text": text} for text in self._texts(BASE.name, "train")[:PROFILE_TEXTS]))
        self._run("backbone", "profile", BACKBONE, "--corpus", profile)
        key = self.out / "sources/vendor.key"
        self._run("key", "new", "-o", key)
        self._run("trust", "add", f"{key}.pub", "--namespace", NAMESPACE)
        for domain in PACKS:
            source, archive = self.out / "sources" / domain.name, self.out / "archives" / f"{domain.name}.moepack"
            self._write_source(source, domain.name, measured[domain.name] + MARGIN)
            self._run("pack", "build", source, "-o", archive, "--key", key, "--allow-near-duplicates")
            self._run("install", archive)

    def scores(self, text: str, *arguments: str) -> list[dict[str, Any]]:
        """What `moe-pack score` says of the test texts of a domain."""
        lines = self._run("score", *arguments, "--input", self.out / "texts" / text / "test.jsonl")
        return [json.loads(line) for line in lines.splitlines()]

    def _write_source(self, folder: Path, name: str, floor: float) -> None:
        for part in ("data", "evals"):
            (folder / part).mkdir(parents=True)
        shutil.copytree(self.out / "packs" / name, folder / "experts")
        _write(folder / "data/train.jsonl", ({"text": text} for text in self._texts(name, "train")[:GATE_TEXTS]))
        # The base's kind of text is public: whoever makes a pack for it has some that the profile has not.
        others = self._texts(BASE.name, "train")[PROFILE_TEXTS:PROFILE_TEXTS + GATE_TEXTS]
        _write(folder / "data/negatives.jsonl", ({"text": text} for text in others))
        own = [{"text": text} for text in self._texts(name, "test")[:EVAL_TEXTS]]
        none = [{"text": text, "expect": "none"} for text in self._texts(BASE.name, "valid")[:NONE_TEXTS]]
        _write(folder / f"evals/{name}.jsonl", own + none)
        (folder / "CARD.md").write_text(f"# {name}\n\nTexts of Debian packages; made to show packs on a small model.\n")
        (folder / "LICENSE").write_text("Apache-2.0\n")
        (folder / "pack.yaml").write_text(f"""\
pack: {NAMESPACE}/{name}
version: 1.0.0
release: 1
summary: Predicts {name} texts
about: {{languages: [en], jurisdictions: [], asOf: 2026-01-01}}
license: Apache-2.0
backbone: {BACKBONE}
tasks:
  text: {{kind: perplexity, train: data/train.jsonl, negatives: data/negatives.jsonl}}
evals:
  {name}: {{task: text, data: evals/{name}.jsonl, metric: natsPerByte, floor: {floor:.4f}}}
experts: {{tensors: experts}}
overlaps: [{", ".join(f"{NAMESPACE}/{domain.name}" for domain in PACKS if domain.name != name)}]
""")

    def _texts(self, name: str, part: str) -> list[str]:
        lines = (self.out / "texts" / name / f"{part}.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line)["text"] for line in lines]

    def _run(self, *arguments: str | Path) -> str:
        words = [self.program, *map(str, arguments)]
        result = subprocess.run(words, env=self.environment, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise Failure(result.returncode, f"`{' '.join(words)}` failed:\n{result.stderr.strip()}",
                          "`swift build -c release --product moe-pack` makes the program, or MOEPACK names it")
        return result.stdout


def _write(path: Path, values: Iterable[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values), encoding="utf-8")


def nats_per_byte(scores: list[dict[str, Any]]) -> float:
    """Of all texts together."""
    return sum(score["nats"] for score in scores) / sum(score["bytes"] for score in scores)


def compose(out: Path, program: str, measured: dict[str, float]) -> dict[str, Any]:
    """Nats per byte of every domain's test texts with all packs installed, and how texts were routed.

    `measured` is what each pack does on its evals; `changed` counts texts of no pack whose logits differ from the
    base's by a bit; `routed` and `routing` are the share of texts whose route is their own domain's.
    """
    composition = Composition(out, program)
    composition.make(measured)
    found: dict[str, Any] = {"natsPerByte": {}, "alone": {}, "routed": {}}
    right = count = 0
    for domain in (*PACKS, BASE):
        scores = composition.scores(domain.name)
        wanted = None if domain is BASE else f"{NAMESPACE}/{domain.name}"
        routes = [score["route"][0]["pack"] if score["route"] else None for score in scores]
        own = sum(route == wanted for route in routes)
        right, count = right + own, count + len(routes)
        found["natsPerByte"][domain.name] = nats_per_byte(scores)
        found["routed"][domain.name] = own / len(routes)
        base = composition.scores(domain.name, "--backbone", BACKBONE)
        if domain is BASE:
            unrouted = [(a, b) for a, b, route in zip(scores, base, routes, strict=True) if route is None]
            found["untouched"] = len(unrouted)
            found["changed"] = sum(a["logits"] != b["logits"] for a, b in unrouted)
        else:
            found["alone"][domain.name] = nats_per_byte(composition.scores(domain.name, "--pack", str(wanted)))
    found["routing"] = right / count
    return found
