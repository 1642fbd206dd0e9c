"""Random weights under which a model has something to say.

The classes' own initialisation (std 0.02) gives logits and router probabilities that are all but equal, and so
compares nothing. These weights keep activations near unit size, spread router logits with a standard deviation of
about 1.5 and logits with about 2.
"""

from __future__ import annotations

import math

import torch
from torch import nn

ROUTER_STD, LOGIT_STD, ATTENTION_STD, TIED_EMBEDDING_STD = 1.5, 2.0, 1.5, 0.25


@torch.no_grad()
def fill(model: nn.Module, seed: int) -> None:
    """Gives every parameter of a causal language model a value from a generator of this seed."""
    generator = torch.Generator().manual_seed(seed)
    spread = _Spread(model.config)
    for name, parameter in sorted(model.named_parameters()):
        parts = name.split(".")
        if "norm" in parts[-2] and parts[-1] == "weight":
            center = spread.final_norm if len(parts) == 3 else 1.0
            parameter.copy_(center * (0.6 + 0.8 * torch.rand(parameter.shape, generator=generator)))
        else:
            parameter.copy_(spread.std(parts, parameter) * torch.randn(parameter.shape, generator=generator))


class _Spread:
    """Standard deviations by the place of a parameter."""

    def __init__(self, config) -> None:
        self.config = config
        head_dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        # Granite's own factor on q·k replaces 1/√head_dim, and others of its factors scale embedding and logits.
        attention_scale = getattr(config, "attention_multiplier", None) or head_dim**-0.5
        self.query = math.sqrt(ATTENTION_STD / (attention_scale * math.sqrt(head_dim)))
        self.logit = LOGIT_STD * getattr(config, "logits_scaling", 1.0) / math.sqrt(config.hidden_size)
        self.embedding = ((TIED_EMBEDDING_STD if config.tie_word_embeddings else 1.0)
                          * getattr(config, "residual_multiplier", 1.0) / getattr(config, "embedding_multiplier", 1.0))

    @property
    def final_norm(self) -> float:
        """What the last norm's weights lie around: with tied embeddings it sets the size of the logits."""
        return self.logit / self.embedding if self.config.tie_word_embeddings else 1.0

    def std(self, parts: list[str], parameter: torch.Tensor) -> float:
        """Of the parameter with this name, split at its dots."""
        if parts[-1] == "bias":
            return 0.3
        fan_in = parameter.shape[-1]
        if parts[-2] == "lm_head":
            return self.logit
        if parts[-2] in ("embed_tokens", "wte"):
            return self.embedding
        if parts[-2] in ("gate", "router") or "router" in parts[-3]:
            return ROUTER_STD / math.sqrt(fan_in)
        if parts[-2] in ("q_proj", "k_proj", "Wqkv"):
            return self.query / math.sqrt(fan_in)
        if parts[-1] == "w2":  # DBRX: [E·F, D], multiplied from the other side
            return 2.0 / math.sqrt(self.config.ffn_config.ffn_hidden_size)
        if "down_proj" in parts[-2:]:
            return 2.0 / math.sqrt(fan_in)
        return 1.2 / math.sqrt(fan_in)
