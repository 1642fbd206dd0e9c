"""Text of the script's own making, for tokenizers and prompts."""

from __future__ import annotations

import random

_SUBJECTS = ["a router", "the second expert", "every token", "the clerk of the court", "a grey heron", "the harbour",
             "one layer", "the old engine", "my neighbour", "the ninth wave"]
_VERBS = ["weighs", "sends away", "remembers", "has forgotten", "measures", "repairs", "divides", "follows",
          "counts", "does not believe"]
_OBJECTS = ["the sum of its inputs", "forty-two letters", "a ship's manifest", "what was said before", "the tide",
            "12 boxes of tea", "every open door", "the long way round", "its own shadow", "a signed note"]
_ENDS = [".", "!", "; then it rests.", ", and nobody asks why.", " (see page 7).", "?", " -- as agreed in 1987."]


def sentences(count: int, seed: int) -> list[str]:
    """Sentences of a small grammar, the same for the same seed."""
    generator = random.Random(seed)
    return [f"{generator.choice(_SUBJECTS).capitalize()} {generator.choice(_VERBS)} "
            f"{generator.choice(_OBJECTS)}{generator.choice(_ENDS)}" for _ in range(count)]
