"""Trains experts and head over the frozen backbone, and keeps the last epoch that is as good as the best."""

from __future__ import annotations

import math
import sys
import time
from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from train_experts.losses import load_balancing, router_z
from train_experts.processes import Processes

from .encoder import Encoder, parameters
from .experts import GeluExperts
from .generator import SeededGenerator
from .head import fit_head, head_loss, score
from .source import Source
from .states import States

FROZEN_PENALTY, SMALLER_PENALTIES = 10.0, (0.1, 1.0)
HEAD_SCALE = 20.0


@dataclass(frozen=True)
class Settings:
    """How to train (SPEC.md, 7.7); what `training.json` repeats."""

    epochs: int
    expert_rate: float
    head_rate: float
    batch_size: int = 32
    label_smoothing: float = 0.1
    weight_decay: float = 0.1
    balance: float = 0.01
    z: float = 0.001
    patience: int = 4

    @staticmethod
    def of_depth(depth: int) -> Settings:
        """Those for experts in so many layers."""
        return Settings(4, 2e-3, 5e-4) if depth > 1 else Settings(8, 4e-3, 2e-3)


class Trainer:
    """One run over the texts of a source."""

    def __init__(self, encoder: Encoder, source: Source, experts: dict[int, GeluExperts], generator: SeededGenerator,
                 processes: Processes) -> None:
        self.encoder, self.source, self.experts, self.processes = encoder, source, experts, processes
        self.generator = generator
        self.settings = Settings.of_depth(len(experts))
        self.first = min(experts)
        self.train = States(encoder, source.train.texts, self.first, processes)
        self.valid = States(encoder, source.valid.texts, self.first, processes)
        self.targets = source.train.targets(source.labels)
        self.valid_targets = source.valid.targets(source.labels)
        self.weight = nn.Parameter(torch.zeros(len(source.labels), encoder.feature_width))
        self.bias = nn.Parameter(torch.zeros(len(source.labels)))

    def run(self) -> dict[str, Any]:
        """Trains; leaves the head that ships, and says what came of it and whether the experts ship."""
        begun, kind, settings = time.monotonic(), self.source.kind, self.settings
        fits = [fit_head(kind, self.train.features, self.targets, penalty)
                for penalty in (*(SMALLER_PENALTIES if len(self.experts) > 1 else ()), FROZEN_PENALTY)]
        scores = [score(kind, F.linear(self.valid.features, *fit), self.valid_targets) for fit in fits]
        frozen, frozen_score = fits[-1], scores[-1]
        frozen_logits = F.linear(self.valid.features, *frozen)
        start = next(fit for fit, own in zip(fits, scores) if own >= self._floor(max(scores)))
        with torch.no_grad():
            self.weight.copy_(start[0] / HEAD_SCALE)
            self.bias.copy_(start[1])
        best = self._epochs()
        ships = best["epoch"] > 0 and (best["score"] > frozen_score or (
            best["score"] == frozen_score and best["loss"] < float(head_loss(kind, frozen_logits, self.valid_targets))))
        self._say(f"frozen head {frozen_score:.4f}, experts {best['score']:.4f} on {self.valid.count} held out: "
                  f"{'experts ship' if ships else 'the frozen head ships'}, {time.monotonic() - begun:.0f} s")
        with torch.no_grad():
            for parameter, value in zip(self._parameters(), best["parameters"]):
                parameter.copy_(value)
            self.head = (self.weight * HEAD_SCALE, self.bias.clone()) if ships else frozen
            self.logits = best["logits"] if ships else frozen_logits
        return {"settings": asdict(settings), "processes": self.processes.count, "frozenScore": frozen_score,
                "expertScore": best["score"], "shipsExperts": ships, "history": best["history"],
                "trainTexts": self.train.count, "validTexts": self.valid.count,
                "seconds": round(time.monotonic() - begun, 1)}

    def _epochs(self) -> dict[str, Any]:
        settings, order = self.settings, list(range(self.train.count))
        groups = [{"params": parameters(self.experts), "peak": settings.expert_rate},
                  {"params": [self.weight, self.bias], "peak": settings.head_rate}]
        optimizer = torch.optim.AdamW(groups, lr=0.0, weight_decay=settings.weight_decay)
        steps = math.ceil(self.train.count / settings.batch_size) * settings.epochs
        best = {"epoch": 0, **self._evaluate(), "parameters": self._snapshot()}
        top, history, step = best["score"], [], 0
        for epoch in range(1, settings.epochs + 1):
            self.generator.shuffle(order)
            total = 0.0
            for place in range(0, len(order), settings.batch_size):
                for group in optimizer.param_groups:
                    group["lr"] = group["peak"] * _rate(step, steps)
                total += self._step(order[place:place + settings.batch_size], optimizer)
                step += 1
            result = self._evaluate()
            history.append({"epoch": epoch, "loss": total / self.train.count, "score": result["score"]})
            self._say(f"epoch {epoch}: loss {history[-1]['loss']:.4f} nats a text, validation {result['score']:.4f}")
            top = max(top, result["score"])
            if result["score"] >= self._floor(top):
                best = {"epoch": epoch, **result, "parameters": self._snapshot()}
            if epoch - best["epoch"] >= settings.patience:
                break
        return best | {"history": history}

    def _step(self, texts: list[int], optimizer: torch.optim.Optimizer) -> float:
        settings, own = self.settings, self.train.own(texts)
        optimizer.zero_grad(set_to_none=True)
        loss = torch.zeros(())
        if own:
            loss = head_loss(self.source.kind, self._logits(self.train, own), self.targets[own], settings.label_smoothing)
            objective = loss / len(texts)
            for layer in self.experts.values():
                if layer.logits is not None:
                    routing = settings.balance * load_balancing(layer.logits, layer.top_k) + settings.z * router_z(layer.logits)
                    objective = objective + routing / self.processes.count
            objective.backward()
        self.processes.sum_gradients(self._parameters())
        optimizer.step()
        return float(self.processes.sum(loss.detach().clone()))

    def _logits(self, states: States, texts: list[int]) -> torch.Tensor:
        hidden, mask, below = states.batch(texts)
        features = self.encoder.features(hidden, mask, self.first, below, self.experts)
        return F.linear(features, self.weight) * HEAD_SCALE + self.bias

    @torch.no_grad()
    def _evaluate(self) -> dict[str, Any]:
        logits = torch.zeros(self.valid.count, len(self.source.labels))
        own = sorted(self.valid.hidden, key=lambda text: len(self.valid.hidden[text]))
        for start in range(0, len(own), 32):
            places = own[start:start + 32]
            logits[places] = self._logits(self.valid, places)
        self.processes.sum(logits)
        return {"logits": logits, "score": score(self.source.kind, logits, self.valid_targets),
                "loss": float(head_loss(self.source.kind, logits, self.valid_targets))}

    def _floor(self, best: float) -> float:
        """One standard error under the best."""
        return best - math.sqrt(best * (1 - best) / max(1, self.valid.count))

    def _parameters(self) -> list[nn.Parameter]:
        return [*parameters(self.experts), self.weight, self.bias]

    def _snapshot(self) -> list[torch.Tensor]:
        return [parameter.detach().clone() for parameter in self._parameters()]

    def _say(self, sentence: str) -> None:
        if self.processes.is_first:
            print(sentence, file=sys.stderr, flush=True)


def _rate(step: int, steps: int) -> float:
    """Up over the first tenth of the steps, then down to zero: a share of the peak."""
    warm = max(1, steps // 10)
    return (step + 1) / warm if step < warm else max(0, steps - step) / max(1, steps - warm)
