"""Checkpoints that must be refused, each one a small sound checkpoint with one thing wrong."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from . import saving, tokenizer
from .families import GRANITE, LINEAR, dbrx, llama, mixtral, olmo, qwen
from .shape import Shape

Tensors = dict[str, torch.Tensor]

SOUND = {shape.name: shape for shape in [
    Shape("mixtral", "mixtral", mixtral(2, 32, 4, 2, 4, 2, 24)),
    Shape("mixtral-shards", "mixtral", mixtral(2, 32, 4, 2, 4, 2, 24), shard_count=2),
    Shape("mixtral-stacked", "mixtral", mixtral(2, 32, 4, 2, 4, 2, 24), stacked=True),
    Shape("mixtral-old", "mixtral", mixtral(2, 32, 4, 2, 4, 2, 24), has_old_keys=True),
    Shape("olmoe", "olmoe", olmo(2, 32, 4, 4, 4, 2, 24)),
    Shape("qwen2_moe", "qwen2_moe", qwen(2, 32, 4, 2, 4, 2, 24, shared_expert_intermediate_size=24)),
    Shape("granitemoe", "granitemoe", mixtral(2, 32, 4, 2, 4, 2, 24, **GRANITE)),
    Shape("dbrx", "dbrx", dbrx(2, 32, 4, 2, 4, 2, 24)),
    Shape("llama", "llama", llama(2, 32, 4, 2)),
    Shape("llama-linear", "llama", llama(2, 32, 4, 2, LINEAR)),
]}
EXPERT = "model.layers.1.block_sparse_moe.experts.3.w2.weight"
ROUTER = "model.layers.0.block_sparse_moe.gate.weight"


@dataclass(frozen=True)
class Case:
    """One thing wrong: the sound checkpoint it starts from, what is done to its directory, and what is to be said."""

    name: str
    start: str
    spoil: Callable[[Path], None]
    complaint: str


def _config(change: Callable[[dict[str, Any]], object], file: str = "config.json") -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        path = folder / file
        value = json.loads(path.read_text(encoding="utf-8"))
        change(value)
        path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
    return spoil


def _set(**values: Any) -> Callable[[Path], None]:
    return _config(lambda config: config.update(values))


def _rope(**values: Any) -> Callable[[Path], None]:
    return _config(lambda config: config["rope_parameters"].update(values))


def _tensors(change: Callable[[Tensors], object]) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        path = folder / "model.safetensors"
        tensors = load_file(path)
        change(tensors)
        save_file(tensors, path, {"format": "pt"})
    return spoil


def _poison(name: str, value: float) -> Callable[[Path], None]:
    def change(tensors: Tensors) -> None:
        tensors[name].view(-1)[tensors[name].numel() // 2] = value
    return _tensors(change)


def _shards(folder: Path) -> list[Path]:
    return sorted(folder.glob("model-*.safetensors"))


def _rename_in_index(folder: Path) -> None:
    def change(index: dict[str, Any]) -> None:
        index["weight_map"]["model.norm.weight"] = "../model.safetensors"
    _config(change, "model.safetensors.index.json")(folder)


def _forget_in_index(folder: Path) -> None:
    _config(lambda index: index["weight_map"].pop(ROUTER), "model.safetensors.index.json")(folder)


def _move_in_index(folder: Path) -> None:
    names = [path.name for path in _shards(folder)]

    def change(index: dict[str, Any]) -> None:
        place = index["weight_map"][ROUTER]
        index["weight_map"][ROUTER] = next(name for name in names if name != place)
    _config(change, "model.safetensors.index.json")(folder)


def _cut(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def _larger_tokenizer(folder: Path) -> None:
    tokenizer.save(tokenizer.train(360, covers_bytes=True), folder, 512)


def _token_outside(folder: Path) -> None:
    def change(file: dict[str, Any]) -> None:
        file["added_tokens"].append({"id": 900, "content": "<|far|>", "single_word": False, "lstrip": False,
                                     "rstrip": False, "normalized": False, "special": True})
    _config(change, "tokenizer.json")(folder)


def _double(tensors: Tensors) -> None:
    experts = [tensors[f"model.layers.0.block_sparse_moe.experts.{expert}.w2.weight"] for expert in range(4)]
    tensors["model.layers.0.mlp.experts.down_proj"] = torch.stack(experts)


CASES = [
    Case("missing-shard", "mixtral-shards", lambda folder: _shards(folder)[1].unlink(),
         "a shard the index names is absent"),
    Case("shard-outside", "mixtral-shards", _rename_in_index, "the index names a file outside the directory"),
    Case("index-lacks-tensor", "mixtral-shards", _forget_in_index, "a tensor is in a shard but not in the index"),
    Case("index-wrong-shard", "mixtral-shards", _move_in_index, "a tensor is not in the shard the index names"),
    Case("no-weights", "mixtral", lambda folder: (folder / "model.safetensors").unlink(), "there are no tensors"),
    Case("no-tokenizer", "mixtral", lambda folder: (folder / "tokenizer.json").unlink(), "there is no tokenizer.json"),
    Case("no-config", "mixtral", lambda folder: (folder / "config.json").unlink(), "there is no config.json"),
    Case("cut-short", "mixtral", _cut, "the file of tensors ends too early"),
    Case("wrong-shape", "mixtral", _tensors(lambda t: t.update({EXPERT: t[EXPERT][:, :-1].contiguous()})),
         "a tensor has another shape than the configuration says"),
    Case("transposed-expert", "mixtral", _tensors(lambda t: t.update({EXPERT: t[EXPERT].T.contiguous()})),
         "w2 is [F, D], expected [D, F]"),
    Case("stacked-wrong-experts", "mixtral-stacked", _set(num_local_experts=5), "stacked experts are 4, not 5"),
    Case("missing-expert", "mixtral", _tensors(lambda t: t.pop(EXPERT)), "a tensor of the last expert is absent"),
    Case("missing-router", "mixtral", _tensors(lambda t: t.pop(ROUTER)), "a router is absent"),
    Case("extra-tensor", "mixtral", _tensors(lambda t: t.update({"model.layers.0.self_attn.sinks": torch.ones(4)})),
         "a tensor that maps to nothing"),
    Case("extra-layer", "mixtral",
         _tensors(lambda t: t.update({"model.layers.2.input_layernorm.weight": torch.ones(32)})),
         "a tensor of a layer that the configuration does not have"),
    Case("extra-bias", "olmoe", _tensors(lambda t: t.update({"model.layers.0.self_attn.q_proj.bias": torch.ones(32)})),
         "a bias where the configuration has none"),
    Case("both-layouts", "mixtral", _tensors(_double), "one layer's experts in both layouts"),
    Case("integer-weights", "mixtral", _tensors(lambda t: t.update({EXPERT: t[EXPERT].to(torch.int8)})),
         "a tensor is I8"),
    Case("nan-weights", "mixtral", _poison(EXPERT, float("nan")), "a weight is NaN"),
    Case("infinite-router", "mixtral", _poison(ROUTER, float("inf")), "a weight is infinite"),
    Case("unknown-model-type", "mixtral", _set(model_type="mixtral_next"), "an unknown model_type"),
    Case("no-model-type", "mixtral", _config(lambda config: config.pop("model_type")), "no model_type"),
    Case("unknown-rope-type", "llama-linear", _rope(rope_type="spiral"), "an unknown rope type"),
    Case("rope-without-factor", "llama-linear", _config(lambda config: config["rope_parameters"].pop("factor")),
         "linear scaling without its factor"),
    Case("rope-infinite-theta", "llama", _rope(rope_theta=0.0), "theta 0"),
    Case("partial-rotary", "llama", _set(partial_rotary_factor=0.5), "a key that changes the maths"),
    Case("partial-rotary-in-rope", "llama", _rope(partial_rotary_factor=0.5), "a key that changes the maths"),
    Case("logit-softcap", "mixtral", _set(final_logit_softcapping=30.0), "a key that changes the maths"),
    Case("other-activation", "mixtral", _set(hidden_act="gelu"), "an activation that is not silu"),
    Case("quantized", "mixtral", _set(quantization_config={"quant_method": "gptq", "bits": 4}), "quantised weights"),
    Case("old-rope-type", "mixtral-old", _set(rope_scaling={"type": "spiral", "factor": 2.0}), "an unknown rope type"),
    Case("routed-scaling", "qwen2_moe", _set(routed_scaling_factor=2.5), "a key that changes the maths"),
    Case("unknown-granite-key", "granitemoe", _set(attention_logit_multiplier=0.5), "a key that is not known"),
    Case("other-dbrx-activation", "dbrx",
         _config(lambda config: config["ffn_config"].update(ffn_act_fn={"name": "gelu"})),
         "an activation that is not silu"),
    Case("heads-not-divisible", "mixtral", _set(num_key_value_heads=3), "4 heads in 3 groups"),
    Case("too-many-active", "mixtral", _set(num_experts_per_tok=5), "5 of 4 experts"),
    Case("no-active", "mixtral", _set(num_experts_per_tok=0), "0 of 4 experts"),
    Case("negative-width", "mixtral", _set(hidden_size=-32), "a negative width"),
    Case("huge-width", "mixtral", _set(hidden_size=2**62), "a width whose square overflows"),
    Case("fractional-layers", "mixtral", _set(num_hidden_layers=1.5), "a number of layers that is not whole"),
    Case("text-as-number", "mixtral", _set(rms_norm_eps="small"), "a text where a number belongs"),
    Case("odd-head-dim", "mixtral", _set(head_dim=7), "a head width that cannot be rotated"),
    Case("tokenizer-too-large", "mixtral", _larger_tokenizer, "the tokenizer has more entries than the embedding rows"),
    Case("token-outside", "mixtral", _token_outside, "a token's id is beyond the embedding"),
    Case("end-outside", "mixtral", _config(lambda config: config.update(eos_token_id=9999), "generation_config.json"),
         "the end token is beyond the embedding"),
    Case("config-not-json", "mixtral", lambda folder: (folder / "config.json").write_text("{", encoding="utf-8"),
         "config.json is not JSON"),
]


def make_all(out: Path, names: list[str]) -> None:
    """Writes `out/<name>` for every case that is asked for, and `broken.json`, which says what is wrong with each."""
    with tempfile.TemporaryDirectory() as scratch:
        for case in CASES:
            if case.name not in names:
                continue
            sound = Path(scratch) / case.start
            if not sound.exists():
                shape = SOUND[case.start]
                saving.save(shape, saving.build(shape, seed=1), sound)
            folder = out / case.name
            if folder.exists():
                shutil.rmtree(folder)
            shutil.copytree(sound, folder)
            case.spoil(folder)
    description = [{"name": case.name, "from": case.start, "wrong": case.complaint} for case in CASES]
    (out / "broken.json").write_text(json.dumps(description, indent=1) + "\n", encoding="utf-8")
    print(f"{len(names)} broken checkpoints in {out}")
