#!/usr/bin/env python3
"""Records PyTorch's results and gradients of every kernel that training uses.

    pip install torch numpy
    python3 tools/reference/gradients.py Tests/MoETensorTests/Reference/gradients.json

Computed in float64 from float32 inputs and rounded to float32 once, each number in its shortest spelling.
"""
import json
import math
import sys

import numpy
import torch
import torch.nn.functional as F

generator = torch.Generator().manual_seed(20260101)


def random(*shape, scale=1.0):
    """Float32 values as float64, so that the inputs are exact in both precisions."""
    values = torch.randn(*shape, generator=generator) * scale
    return values.float().double().requires_grad_()


def record(tensor):
    numbers = tensor.detach().float().numpy().astype(numpy.float32)
    return {"shape": list(numbers.shape), "values": [float(str(value)) for value in numbers.ravel()]}


def case(inputs, result, dy=None):
    """The inputs, the result, the gradient that comes in, and the gradients that go out."""
    dy = random(*result.shape).detach() if dy is None else dy
    result.backward(dy)
    entry = {name: record(tensor) for name, tensor in inputs.items()}
    entry["y"] = record(result)
    entry["dy"] = record(dy)
    entry.update({f"d{name}": record(tensor.grad) for name, tensor in inputs.items()})
    return entry


def linear():
    x, weight, bias = random(5, 19), random(7, 19), random(7)
    return case({"x": x, "weight": weight, "bias": bias}, F.linear(x, weight, bias))


def gelu():
    x = random(200, scale=2.5)
    return case({"x": x}, F.gelu(x))


def layer_norm():
    x, gain, bias = random(4, 37, scale=2), random(37), random(37)
    return case({"x": x, "gain": gain, "bias": bias}, F.layer_norm(x, (37,), gain, bias, 1e-5))


def softmax():
    x = random(5, 23, scale=2)
    return case({"x": x}, F.softmax(x, dim=-1))


def attention():
    tokens, heads, width = 11, 3, 32
    x = random(tokens, 3 * heads * width, scale=0.8)
    q, k, v = (part.view(tokens, heads, width).transpose(0, 1) for part in x.chunk(3, dim=1))
    weights = F.softmax(q @ k.transpose(1, 2) / math.sqrt(width), dim=-1)
    return case({"x": x}, (weights @ v).transpose(0, 1).reshape(tokens, heads * width))


def mean_pool():
    x = random(7, 21)
    return case({"x": x}, x.mean(dim=0))


def l2_normalize():
    x = random(3, 45)
    return case({"x": x}, F.normalize(x, dim=1))


def cross_entropy():
    x, labels = random(6, 9, scale=2), torch.tensor([0, 8, 3, 3, 5, 1])
    entry = case({"x": x}, F.cross_entropy(x, labels), dy=torch.tensor(1.0, dtype=torch.float64))
    entry["labels"] = labels.tolist()
    return entry


def main():
    makers = [linear, gelu, layer_norm, softmax, attention, mean_pool, l2_normalize, cross_entropy]
    document = {"torch": torch.__version__.split("+")[0]}
    document.update({maker.__name__: maker() for maker in makers})
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        json.dump(document, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
