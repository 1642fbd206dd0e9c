"""A pack's tensors as files, under the names of moe-pack's pack format (SPEC.md, 11.2)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from .experts import GeluExperts

EXPERTS, ROUTER, HEADS, RECORD = "experts.safetensors", "router.safetensors", "heads.safetensors", "training.json"


def write_tensors(folder: Path, experts: Mapping[int, GeluExperts], head: Mapping[str, torch.Tensor],
                  record: Mapping[str, Any]) -> None:
    """Writes heads.safetensors and training.json, and where experts ship their tensors and their routers'."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors, routers = {}, {}
    for layer, pack in experts.items():
        for expert in range(pack.expert_count):
            name = f"layers.{layer}.experts.{expert}"
            tensors |= {f"{name}.up.weight": pack.up[expert], f"{name}.up.bias": pack.up_bias[expert],
                        f"{name}.down.weight": pack.down[expert], f"{name}.down.bias": pack.down_bias[expert]}
        if pack.router is not None:
            routers |= {f"layers.{layer}.router.weight": pack.router, f"layers.{layer}.router.bias": pack.router_bias}
    for name, content in ((EXPERTS, tensors), (ROUTER, routers), (HEADS, head)):
        (folder / name).unlink(missing_ok=True)
        if content:
            save_file({key: value.detach().float().contiguous() for key, value in content.items()}, folder / name)
    (folder / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
