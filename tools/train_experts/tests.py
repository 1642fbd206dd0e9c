"""Tests of the trainer: `python -m unittest train_experts.tests`, with tools/ on PYTHONPATH."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

from .experts import PackExperts
from .files import read_pack, write_pack
from .frozen import FrozenModel, decoder_layers, feed_forward
from .losses import load_balancing, router_z
from .processes import Processes
from .rows import IGNORED, Rows
from .training import Settings, Trainer

COMMON = {"vocab_size": 40, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 3,
          "num_attention_heads": 4, "num_key_value_heads": 2, "initializer_range": 0.3}
ROUTED = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 8,
          "shared_expert_intermediate_size": 12}
FAMILIES = {
    "llama": COMMON,
    "mixtral": COMMON | {"num_local_experts": 4, "sliding_window": 5},
    "olmoe": COMMON | ROUTED,
    "flex_olmo": COMMON | ROUTED,
    "qwen2_moe": COMMON | ROUTED | {"decoder_sparse_step": 2, "use_sliding_window": True, "sliding_window": 4},
    "qwen3_moe": COMMON | ROUTED | {"head_dim": 8},
    "granitemoe": COMMON | {"num_local_experts": 4, "embedding_multiplier": 3.0, "residual_multiplier": 0.5},
    "dbrx": {"vocab_size": 40, "d_model": 16, "n_layers": 3, "n_heads": 4, "initializer_range": 0.3,
             "attn_config": {"kv_n_heads": 2, "clip_qkv": 8.0, "rope_theta": 10000.0},
             "ffn_config": {"ffn_hidden_size": 8, "moe_num_experts": 4, "moe_top_k": 2}},
}


def _model(family: str) -> PreTrainedModel:
    torch.manual_seed(1)
    config = AutoConfig.for_model(family, pad_token_id=None, bos_token_id=0, eos_token_id=0, **FAMILIES[family])
    return AutoModelForCausalLM.from_config(config, experts_implementation="eager").eval()


def _packs(layers: tuple[int, ...], count: int = 3, top_k: int = 2) -> dict[int, PackExperts]:
    generator = torch.Generator().manual_seed(2)
    packs = {layer: PackExperts(16, 6, count, top_k, generator) for layer in layers}
    with torch.no_grad():
        for pack in packs.values():
            pack.down.copy_(torch.randn(pack.down.shape, generator=generator))
            if count > 1:
                pack.router.copy_(torch.randn(count, 16, generator=generator))
    return packs


def _ids(rows: int = 3, positions: int = 11) -> torch.Tensor:
    return torch.randint(0, 40, (rows, positions), generator=torch.Generator().manual_seed(3))


class ExpertsTests(unittest.TestCase):
    """The maths of a layer's experts."""

    def test_equal_probabilities_go_to_the_lower_index(self) -> None:
        pack = PackExperts(4, 2, 5, 2, torch.Generator())
        weights, chosen = pack.route(torch.tensor([[0.0, 1.0, 1.0, 0.0, 1.0]]))
        self.assertEqual(chosen.tolist(), [[1, 2]])
        self.assertEqual(weights.tolist(), [[0.5, 0.5]])

    def test_one_expert_of_several_weighs_its_probability(self) -> None:
        pack = PackExperts(4, 2, 2, 1, torch.Generator())
        weights, chosen = pack.route(torch.tensor([[0.0, 1.0]]))
        self.assertEqual(chosen.tolist(), [[1]])
        self.assertAlmostEqual(weights.item(), 1 / (1 + 2.718281828**-1), places=6)

    def test_output_is_the_weighted_sum(self) -> None:
        for count, top_k in ((1, 1), (3, 1), (3, 2), (4, 4)):
            pack = _packs((0,), count, top_k)[0]
            hidden = torch.randn(7, 16, generator=torch.Generator().manual_seed(4))
            logits = pack.router_logits(hidden)
            expected = torch.zeros_like(hidden)
            for token in range(7):
                probabilities = torch.softmax(logits[token], dim=-1)
                chosen = sorted(range(count), key=lambda expert: (-probabilities[expert].item(), expert))[:top_k]
                total = sum(probabilities[expert] for expert in chosen) if top_k > 1 else 1.0
                for expert in chosen:
                    inner = F.silu(pack.gate[expert] @ hidden[token]) * (pack.up[expert] @ hidden[token])
                    expected[token] += probabilities[expert] / total * (pack.down[expert] @ inner)
            torch.testing.assert_close(pack(hidden, logits), expected, rtol=1e-5, atol=1e-5)


class FrozenModelTests(unittest.TestCase):
    """Experts beside the feed-forward networks of every family."""

    def test_experts_that_add_nothing_change_nothing(self) -> None:
        for family in FAMILIES:
            with self.subTest(family):
                model, ids = _model(family), _ids()
                with torch.no_grad():
                    before = model(input_ids=ids).logits
                    new = PackExperts(16, 6, 3, 2, torch.Generator().manual_seed(1))
                    self.assertTrue(torch.equal(FrozenModel(model, {1: new}).logits(ids), before))

    def test_residual_is_added_to_the_output_for_the_input_of_the_feed_forward(self) -> None:
        for family in FAMILIES:
            with self.subTest(family):
                model, ids, pack = _model(family), _ids(), _packs((1,))[1]
                seen: list[tuple[torch.Tensor, torch.Tensor]] = []
                block = feed_forward(decoder_layers(model)[1])
                hook = block.register_forward_hook(lambda _m, inputs, output: seen.append((inputs[0], output)))
                frozen = FrozenModel(model, {1: pack})
                last = block.register_forward_hook(lambda _m, inputs, output: seen.append((inputs[0], output)))
                with torch.no_grad():
                    frozen.logits(ids)
                    hidden = seen[0][0].reshape(-1, 16)
                    expected = seen[0][1] + pack(hidden, pack.router_logits(hidden)).view_as(seen[0][1])
                self.assertTrue(torch.equal(seen[1][1], expected))
                self.assertFalse(torch.equal(seen[0][1], expected))
                hook.remove()
                last.remove()

    def test_a_pass_from_the_trunk_is_the_whole_pass(self) -> None:
        for family in FAMILIES:
            with self.subTest(family), torch.no_grad():
                frozen, ids = FrozenModel(_model(family), _packs((1, 2))), _ids()
                whole = frozen.logits(ids)
                states = frozen.trunk_states(ids)
                with frozen.from_trunk(states):
                    self.assertTrue(torch.equal(frozen.logits(ids), whole))
                with frozen.from_trunk(states + 1):
                    self.assertFalse(torch.equal(frozen.logits(ids), whole))
                self.assertTrue(torch.equal(frozen.logits(ids), whole))

    def test_closing_gives_the_model_back(self) -> None:
        model, ids = _model("olmoe"), _ids()
        with torch.no_grad():
            before = model(input_ids=ids).logits
            frozen = FrozenModel(model, _packs((0, 2)))
            self.assertFalse(torch.equal(frozen.logits(ids), before))
            frozen.close()
            self.assertTrue(torch.equal(model(input_ids=ids).logits, before))


class TrainingTests(unittest.TestCase):
    """The loop, the losses and the files."""

    def test_even_load_costs_one_and_one_sided_load_more(self) -> None:
        self.assertAlmostEqual(load_balancing(torch.eye(4) * 50, 1).item(), 1.0, places=5)
        self.assertAlmostEqual(load_balancing(torch.eye(4)[[0, 0, 0]] * 50, 1).item(), 4.0, places=5)
        self.assertAlmostEqual(router_z(torch.zeros(3, 4)).item(), torch.tensor(4.0).log().item()**2, places=5)

    def test_training_lowers_the_loss_and_the_cache_changes_nothing(self) -> None:
        ids = torch.arange(12).repeat(6, 1)
        rows = Rows(ids, torch.cat([ids[:, 1:], torch.full((6, 1), IGNORED)], dim=1), byte_count=66)
        found = []
        for cache in (0, 100):
            frozen = FrozenModel(_model("olmoe"), {layer: PackExperts(16, 6, 3, 1, torch.Generator().manual_seed(1))
                                                   for layer in (1, 2)})
            settings = Settings(steps=40, batch_rows=3, learning_rate=0.02, validate_every=20, cache_megabytes=cache)
            record = Trainer(frozen, rows, rows, settings, Processes()).run()
            self.assertEqual(record["cachedTrunk"], cache > 0)
            self.assertLess(record["bestValid"], 0.8 * record["history"][0]["valid"])
            found.append(frozen.experts[2].down.detach().clone())
        torch.testing.assert_close(found[0], found[1], rtol=1e-4, atol=1e-5)

    def test_files_give_the_experts_back(self) -> None:
        for count, top_k in ((1, 1), (3, 2)):
            packs = _packs((0, 2), count, top_k)
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder)
                write_pack(path, packs, {"width": 16, "experts": {"layers": [0, 2], "count": count, "width": 6,
                                                                  "topK": top_k}})
                routers = load_file(path / "router.safetensors")
                self.assertEqual(set(routers), {f"layers.{layer}.router.weight" for layer in packs})
                self.assertEqual(any(router.any() for router in routers.values()), count > 1)
                read = read_pack(path)
            hidden = torch.randn(5, 16)
            for layer, pack in packs.items():
                self.assertTrue(torch.equal(pack(hidden, pack.router_logits(hidden)),
                                            read[layer](hidden, read[layer].router_logits(hidden))))
