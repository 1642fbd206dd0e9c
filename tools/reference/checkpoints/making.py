"""Makes one checkpoint, anew with another seed as long as it comes too near to a tie."""

from __future__ import annotations

import shutil
import zlib
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file

from . import reference, saving
from .shape import Extent, Shape

LEAST_ROUTER_MARGIN = 1e-4
LEAST_GREEDY_MARGIN = 1e-3
MOST_NOISE = 3e-5
MOST_ATTEMPTS = 40


@dataclass(frozen=True)
class Made:
    """What is known of a finished checkpoint."""

    shape: Shape
    seed: int
    router_margin: float
    greedy_margin: float
    noise: float
    size_bytes: int

    def description(self) -> dict[str, object]:
        """One entry of checkpoints.json."""
        margin = self.router_margin if self.router_margin != float("inf") else None
        return {"name": self.shape.name, "modelType": self.shape.model_type, "dtype": self.shape.dtype,
                "stacked": self.shape.stacked, "oldKeys": self.shape.has_old_keys, "seed": self.seed,
                "routerMargin": margin, "greedyMargin": self.greedy_margin, "noise": self.noise,
                "sizeBytes": self.size_bytes}


def make(shape: Shape, extent: Extent, out: Path) -> Made:
    """Writes `out/<name>` with its reference.safetensors."""
    folder = out / shape.name
    for attempt in range(MOST_ATTEMPTS):
        seed = zlib.crc32(shape.name.encode()) % 100_000 + attempt
        if folder.exists():
            shutil.rmtree(folder)
        built = saving.build(shape, seed)
        saving.save(shape, built, folder)
        model = saving.load(folder)
        saving.check(shape, built, model)
        found = reference.record_prompts(model, extent, shape.tokens, seed)
        if found.router_margin < LEAST_ROUTER_MARGIN or (noise := _noise(folder, found, extent)) > MOST_NOISE:
            continue
        reference.record_greedy(model, extent, found)
        if found.router_margin < LEAST_ROUTER_MARGIN or found.greedy_margin < LEAST_GREEDY_MARGIN:
            continue
        tensors = {name: tensor.contiguous() for name, tensor in found.tensors.items()}
        path = folder / "reference.safetensors"
        save_file(tensors, path)
        path.chmod(0o644)
        size = sum(path.stat().st_size for path in folder.iterdir())
        return Made(shape, seed, found.router_margin, found.greedy_margin, noise, size)
    raise ValueError(f"{shape.name}: {MOST_ATTEMPTS} seeds came too near to a tie or lost too much precision")


def _noise(folder: Path, found: reference.Reference, extent: Extent) -> float:
    """Greatest distance of a logit from the same one with every matrix product in float64."""
    exact = saving.load(folder, torch.float64)
    most = 0.0
    for number in range(len(extent.prompt_lengths)):
        ids = found.tensors[f"prompt.{number}.ids"].long()
        distance = (reference.answer(exact, ids).logits - found.tensors[f"prompt.{number}.logits"]).abs().max()
        most = max(most, distance.item())
    return most
