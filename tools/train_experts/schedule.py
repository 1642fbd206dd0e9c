"""The order of rows and the rate of learning, both from the step alone."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch


def learning_rate(step: int, steps: int, peak: float) -> float:
    """Linear warm-up over the first twentieth, then a cosine down to a twentieth of the peak."""
    warm = max(1, steps // 20)
    if step < warm:
        return peak * (step + 1) / warm
    progress = (step - warm) / max(1, steps - warm)
    return peak * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * progress)))


def batches(row_count: int, batch_rows: int, steps: int, seed: int) -> Iterator[torch.Tensor]:
    """`steps` batches of row numbers: every row once, shuffled, before any comes again."""
    generator = torch.Generator().manual_seed(seed)
    waiting = torch.empty(0, dtype=torch.long)
    for _ in range(steps):
        while len(waiting) < batch_rows:
            waiting = torch.cat([waiting, torch.randperm(row_count, generator=generator)])
        yield waiting[:batch_rows]
        waiting = waiting[batch_rows:]
