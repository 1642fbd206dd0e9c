"""A pack's experts of one layer, and the router that chooses among them."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn


class PackExperts(nn.Module):
    """E SwiGLU experts of width F beside a layer's own feed-forward network: Σ over the top K of w · E(h).

    The router is softmax(W h) in float32. Equal probabilities go to the lower index. The weights are the chosen
    probabilities, divided by their sum where K ≥ 2. One expert alone has the weight 1, and a router of zeros.
    """

    def __init__(self, width: int, expert_width: int, expert_count: int, top_k: int,
                 generator: torch.Generator) -> None:
        super().__init__()
        self.top_k = top_k

        def normal(*shape: int) -> nn.Parameter:
            return nn.Parameter(torch.randn(shape, generator=generator) * shape[-1]**-0.5)

        self.gate = normal(expert_count, expert_width, width)
        self.up = normal(expert_count, expert_width, width)
        self.down = nn.Parameter(torch.zeros(expert_count, width, expert_width))
        self.router = nn.Parameter(0.1 * normal(expert_count, width).detach())
        if expert_count == 1:
            self.router = nn.Parameter(torch.zeros(1, width), requires_grad=False)

    @property
    def expert_count(self) -> int:
        """E."""
        return self.gate.shape[0]

    def router_logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """[N, E] in float32, for `hidden` [N, D]."""
        return F.linear(hidden.float(), self.router.float())

    def route(self, logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Weights and expert numbers, both [N, K]."""
        values, order = torch.softmax(logits, dim=-1).sort(dim=-1, descending=True, stable=True)
        weights, chosen = values[:, :self.top_k], order[:, :self.top_k]
        if self.top_k > 1:
            weights = weights / weights.sum(dim=-1, keepdim=True)
        return weights, chosen

    def forward(self, hidden: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
        """What is added to the layer's own output [N, D]."""
        if self.expert_count == 1:
            return self._expert(0, hidden)
        weights, chosen = self.route(logits)
        added = torch.zeros_like(hidden)
        for expert in range(self.expert_count):
            tokens, place = (chosen == expert).nonzero(as_tuple=True)
            if len(tokens):
                output = self._expert(expert, hidden[tokens]) * weights[tokens, place, None].to(hidden.dtype)
                added = added.index_add(0, tokens, output)
        return added

    def _expert(self, expert: int, hidden: torch.Tensor) -> torch.Tensor:
        inner = F.silu(F.linear(hidden, self.gate[expert])) * F.linear(hidden, self.up[expert])
        return F.linear(inner, self.down[expert])
