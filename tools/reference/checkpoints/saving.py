"""A model as a checkpoint directory, in the layout and with the configuration keys that are asked for."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

from train_experts.frozen import load_model

from . import tokenizer, weights
from .shape import Shape


def build(shape: Shape, seed: int) -> PreTrainedModel:
    """A model of this shape with random weights, in the shape's own dtype."""
    config = AutoConfig.for_model(shape.model_type, vocab_size=shape.vocabulary, bos_token_id=None,
                                  eos_token_id=tokenizer.END_ID, pad_token_id=tokenizer.PADDING_ID,
                                  **shape.config, **shape.extra_config)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    weights.fill(model, seed)
    return model.to(getattr(torch, shape.dtype))


def save(shape: Shape, model: PreTrainedModel, folder: Path) -> None:
    """Writes config.json, generation_config.json, the tensors and the tokenizer."""
    folder.mkdir(parents=True)
    size = sum(parameter.numel() * parameter.element_size() for parameter in model.parameters())
    largest = math.ceil(size / shape.shard_count) if shape.shard_count > 1 else size + 1
    model.save_pretrained(folder, max_shard_size=largest, save_original_format=not shape.stacked)
    path = folder / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    if shape.has_old_keys:
        config = with_old_keys(config)
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    for tensors in folder.glob("*.safetensors"):
        tensors.chmod(0o644)
    tokenizer.save(tokenizer.train(shape.tokens, shape.covers_bytes), folder, model.config.max_position_embeddings)


def with_old_keys(config: dict[str, Any]) -> dict[str, Any]:
    """The same configuration as transformers 4 spelled it."""
    config = dict(config)
    rope = dict(config.pop("rope_parameters"))
    theta = rope.pop("rope_theta")
    config["torch_dtype"] = config.pop("dtype")
    config["transformers_version"] = "4.40.0"
    if config["model_type"] == "dbrx":
        attention, ffn = config["attn_config"], config["ffn_config"]
        config["attn_config"] = {key: attention[key] for key in ("clip_qkv", "kv_n_heads", "rope_theta")}
        config["ffn_config"] = {key: ffn[key] for key in ("ffn_hidden_size", "moe_jitter_eps", "moe_loss_weight",
                                                          "moe_num_experts", "moe_top_k")}
        del config["num_key_value_heads"]
        return config
    config["rope_theta"] = theta
    if rope["rope_type"] == "linear":
        rope["type"] = rope.pop("rope_type")  # its name before Llama 3
    config["rope_scaling"] = None if "default" in rope.values() else rope
    return config


def load(folder: Path, dtype: torch.dtype = torch.float32) -> PreTrainedModel:
    """The checkpoint as transformers reads it from disk, with the plain attention and the plain expert loop."""
    return load_model(folder, dtype, attn_implementation="eager")


def check(shape: Shape, built: PreTrainedModel, loaded: PreTrainedModel) -> None:
    """Holds what came back from disk to what was built: transformers only warns of tensors that it does not find."""
    tensors = loaded.state_dict()
    for name, tensor in built.state_dict().items():
        if not torch.equal(tensors[name], tensor.float()):
            raise ValueError(f"{shape.name}: `{name}` is not on disk what it was in memory")
    for key, value in shape.config["rope_parameters"].items():
        if loaded.config.rope_parameters[key] != value:
            raise ValueError(f"{shape.name}: {key} is {loaded.config.rope_parameters[key]}, expected {value}")
