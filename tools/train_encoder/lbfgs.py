"""Limited-memory BFGS as `moe-pack pack build` has it: the same steps, so that both stop at the same head."""

from __future__ import annotations

from collections.abc import Callable

import torch

ITERATIONS, MEMORY, TOLERANCE = 100, 10, 1e-7


def minimize(point: torch.Tensor, value: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
    """Steps along the two-loop direction, halved until the Armijo condition holds (Nocedal & Wright, 3.1 and 7.5)."""
    current, gradient = _evaluate(point, value)
    pairs: list[tuple[torch.Tensor, torch.Tensor, float]] = []
    for _ in range(ITERATIONS):
        greatest = float(gradient.abs().max())
        if greatest <= TOLERANCE:
            break
        direction = _direction(gradient, pairs)
        slope = float(direction @ gradient)
        if slope >= 0:
            pairs, direction, slope = [], -gradient, -float(gradient @ gradient)
        length = 1.0 if pairs else min(1.0, 1 / greatest)
        for _ in range(40):
            following, following_gradient = _evaluate(point + length * direction, value)
            if following <= current + 1e-4 * length * slope:
                break
            length *= 0.5
        else:
            break
        step, change = length * direction, following_gradient - gradient
        curvature = float(step @ change)
        if curvature > 1e-14:
            pairs = [*pairs, (step, change, 1 / curvature)][-MEMORY:]
        point, gradient, current = point + step, following_gradient, following
    return point


def _evaluate(point: torch.Tensor, value: Callable[[torch.Tensor], torch.Tensor]) -> tuple[float, torch.Tensor]:
    leaf = point.detach().clone().requires_grad_()
    result = value(leaf)
    (gradient,) = torch.autograd.grad(result, leaf)
    return float(result.detach()), gradient


def _direction(gradient: torch.Tensor, pairs: list[tuple[torch.Tensor, torch.Tensor, float]]) -> torch.Tensor:
    direction, factors = -gradient, []
    for step, change, inverse in reversed(pairs):
        factors.append(inverse * float(step @ direction))
        direction = direction - factors[-1] * change
    if pairs:
        _, change, inverse = pairs[-1]
        direction = direction / (inverse * float(change @ change))
    for (step, change, inverse), factor in zip(pairs, reversed(factors)):
        direction = direction + (factor - inverse * float(change @ direction)) * step
    return direction
