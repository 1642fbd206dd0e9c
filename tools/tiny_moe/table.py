"""Nats per byte of every model on every text."""

from __future__ import annotations

import json
from pathlib import Path

from train_experts.files import read_pack
from train_experts.frozen import FrozenModel, load_model
from train_experts.measuring import nats_per_byte
from train_experts.rows import RowMaker, read_texts

from .pretraining import CONTEXT
from .splits import BASE, PACKS

LEAST_GAIN = 0.08


def measure(out: Path) -> dict[str, dict[str, float]]:
    """Rows by model (base, each pack, monolith), columns by text, from what lies on disk."""
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
    (out / "table.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return found


def show(found: dict[str, dict[str, float]]) -> str:
    """The table for a terminal, with each pack's gain on its own text."""
    columns = list(found["base"])
    lines = ["nats per byte  " + "".join(f"{name:>10}" for name in columns) + "   own text"]
    for name, values in found.items():
        verdict = ""
        if name in columns and name != "base":
            gain = 1 - values[name] / found["base"][name]
            verdict = f"   {-gain:+.1%} " + ("ok" if gain >= LEAST_GAIN else f"MISSED, expected −{LEAST_GAIN:.0%}")
        lines.append(f"{name:15}" + "".join(f"{values[column]:10.4f}" for column in columns) + verdict)
    return "\n".join(lines)


def is_met(found: dict[str, dict[str, float]]) -> bool:
    """Whether every pack improves its own text by as much as it should."""
    return all(found[domain.name][domain.name] <= (1 - LEAST_GAIN) * found["base"][domain.name] for domain in PACKS)
