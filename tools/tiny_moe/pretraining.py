"""Trains a whole model: the base from nothing, or the base further on other text."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

from train_experts.losses import load_balancing, router_z, token_nats
from train_experts.measuring import nats_per_byte
from train_experts.rows import IGNORED, Rows
from train_experts.schedule import batches, learning_rate

from . import bytes_tokenizer

CONTEXT = 512


@dataclass(frozen=True)
class Pretraining:
    """How to train a whole model."""

    steps: int
    learning_rate: float
    batch_rows: int = 4
    balance_coefficient: float = 0.01
    z_coefficient: float = 0.001
    seed: int = 1


def new_model(seed: int) -> PreTrainedModel:
    """An OLMoE of 7.5 million parameters, of which a token uses 2.8 million."""
    config = AutoConfig.for_model(
        "olmoe", vocab_size=bytes_tokenizer.VOCABULARY, hidden_size=256, intermediate_size=256, num_hidden_layers=4,
        num_attention_heads=8, num_key_value_heads=8, num_experts=8, num_experts_per_tok=2, norm_topk_prob=False,
        max_position_embeddings=CONTEXT, pad_token_id=bytes_tokenizer.PADDING_ID,
        bos_token_id=bytes_tokenizer.END_ID, eos_token_id=bytes_tokenizer.END_ID, initializer_range=0.04)
    torch.manual_seed(seed)
    return AutoModelForCausalLM.from_config(config, dtype=torch.float32, experts_implementation="eager")


def train(model: PreTrainedModel, rows: Rows, valid: Rows, settings: Pretraining, out: Path) -> None:
    """Trains every weight, and writes the checkpoint with its tokenizer and training.json."""
    begun, history = time.monotonic(), []
    top_k = model.config.num_experts_per_tok
    optimizer = torch.optim.AdamW(model.parameters(), lr=settings.learning_rate, betas=(0.9, 0.95), weight_decay=0.05,
                                  fused=True)
    for step, batch in enumerate(batches(len(rows), settings.batch_rows, settings.steps, settings.seed)):
        labels = rows.labels[batch]
        mask = labels != IGNORED
        output = model(input_ids=rows.ids[batch], output_router_logits=True, use_cache=False)
        nats = token_nats(output.logits, labels) / mask.sum()
        routers = [logits[mask.flatten()] for logits in output.router_logits]
        balance = torch.stack([load_balancing(logits, top_k) for logits in routers]).mean()
        z = torch.stack([router_z(logits) for logits in routers]).mean()
        optimizer.zero_grad(set_to_none=True)
        (nats + settings.balance_coefficient * balance + settings.z_coefficient * z).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, settings.steps, settings.learning_rate)
        optimizer.step()
        if (step + 1) % 100 == 0 or step + 1 == settings.steps:
            measured = nats_per_byte(lambda ids: model(input_ids=ids, use_cache=False).logits, valid)
            history.append({"step": step + 1, "train": nats.item(), "valid": measured, "balance": balance.item()})
            print(f"step {step + 1:5}  train {nats.item():.4f}  valid {measured:.4f} nats/byte  "
                  f"balance {balance.item():.3f}  {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
    model.save_pretrained(out)
    bytes_tokenizer.write(out, CONTEXT)
    record = {"settings": asdict(settings), "history": history, "seconds": round(time.monotonic() - begun, 1),
              "trainBytes": rows.byte_count, "threads": torch.get_num_threads(), "torch": torch.__version__}
    (out / "training.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
