"""A pack's tensors as files, under the names of moe-pack's pack format."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from .experts import PackExperts
from .failure import BAD_DATA, Failure

EXPERTS, ROUTER, RECORD = "experts.safetensors", "router.safetensors", "training.json"


def write_pack(folder: Path, experts: Mapping[int, PackExperts], record: Mapping[str, Any]) -> None:
    """Writes experts.safetensors, router.safetensors and training.json."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors, routers = {}, {}
    for layer, pack in experts.items():
        for expert in range(pack.expert_count):
            for name in ("gate", "up", "down"):
                tensors[f"layers.{layer}.experts.{expert}.{name}.weight"] = getattr(pack, name)[expert]
        routers[f"layers.{layer}.router.weight"] = pack.router
    _save(tensors, folder / EXPERTS)
    _save(routers, folder / ROUTER)
    (folder / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def _save(tensors: Mapping[str, torch.Tensor], path: Path) -> None:
    save_file({name: tensor.detach().float().contiguous() for name, tensor in tensors.items()}, path)


def read_pack(folder: Path) -> dict[int, PackExperts]:
    """The experts of a folder that `write_pack` wrote, by layer."""
    record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    shape = record["experts"]
    tensors = load_file(folder / EXPERTS) | load_file(folder / ROUTER)
    found = {}
    for layer in shape["layers"]:
        pack = PackExperts(record["width"], shape["width"], shape["count"], shape["topK"], torch.Generator())
        try:
            with torch.no_grad():
                for name in ("gate", "up", "down"):
                    for expert in range(shape["count"]):
                        getattr(pack, name)[expert] = tensors[f"layers.{layer}.experts.{expert}.{name}.weight"]
                pack.router.copy_(tensors[f"layers.{layer}.router.weight"])
        except KeyError as error:
            raise Failure(BAD_DATA, f"`{folder}` has no tensor {error}", "train the pack again") from None
        found[layer] = pack
    return found
