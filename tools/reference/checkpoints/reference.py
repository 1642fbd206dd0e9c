"""What transformers computes from a checkpoint: logits, routing, hidden states, greedy continuations."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import nn
from transformers import PreTrainedModel

from .shape import Extent


@dataclass
class Routing:
    """What one sparse layer did with N tokens."""

    logits: torch.Tensor | None = None  # [N, E]
    experts: torch.Tensor | None = None  # [N, K]
    weights: torch.Tensor | None = None  # [N, K]

    @property
    def probabilities(self) -> torch.Tensor:
        """Softmax over all experts, in float32."""
        return torch.softmax(self.logits.float(), dim=-1)

    @property
    def margin(self) -> float:
        """Least distance between the logit of the last expert chosen and that of the first one not chosen."""
        count = self.experts.shape[-1]
        if count == self.logits.shape[-1]:
            return float("inf")
        best = self.logits.float().topk(count + 1, dim=-1).values
        return (best[:, -2] - best[:, -1]).min().item()


@dataclass
class Answer:
    """What one prompt gave."""

    logits: torch.Tensor  # [T, V]
    hidden: torch.Tensor  # [T, D], after the final norm
    routing: dict[int, Routing]


@dataclass
class Reference:
    """Everything that is recorded of a checkpoint, and how far from a tie it stayed."""

    tensors: dict[str, torch.Tensor] = field(default_factory=dict)
    router_margin: float = float("inf")
    greedy_margin: float = float("inf")


def sparse_blocks(model: PreTrainedModel) -> dict[int, nn.Module]:
    """The blocks with routed experts, by layer."""
    layers = model.get_decoder().blocks if hasattr(model.get_decoder(), "blocks") else model.get_decoder().layers
    found = {}
    for number, layer in enumerate(layers):
        for block in layer.children():
            if hasattr(block, "experts"):
                found[number] = block
    return found


@contextmanager
def recorded_routing(model: PreTrainedModel) -> Iterator[dict[int, Routing]]:
    """Fills the dictionary it yields with the routing of each forward pass."""
    routing: dict[int, Routing] = {}
    hooks = []
    for number, block in sparse_blocks(model).items():
        router = block.gate if hasattr(block, "gate") else block.router

        def keep_logits(_module, _inputs, output, number=number):
            routing[number] = Routing(logits=output[0] if isinstance(output, tuple) else output)

        def keep_choice(_module, inputs, number=number):
            routing[number].experts, routing[number].weights = inputs[1], inputs[2]

        hooks.append(router.register_forward_hook(keep_logits))
        hooks.append(block.experts.register_forward_pre_hook(keep_choice))
    try:
        yield routing
    finally:
        for hook in hooks:
            hook.remove()


@torch.inference_mode()
def answer(model: PreTrainedModel, ids: torch.Tensor) -> Answer:
    """One pass over a whole prompt `[T]`, without a cache."""
    with recorded_routing(model) as routing:
        hidden = model.get_decoder()(input_ids=ids[None], use_cache=False).last_hidden_state[0]
        found = dict(routing)
    logits = model(input_ids=ids[None], use_cache=False).logits[0]
    return Answer(logits, hidden, found)


@torch.inference_mode()
def greedy(model: PreTrainedModel, ids: torch.Tensor, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """`count` tokens by greatest logit, whatever they are, and each one's distance from the second best."""
    tokens, gaps, cache, step = [], [], None, ids[None]
    for _ in range(count):
        output = model(input_ids=step, past_key_values=cache, use_cache=True)
        best = output.logits[0, -1].topk(2)
        tokens.append(best.indices[0])
        gaps.append(best.values[0] - best.values[1])
        cache, step = output.past_key_values, best.indices[:1][None]
    return torch.stack(tokens), torch.stack(gaps)


def prompts(extent: Extent, tokens: int, seed: int) -> list[torch.Tensor]:
    """Token ids, each one that the tokenizer has but its special ones."""
    generator = random.Random(seed)
    return [torch.tensor([generator.randrange(2, tokens) for _ in range(length)]) for length in extent.prompt_lengths]


def record_prompts(model: PreTrainedModel, extent: Extent, tokens: int, seed: int) -> Reference:
    """Asks every prompt. Names and shapes are those of FORMAT.md."""
    reference = Reference()
    for number, ids in enumerate(prompts(extent, tokens, seed)):
        found = answer(model, ids)
        prefix = f"prompt.{number}"
        reference.tensors |= {f"{prefix}.ids": ids.int(), f"{prefix}.logits": found.logits,
                              f"{prefix}.hidden": found.hidden}
        for layer, routing in found.routing.items():
            reference.tensors |= {f"{prefix}.router.{layer}.probabilities": routing.probabilities,
                                  f"{prefix}.router.{layer}.experts": routing.experts.int(),
                                  f"{prefix}.router.{layer}.weights": routing.weights.float()}
            reference.router_margin = min(reference.router_margin, routing.margin)
    return reference


def record_greedy(model: PreTrainedModel, extent: Extent, reference: Reference) -> None:
    """Continues the first prompts of a reference, and lets its margins know."""
    for number in range(extent.greedy_prompts):
        ids = reference.tensors[f"prompt.{number}.ids"].long()
        tokens, gaps = greedy(model, ids, extent.greedy_tokens)
        reference.tensors |= {f"greedy.{number}.ids": tokens.int(), f"greedy.{number}.gaps": gaps}
        reference.greedy_margin = min(reference.greedy_margin, gaps.min().item())
        whole = answer(model, torch.cat([ids, tokens]))
        if not torch.equal(whole.logits[len(ids) - 1:-1].argmax(-1), tokens):
            # A near tie: with the cache and without it, the same model chose otherwise.
            reference.greedy_margin = 0.0
        for routing in whole.routing.values():
            reference.router_margin = min(reference.router_margin, routing.margin)
