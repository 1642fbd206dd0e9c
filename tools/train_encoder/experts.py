"""A pack's experts of one encoder layer, and the router that chooses among them (SPEC.md, 13.1, 13.2)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from .generator import SeededGenerator


class GeluExperts(nn.Module):
    """E experts W_down gelu(W_up h + b_up) + b_down of width F; with more than one, softmax(W h + b) picks the top K."""

    def __init__(self, width: int, expert_width: int, expert_count: int, top_k: int) -> None:
        super().__init__()
        self.top_k = top_k

        def zeros(*shape: int) -> nn.Parameter:
            return nn.Parameter(torch.zeros(shape))

        self.up, self.up_bias = zeros(expert_count, expert_width, width), zeros(expert_count, expert_width)
        self.down, self.down_bias = zeros(expert_count, width, expert_width), zeros(expert_count, width)
        self.router = zeros(expert_count, width) if expert_count > 1 else None
        self.router_bias = zeros(expert_count) if expert_count > 1 else None
        # What the router said of the tokens of the last pass, [N, E]: its losses are made of it.
        self.logits: torch.Tensor | None = None

    @staticmethod
    def drawn(layers: list[int], shape: tuple[int, int, int, int], generator: SeededGenerator) -> dict[int, GeluExperts]:
        """Experts of several layers, in the order that `pack build` draws them; at first they add nothing."""
        experts = {layer: GeluExperts(*shape) for layer in layers}
        scale = shape[0] ** -0.5
        with torch.no_grad():
            for layer in experts.values():
                layer.up.copy_(generator.normals(*layer.up.shape, scale=scale))
            for layer in experts.values():
                if layer.router is not None:
                    layer.router.copy_(generator.normals(*layer.router.shape, scale=scale))
        return experts

    @property
    def expert_count(self) -> int:
        """E."""
        return self.up.shape[0]

    def forward(self, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """What is added to the layer's own output, [B, T, D]; `mask` [B, T] is true where there is a token."""
        if self.router is None:
            return self._expert(0, hidden)
        tokens = hidden[mask]
        self.logits = F.linear(tokens, self.router, self.router_bias)
        values, order = torch.softmax(self.logits, dim=-1).sort(dim=-1, descending=True, stable=True)
        weights, chosen = values[:, :self.top_k], order[:, :self.top_k]
        if self.top_k > 1:
            weights = weights / weights.sum(dim=-1, keepdim=True)
        added = torch.zeros_like(tokens)
        for expert in range(self.expert_count):
            rows, place = (chosen == expert).nonzero(as_tuple=True)
            if len(rows):
                added = added.index_add(0, rows, self._expert(expert, tokens[rows]) * weights[rows, place, None])
        result = torch.zeros_like(hidden)
        result[mask] = added
        return result

    def _expert(self, expert: int, hidden: torch.Tensor) -> torch.Tensor:
        inner = F.gelu(F.linear(hidden, self.up[expert], self.up_bias[expert]))
        return F.linear(inner, self.down[expert], self.down_bias[expert])
