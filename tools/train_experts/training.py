"""Trains a pack's experts, and keeps the best of what validation saw."""

from __future__ import annotations

import sys
import time
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from typing import Any

import torch

from .frozen import FrozenModel
from .losses import token_nats
from .measuring import nats_per_byte
from .processes import Processes
from .rows import IGNORED, Rows
from .schedule import batches, learning_rate


@dataclass(frozen=True)
class Settings:
    """How to train; what `training.json` repeats."""

    steps: int = 300
    batch_rows: int = 8
    learning_rate: float = 2e-3
    weight_decay: float = 0.01
    balance_coefficient: float = 0.01
    z_coefficient: float = 0.001
    clip: float = 1.0
    validate_every: int = 50
    cache_megabytes: int = 3000
    seed: int = 1


class Trainer:
    """One run over the rows of a domain."""

    def __init__(self, model: FrozenModel, train: Rows, valid: Rows, settings: Settings, processes: Processes) -> None:
        self.model, self.train, self.valid = model, train, valid
        self.settings, self.processes = settings, processes
        self.parameters = model.parameters()
        self.optimizer = torch.optim.AdamW(self.parameters, lr=settings.learning_rate, betas=(0.9, 0.98),
                                           weight_decay=settings.weight_decay)
        self.states = self._cached_states()

    def run(self) -> dict[str, Any]:
        """Trains, leaves the best experts in the model, and returns what training.json says of it."""
        settings, begun = self.settings, time.monotonic()
        history = [{"step": 0, "valid": nats_per_byte(self.model.logits, self.valid)}]
        best, kept = history[0]["valid"], self._snapshot()
        losses: list[torch.Tensor] = []
        order = batches(len(self.train), settings.batch_rows, settings.steps, settings.seed)
        for step, rows in enumerate(order):
            losses.append(self._step(rows, learning_rate(step, settings.steps, settings.learning_rate)))
            if (step + 1) % settings.validate_every and step + 1 != settings.steps:
                continue
            token, balance, z = torch.stack(losses).mean(dim=0).tolist()
            losses = []
            valid = nats_per_byte(self.model.logits, self.valid)
            history.append({"step": step + 1, "valid": valid, "train": token, "balance": balance, "z": z})
            if valid < best:
                best, kept = valid, self._snapshot()
            self._say(history[-1], begun)
        with torch.no_grad():
            for parameter, value in zip(self.parameters, kept):
                parameter.copy_(value)
        return {"settings": asdict(settings), "processes": self.processes.count, "bestValid": best,
                "history": history, "seconds": round(time.monotonic() - begun, 1),
                "cachedTrunk": self.states is not None, "trainBytes": self.train.byte_count,
                "validBytes": self.valid.byte_count}

    def _step(self, rows: torch.Tensor, rate: float) -> torch.Tensor:
        settings = self.settings
        own = self.processes.share(rows)
        ids, labels = self.train.ids[own], self.train.labels[own]
        mask = labels != IGNORED
        token_count = self.processes.sum(mask.sum().float()).clamp(min=1)
        context = self.model.from_trunk(self.states[own]) if self.states is not None else nullcontext()
        with context:
            nats = token_nats(self.model.logits(ids, mask), labels) / token_count
        balance, z = (value / self.processes.count for value in self.model.router_losses())
        self.optimizer.zero_grad(set_to_none=True)
        (nats + settings.balance_coefficient * balance + settings.z_coefficient * z).backward()
        self.processes.sum_gradients(self.parameters)
        torch.nn.utils.clip_grad_norm_(self.parameters, settings.clip)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.step()
        return self.processes.sum(torch.stack([nats, balance, z]).detach())

    def _cached_states(self) -> torch.Tensor | None:
        """The trunk's states of every training row, where they are needed again and fit into memory."""
        settings, model = self.settings, self.model
        size = self.train.ids.numel() * model.model.config.hidden_size * 4
        is_repaid = settings.steps * settings.batch_rows >= len(self.train)
        if model.first_layer == 0 or not is_repaid or size > settings.cache_megabytes * 1_000_000:
            return None
        return torch.cat([model.trunk_states(part) for part in self.train.ids.split(16)])

    def _snapshot(self) -> list[torch.Tensor]:
        return [parameter.detach().clone() for parameter in self.parameters]

    def _say(self, entry: dict[str, float], begun: float) -> None:
        if self.processes.is_first:
            print(f"step {entry['step']:5}  train {entry['train']:.4f} nats/token  "
                  f"valid {entry['valid']:.4f} nats/byte  balance {entry['balance']:.3f}  "
                  f"{time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
