"""Nats per byte of every model on every text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from train_experts.files import read_pack
from train_experts.frozen import FrozenModel, load_model
from train_experts.measuring import nats_per_byte
from train_experts.rows import RowMaker, read_texts

from .composing import EVAL_TEXTS
from .pretraining import CONTEXT
from .splits import BASE, PACKS

LEAST_GAIN, MOST_LOSS, LEAST_ROUTING = 0.08, 0.02, 0.97


def measure(out: Path) -> dict[str, dict[str, float]]:
    """Rows by model (base, each pack, monolith), columns by text, from what lies on disk, with PyTorch."""
    maker = RowMaker(out / "base", CONTEXT)
    texts = {domain.name: maker.rows(read_texts([out / "texts" / domain.name / "test.jsonl"]))
             for domain in (*PACKS, BASE)}
    found = {}
    base = load_model(out / "base")
    for name in ("base", *(domain.name for domain in PACKS)):
        model = FrozenModel(base, {} if name == "base" else read_pack(out / "packs" / name))
        found[name] = {text: nats_per_byte(model.logits, rows) for text, rows in texts.items()}
        model.close()
    if (out / "monolith/config.json").exists():
        monolith = FrozenModel(load_model(out / "monolith"), {})
        found["monolith"] = {text: nats_per_byte(monolith.logits, rows) for text, rows in texts.items()}
    return found


def measure_evals(out: Path) -> dict[str, float]:
    """What each pack does on its evals, the first of its test texts."""
    maker, base, found = RowMaker(out / "base", CONTEXT), load_model(out / "base"), {}
    for domain in PACKS:
        texts = read_texts([out / "texts" / domain.name / "test.jsonl"])[:EVAL_TEXTS]
        model = FrozenModel(base, read_pack(out / "packs" / domain.name))
        found[domain.name] = nats_per_byte(model.logits, maker.rows(texts))
        model.close()
    return found


def keep(out: Path, found: dict[str, dict[str, float]], composed: dict[str, Any] | None) -> None:
    """Writes table.json."""
    document = {"models": found} | ({"composed": composed} if composed else {})
    (out / "table.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def show(found: dict[str, dict[str, float]], composed: dict[str, Any] | None) -> str:
    """The table for a terminal, with each pack's gain on its own text and what composing them came to."""
    columns = list(found["base"])
    lines = ["nats per byte  " + "".join(f"{name:>10}" for name in columns) + "   own text"]
    rows = dict(found)
    if composed:
        rows |= {"composed": composed["natsPerByte"]}
    for name, values in rows.items():
        verdict = ""
        if name in columns and name != "base":
            gain = 1 - values[name] / found["base"][name]
            verdict = f"   {-gain:+.1%} " + ("ok" if gain >= LEAST_GAIN else f"MISSED, expected −{LEAST_GAIN:.0%}")
        lines.append(f"{name:15}" + "".join(f"{values[column]:10.4f}" for column in columns) + verdict)
    if composed:
        worst = max(_loss(composed, domain.name) for domain in PACKS)
        shares = ", ".join(f"{name} {share:.1%}" for name, share in composed["routed"].items())
        lines += [
            f"composed against each pack alone: {worst:+.2%} at most {_word(worst <= MOST_LOSS)}",
            f"routing: {composed['routing']:.1%} right ({shares}) {_word(composed['routing'] >= LEAST_ROUTING)}",
            f"texts that no pack takes: {composed['changed']} of {composed['untouched']} differ from the base by a bit "
            + _word(composed["changed"] == 0),
        ]
    return "\n".join(lines)


def is_met(found: dict[str, dict[str, float]], composed: dict[str, Any] | None) -> bool:
    """Whether every pack improves its own text, and composing them keeps it, by as much as it should."""
    gains = all(found[domain.name][domain.name] <= (1 - LEAST_GAIN) * found["base"][domain.name] for domain in PACKS)
    if composed is None:
        return gains
    return (gains and all(_loss(composed, domain.name) <= MOST_LOSS for domain in PACKS)
            and composed["routing"] >= LEAST_ROUTING and composed["changed"] == 0)


def _loss(composed: dict[str, Any], name: str) -> float:
    return composed["natsPerByte"][name] / composed["alone"][name] - 1


def _word(is_met: bool) -> str:
    return "ok" if is_met else "MISSED"
