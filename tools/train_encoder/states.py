"""The texts of one process as the trunk leaves them, computed once for all epochs."""

from __future__ import annotations

import torch

from train_experts.processes import Processes

from .encoder import Encoder


class States:
    """What enters the first layer with experts, of the texts that are this process's own: text i is of process i mod P."""

    def __init__(self, encoder: Encoder, texts: list[str], first: int, processes: Processes) -> None:
        self.processes, self.count = processes, len(texts)
        self.features = torch.zeros(len(texts), encoder.feature_width)
        self.hidden: dict[int, torch.Tensor] = {}
        ids = encoder.tokens(texts)
        own = sorted(range(processes.rank, len(texts), processes.count), key=lambda text: len(ids[text]))
        for start in range(0, len(own), 32):
            places = own[start:start + 32]
            padded, mask = _padded([torch.tensor(ids[place]) for place in places])
            kept, features = encoder.trunk(padded, mask, first)
            for row, place in enumerate(places):
                self.hidden[place] = kept[row, :len(ids[place])].clone()
                self.features[place] = features[row]
        # Every process has the features of all texts: the frozen head is fitted to them.
        processes.sum(self.features)

    def own(self, texts: list[int]) -> list[int]:
        """Those of the texts that are this process's."""
        return [text for text in texts if text in self.hidden]

    def batch(self, texts: list[int]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """States [B, T, D], mask [B, T] and features without experts [B, G]."""
        states, mask = _padded([self.hidden[text] for text in texts])
        return states, mask, self.features[texts]


def _padded(rows: list[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    lengths = torch.tensor([len(row) for row in rows])
    padded = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
    return padded, torch.arange(padded.shape[1])[None, :] < lengths[:, None]
