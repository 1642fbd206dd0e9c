"""One checkpoint to make: its family, its shape, and how it lies on disk."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Shape:
    """A checkpoint to make.

    `config` holds keys of the family's own configuration class. `stacked` writes the experts of a layer as one
    tensor, as transformers 5 holds them in memory, instead of one tensor per expert. `has_old_keys` writes the
    configuration as transformers 4 did: `rope_theta`, `rope_scaling`, `torch_dtype`. From `shard_count` 2 on there are
    about so many files of tensors. `spare_rows` are rows of the embedding that no
    token has.
    """

    name: str
    model_type: str
    config: dict[str, Any]
    dtype: str = "float32"
    stacked: bool = False
    shard_count: int = 1
    has_old_keys: bool = False
    tokens: int = 320
    spare_rows: int = 0
    covers_bytes: bool = True
    extra_config: dict[str, Any] = field(default_factory=dict)

    @property
    def vocabulary(self) -> int:
        """Rows of the embedding."""
        return self.tokens + self.spare_rows


@dataclass(frozen=True)
class Extent:
    """How much of a checkpoint's answers is recorded."""

    prompt_lengths: tuple[int, ...]
    greedy_prompts: int
    greedy_tokens: int


FULL_EXTENT = Extent((64, 65, 67, 70, 72, 77, 80, 88, 96, 101), greedy_prompts=4, greedy_tokens=64)
GOLDEN_EXTENT = Extent((5, 19), greedy_prompts=2, greedy_tokens=12)
