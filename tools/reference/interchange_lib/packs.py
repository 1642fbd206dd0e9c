"""Packs with random weights, and the model that has them among its own experts."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from transformers import AutoModelForCausalLM, PreTrainedModel

from checkpoints.reference import sparse_blocks
from train_experts.experts import PackExperts
from train_experts.files import write_pack


@dataclass(frozen=True)
class PackShape:
    """The experts of one pack."""

    name: str
    count: int
    width: int
    top_k: int = 1


@torch.no_grad()
def make(model: PreTrainedModel, shape: PackShape, seed: int) -> dict[int, PackExperts]:
    """Experts in every layer where the model has some, about as large as its own."""
    generator = torch.Generator().manual_seed(seed)
    width = model.config.hidden_size
    packs = {}
    for layer in sparse_blocks(model):
        pack = PackExperts(width, shape.width, shape.count, shape.top_k, generator)
        pack.down.copy_(2 * shape.width**-0.5 * torch.randn(pack.down.shape, generator=generator))
        # One expert has a router as well here, of which the flat mode makes use.
        pack.router.copy_(1.5 * width**-0.5 * torch.randn(pack.router.shape, generator=generator))
        packs[layer] = pack
    return packs


def write(folder: Path, model: PreTrainedModel, shape: PackShape, packs: dict[int, PackExperts]) -> None:
    """The pack as `tools/train-experts` writes one."""
    write_pack(folder, packs, {"modelType": model.config.model_type, "width": model.config.hidden_size,
                               "experts": {"layers": list(packs), "count": shape.count, "width": shape.width,
                                           "topK": shape.top_k}})


@torch.no_grad()
def widened(model: PreTrainedModel, packs: list[dict[int, PackExperts]]) -> PreTrainedModel:
    """The model with the packs' rows and experts after its own, in one softmax."""
    config = copy.deepcopy(model.config)
    name = "num_local_experts" if config.model_type == "mixtral" else "num_experts"
    setattr(config, name, getattr(config, name) + sum(next(iter(pack.values())).expert_count for pack in packs))
    wide = AutoModelForCausalLM.from_config(config, dtype=torch.float32, attn_implementation="eager",
                                            experts_implementation="eager").eval()
    tensors = dict(model.state_dict())
    for number, block in sparse_blocks(model).items():
        prefix = next(name for name, module in model.named_modules() if module is block) + "."
        router, gate_up = prefix + "gate.weight", prefix + "experts.gate_up_proj"
        down = prefix + "experts.down_proj"
        inner = tensors[down].shape[-1]
        for pack in packs:
            own = pack[number]
            missing = inner - own.gate.shape[1]
            tensors[router] = torch.cat([tensors[router], own.router])
            halves = [F.pad(part, (0, 0, 0, missing)) for part in (own.gate, own.up)]
            tensors[gate_up] = torch.cat([tensors[gate_up], torch.cat(halves, dim=1)])
            tensors[down] = torch.cat([tensors[down], F.pad(own.down, (0, missing))])
    wide.load_state_dict(tensors)
    return wide
