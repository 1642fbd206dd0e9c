"""The random numbers of `moe-pack pack build`: the same seed holds the same texts out and draws the same weights."""

from __future__ import annotations

from typing import TypeVar

import torch

Element = TypeVar("Element")
MASK = (1 << 64) - 1


class SeededGenerator:
    """xoshiro256++ (Blackman & Vigna, arXiv:1805.01407), seeded by SplitMix64."""

    def __init__(self, seed: int) -> None:
        self.state = []
        for _ in range(4):
            seed = (seed + 0x9E3779B97F4A7C15) & MASK
            z = ((seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9) & MASK
            z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
            self.state.append(z ^ (z >> 31))

    def next(self) -> int:
        """The next 64 bits."""
        a, b, c, d = self.state
        total = (a + d) & MASK
        result = (((total << 23) | (total >> 41)) + a) & MASK
        c, d = c ^ a, d ^ b
        self.state = [a ^ d, b ^ c, c ^ ((b << 17) & MASK), ((d << 45) | (d >> 19)) & MASK]
        return result

    def below(self, bound: int) -> int:
        """A whole number from 0 to `bound` − 1, without bias."""
        while True:
            product = self.next() * bound
            if product & MASK >= ((1 << 64) - bound) % bound:
                return product >> 64

    def normal(self) -> float:
        """The sum of twelve uniform numbers less 6."""
        total = -6.0
        for _ in range(12):
            total += (self.next() >> 11) * 2.0**-53
        return total

    def normals(self, *shape: int, scale: float) -> torch.Tensor:
        """Numbers of `normal`, times `scale`, row by row."""
        count = torch.Size(shape).numel()
        return torch.tensor([self.normal() * scale for _ in range(count)], dtype=torch.float32).view(shape)

    def shuffle(self, elements: list[Element]) -> None:
        """Brings the elements into a random order (Fisher–Yates)."""
        for index in range(len(elements) - 1, 0, -1):
            other = self.below(index + 1)
            elements[index], elements[other] = elements[other], elements[index]
