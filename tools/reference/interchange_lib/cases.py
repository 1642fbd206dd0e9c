"""What is made: bases of the families that can carry packs, each with two packs."""

from __future__ import annotations

import zlib
from pathlib import Path

from safetensors.torch import save_file
from transformers import PreTrainedModel

from checkpoints import reference, saving
from checkpoints.families import FULL
from checkpoints.shape import Extent, Shape

from . import packs
from .packs import PackShape

FAMILIES = ("mixtral", "olmoe", "flex_olmo")
SHAPES = [shape for shape in FULL if shape.model_type in FAMILIES]
GOLDEN = ("mixtral-stacked", "olmoe", "flex_olmo")
GOLDEN_EXTENT = Extent((5, 19), greedy_prompts=0, greedy_tokens=0)
EXTENT = Extent((64, 70, 101), greedy_prompts=0, greedy_tokens=0)
LEAST_ROUTER_MARGIN = 1e-4


def pack_shapes(inner: int) -> list[PackShape]:
    """A narrow expert alone, and two as wide as the base's."""
    return [PackShape("narrow", 1, max(inner // 3, 1)), PackShape("wide", 2, inner, top_k=2)]


def make_packs(folder: Path, base: PreTrainedModel, extent: Extent, tokens: int) -> tuple[PreTrainedModel, int]:
    """Writes packs/<name> and flat.safetensors; tries other seeds where a router comes too near to a tie.

    Returns the model with the packs, and the seed of the prompts.
    """
    shapes = pack_shapes(base.config.intermediate_size)
    for attempt in range(40):
        seed = zlib.crc32(folder.name.encode()) % 100_000 + attempt
        made = [packs.make(base, shape, seed + 1000 * number) for number, shape in enumerate(shapes)]
        flat = packs.widened(base, made)
        if record(folder, flat, extent, tokens, seed) < LEAST_ROUTER_MARGIN:
            continue
        for shape, pack in zip(shapes, made):
            packs.write(folder / "packs" / shape.name, base, shape, pack)
        return flat, seed
    raise ValueError(f"{folder.name}: 40 seeds came too near to a tie")


def record(folder: Path, flat: PreTrainedModel, extent: Extent, tokens: int, seed: int) -> float:
    """Writes flat.safetensors, prompts and what the model makes of them; returns how near to a tie its routers came."""
    found = reference.record_prompts(flat, extent, tokens, seed)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "flat.safetensors"
    save_file({name: tensor.contiguous() for name, tensor in found.tensors.items() if "hidden" not in name}, path)
    path.chmod(0o644)
    return found.router_margin


def make_base(folder: Path, shape: Shape) -> PreTrainedModel:
    """Writes base/ and returns it as transformers loads it."""
    saving.save(shape, saving.build(shape, zlib.crc32(shape.name.encode()) % 100_000), folder / "base")
    return saving.load(folder / "base")
