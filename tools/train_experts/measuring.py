"""Nats per byte: how well a model predicts texts, whatever its tokens are."""

from __future__ import annotations

import torch

from .frozen import FrozenModel
from .losses import token_nats
from .rows import Rows


@torch.no_grad()
def nats_per_byte(model: FrozenModel, rows: Rows, batch_rows: int = 16) -> float:
    """Σ −log p over all tokens of all texts, divided by the texts' UTF-8 bytes."""
    total = 0.0
    for start in range(0, len(rows), batch_rows):
        part = slice(start, start + batch_rows)
        total += token_nats(model.logits(rows.ids[part]), rows.labels[part]).item()
    return total / rows.byte_count
