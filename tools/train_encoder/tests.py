"""Tests of the trainer: `python -m unittest train_encoder.tests`, with tools/ on PYTHONPATH."""

from __future__ import annotations

import json
import tempfile
import unittest
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models, pre_tokenizers
from train_experts.failure import Failure
from train_experts.processes import Processes
from transformers import BertConfig, BertModel

from .__main__ import parse, train
from .encoder import Encoder
from .experts import GeluExperts
from .files import write_tensors
from .generator import SeededGenerator
from .head import fit_head, head_loss, score, thresholds
from .source import read_source

WORDS = [f"w{number}" for number in range(30)]


def backbone(folder: Path, layers: int = 3) -> BertModel:
    """Writes a small BERT with random weights, and returns it as transformers has it."""
    torch.manual_seed(5)
    config = BertConfig(vocab_size=len(WORDS) + 1, hidden_size=16, num_hidden_layers=layers, num_attention_heads=4,
                        intermediate_size=32, max_position_embeddings=32, layer_norm_eps=1e-12)
    model = BertModel(config, add_pooling_layer=False).eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    config.save_pretrained(folder)
    save_file({name: value.contiguous() for name, value in model.state_dict().items()}, folder / "model.safetensors")
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 12}))
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(["[UNK]", *WORDS])}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    return model


def source(folder: Path, kind: str, experts: str = "{layers: 2, width: 8}") -> None:
    """Writes a source of three labels; w0 to w9 speak for the first, and so on."""
    (folder / "data").mkdir()
    generator = torch.Generator().manual_seed(6)
    lines = []
    for number in range(240):
        topics = [number % 3] if kind == "classify" else [[0], [1], [2], [0, 1], [1, 2], []][number % 6]
        words = [WORDS[10 * topic + int(torch.randint(10, (1,), generator=generator))] for topic in topics for _ in range(4)]
        line = {"text": " ".join(words or ["other", f"x{number}"])}
        names = [f"label-{topic}" for topic in topics]
        lines.append(json.dumps(line | ({"label": names[0]} if kind == "classify" else {"labels": names})))
    (folder / "data/train.jsonl").write_text("\n".join(lines) + "\n")
    (folder / "pack.yaml").write_text(f"tasks:\n  t: {{kind: {kind}, train: data/train.jsonl}}\nexperts: {experts}\nseed: 3\n")


class EncoderTests(unittest.TestCase):
    def test_states_are_those_of_transformers(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            model, encoder = backbone(Path(name)), Encoder(Path(name))
        self.assertEqual(encoder.pooled_layers, [0, 1, 2])
        ids = torch.tensor([[1, 2, 3, 4, 5], [6, 7, 0, 0, 0]])
        mask = torch.tensor([[True] * 5, [True, True, False, False, False]])
        expected = model(ids, attention_mask=mask.long(), output_hidden_states=True).hidden_states
        for first in (0, 1, 2):
            kept, features = encoder.trunk(ids, mask, first)
            torch.testing.assert_close(kept[mask], expected[first][mask], rtol=1e-4, atol=1e-5)
            again = encoder.features(kept, mask, first, features, {})
            torch.testing.assert_close(again, features, rtol=1e-5, atol=1e-6)
        mean = (expected[3] * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True)
        torch.testing.assert_close(features[:, -16:], F.normalize(mean, dim=1), rtol=1e-4, atol=1e-5)

    def test_the_top_experts_add_their_weighted_outputs(self) -> None:
        experts = GeluExperts(4, 3, 3, 2)
        with torch.no_grad():
            for parameter in experts.parameters():
                torch.nn.init.normal_(parameter)
        hidden, mask = torch.randn(2, 3, 4), torch.tensor([[True, True, True], [True, False, False]])
        added = experts(hidden, mask)
        self.assertTrue((added[~mask] == 0).all())
        for token, row in zip(hidden[mask], added[mask]):
            p = torch.softmax(experts.router @ token + experts.router_bias, dim=0)
            best = p.argsort(descending=True)[:2]
            expected = sum(p[e] / p[best].sum() * (experts.down[e] @ F.gelu(experts.up[e] @ token + experts.up_bias[e])
                                                   + experts.down_bias[e]) for e in best.tolist())
            torch.testing.assert_close(row, expected, rtol=1e-4, atol=1e-5)


class GeneratorTests(unittest.TestCase):
    def test_the_numbers_are_those_of_moe_pack(self) -> None:
        # The vectors of `SeededGeneratorTests` of MoEBase.
        for seed, first, thousandth in [(0, 0x53175D61490B23DF, 0x376300FA032F6483), (1, 0xCFC5D07F6F03C29B, 0x92D52100F9E1DA0D),
                                        (2**64 - 1, 0x56CCF8CE948E27B2, 0x6E67F58F11F35060)]:
            generator = SeededGenerator(seed)
            numbers = [generator.next() for _ in range(1000)]
            self.assertEqual((numbers[0], numbers[999]), (first, thousandth))


class HeadTests(unittest.TestCase):
    def test_thresholds_maximise_f1(self) -> None:
        torch.manual_seed(2)
        logits, targets = torch.randn(40, 3), (torch.rand(40, 3) < 0.3).float()
        chosen, p = thresholds(logits, targets), torch.sigmoid(logits)

        def f1(label: int, threshold: float) -> float:
            given = p[:, label] > threshold
            total = float(given.sum() + targets[:, label].sum())
            return 2 * float((given * targets[:, label]).sum()) / total if total else 0.0

        for label in range(3):
            best = max(f1(label, float(other)) for other in [0.0, *p[:, label]])
            self.assertAlmostEqual(f1(label, float(chosen[label])), best, places=6)
        self.assertEqual(thresholds(torch.zeros(2, 1), torch.zeros(2, 1)).tolist(), [0.5])

    def test_the_fit_is_a_stationary_point(self) -> None:
        torch.manual_seed(3)
        x = torch.randn(50, 6)
        for kind, targets in [("classify", F.one_hot(torch.randint(3, (50,)), 3).float()), ("tag", (torch.rand(50, 3) < 0.4).float())]:
            weight, bias = (value.double().requires_grad_() for value in fit_head(kind, x, targets, 10))
            loss = head_loss(kind, F.linear(x.double(), weight, bias), targets.double()) / 50 + weight.square().sum() / 1000
            for slope in torch.autograd.grad(loss, [weight, bias]):
                self.assertLess(float(slope.abs().max()), 1e-4)


class TrainingTests(unittest.TestCase):
    def _train(self, kind: str, experts: str = "{layers: 2, width: 8}") -> tuple[dict, dict]:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "backbone").mkdir()
            (folder / "source").mkdir()
            backbone(folder / "backbone")
            source(folder / "source", kind, experts)
            options = parse(["--source", f"{name}/source", "--backbone", f"{name}/backbone", "--out", f"{name}/out"])
            train(options, Processes())
            record = json.loads((folder / "out/training.json").read_text())
            tensors = {file.name: load_file(file) for file in (folder / "out").glob("*.safetensors")}
        return record, tensors

    def test_a_source_of_each_kind_is_learnt(self) -> None:
        for kind in ("classify", "tag"):
            record, tensors = self._train(kind)
            self.assertGreater(max(record["frozenScore"], record["expertScore"]), 0.7, record)
            self.assertEqual(record["labels"], ["label-0", "label-1", "label-2"])
            heads = tensors["heads.safetensors"]
            self.assertEqual({name: list(value.shape) for name, value in heads.items()},
                             {"t.weight": [3, 48], "t.bias": [3]} | ({"t.threshold": [3]} if kind == "tag" else {}))
            self.assertEqual("experts.safetensors" in tensors, record["experts"] is not None)

    def test_experts_that_ship_have_the_names_of_the_format(self) -> None:
        torch.manual_seed(1)
        experts = GeluExperts.drawn([1], (16, 8, 2, 1), SeededGenerator(1))
        with tempfile.TemporaryDirectory() as name:
            write_tensors(Path(name), experts, {"t.bias": torch.zeros(1)}, {})
            names = sorted(load_file(f"{name}/experts.safetensors")) + sorted(load_file(f"{name}/router.safetensors"))
        self.assertEqual(names, [f"layers.1.experts.{e}.{part}" for e in (0, 1) for part in
                                 ("down.bias", "down.weight", "up.bias", "up.weight")] + ["layers.1.router.bias", "layers.1.router.weight"])

    def test_what_it_does_not_train_is_refused_by_name(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            source(Path(name), "classify")
            (Path(name) / "pack.yaml").write_text("tasks: {t: {kind: generate, train: data/train.jsonl}}\n")
            with self.assertRaisesRegex(Failure, "is of kind `generate`"):
                read_source(Path(name))

    def test_every_label_is_held_out_of(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            source(Path(name), "tag")
            found = read_source(Path(name))
        self.assertTrue(all(any(label in own for own in found.valid.labels) for label in found.labels))
        self.assertIn([], found.valid.labels)
        self.assertEqual(len(found.train.texts) + len(found.valid.texts), 240)

    def test_scores_are_accuracy_and_micro_f1(self) -> None:
        logits = torch.tensor([[2.0, 1.0], [0.0, 3.0], [1.0, 0.0]])
        self.assertAlmostEqual(score("classify", logits, torch.tensor([[1.0, 0], [0, 1], [0, 1]])), 2 / 3, places=6)
        self.assertEqual(score("tag", logits, torch.tensor([[1.0, 0], [0, 1], [0, 0]])), 1.0)


if __name__ == "__main__":
    unittest.main()
