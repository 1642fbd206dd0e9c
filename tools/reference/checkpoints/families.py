"""The full set: every family in several shapes."""

from __future__ import annotations

from typing import Any

from .shape import Shape

ROPE = {"rope_type": "default", "rope_theta": 10000.0}
LLAMA3 = {"rope_type": "llama3", "rope_theta": 500000.0, "factor": 8.0, "low_freq_factor": 1.0,
          "high_freq_factor": 4.0, "original_max_position_embeddings": 64}
LINEAR = {"rope_type": "linear", "rope_theta": 10000.0, "factor": 4.0}
# Betas count turns of a pair within the original context: other values would be rounded to the same pairs.
YARN = {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 2.0, "original_max_position_embeddings": 256}
YARN_OPTIONS = YARN | {"factor": 4.0, "original_max_position_embeddings": 128, "beta_fast": 4.0, "beta_slow": 0.5,
                       "attention_factor": 1.2}


def _base(layers: int, width: int, heads: int, groups: int, rope: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"num_hidden_layers": layers, "hidden_size": width, "num_attention_heads": heads,
            "num_key_value_heads": groups, "rope_parameters": dict(rope), "max_position_embeddings": 512,
            **more}


def mixtral(layers: int, width: int, heads: int, groups: int, experts: int, k: int, expert_width: int,
            rope: dict[str, Any] = ROPE, **more: Any) -> dict[str, Any]:
    """Configuration of Mixtral."""
    return _base(layers, width, heads, groups, rope, num_local_experts=experts, num_experts_per_tok=k,
                 intermediate_size=expert_width, **more)


def olmo(layers: int, width: int, heads: int, groups: int, experts: int, k: int, expert_width: int,
         rope: dict[str, Any] = ROPE, **more: Any) -> dict[str, Any]:
    """Configuration of OLMoE and of FlexOlmo."""
    return _base(layers, width, heads, groups, rope, num_experts=experts, num_experts_per_tok=k,
                 intermediate_size=expert_width, **more)


def qwen(layers: int, width: int, heads: int, groups: int, experts: int, k: int, expert_width: int,
         rope: dict[str, Any] = ROPE, **more: Any) -> dict[str, Any]:
    """Configuration of Qwen2-MoE and of Qwen3-MoE; `intermediate_size` is that of dense layers."""
    return _base(layers, width, heads, groups, rope, num_experts=experts, num_experts_per_tok=k,
                 moe_intermediate_size=expert_width, **({"intermediate_size": 88} | more))


def dbrx(layers: int, width: int, heads: int, groups: int, experts: int, k: int, expert_width: int,
         theta: float = 10000.0, clip: float = 8.0, **ffn: Any) -> dict[str, Any]:
    """Configuration of DBRX, which names everything its own way. transformers 5 cannot do without a clip."""
    return {"n_layers": layers, "d_model": width, "n_heads": heads, "max_seq_len": 512,
            "attn_config": {"kv_n_heads": groups, "clip_qkv": clip, "rope_theta": theta},
            "ffn_config": {"ffn_hidden_size": expert_width, "moe_num_experts": experts, "moe_top_k": k, **ffn},
            "rope_parameters": {"rope_type": "default", "rope_theta": theta}}


def llama(layers: int, width: int, heads: int, groups: int, rope: dict[str, Any] = ROPE,
          **more: Any) -> dict[str, Any]:
    """Configuration of Llama."""
    return _base(layers, width, heads, groups, rope, **({"intermediate_size": 96} | more))


GRANITE = {"embedding_multiplier": 12.0, "attention_multiplier": 0.015625, "residual_multiplier": 0.22,
           "logits_scaling": 6.0}
GRANITE_PLAIN = {"embedding_multiplier": 1.0, "attention_multiplier": 0.25, "residual_multiplier": 1.0,
                 "logits_scaling": 1.0}
MIXTRAL_THETA = ROPE | {"rope_theta": 1e6}

FULL = [
    Shape("mixtral-mha", "mixtral", mixtral(3, 64, 4, 4, 4, 2, 96)),
    Shape("mixtral-gqa-window", "mixtral", mixtral(3, 64, 4, 2, 8, 2, 48, sliding_window=16), "bfloat16",
          shard_count=3),
    Shape("mixtral-stacked", "mixtral", mixtral(3, 64, 4, 1, 8, 2, 80), stacked=True),
    Shape("mixtral-stacked-shards", "mixtral", mixtral(3, 64, 4, 2, 6, 2, 40, tie_word_embeddings=True), "bfloat16",
          stacked=True, shard_count=3),
    Shape("mixtral-head-dim", "mixtral", mixtral(3, 56, 3, 3, 6, 3, 37, MIXTRAL_THETA, head_dim=24), "float16",
          tokens=333),
    Shape("mixtral-k1-old-keys", "mixtral", mixtral(2, 64, 8, 2, 16, 1, 32, MIXTRAL_THETA), "bfloat16",
          has_old_keys=True),
    Shape("mixtral-linear-old-keys", "mixtral", mixtral(2, 48, 4, 2, 4, 4, 32, LINEAR), has_old_keys=True),
    Shape("olmoe-mha", "olmoe", olmo(3, 64, 4, 4, 8, 2, 64)),
    Shape("olmoe-gqa-norm", "olmoe", olmo(3, 64, 4, 2, 8, 3, 40, norm_topk_prob=True), "bfloat16"),
    Shape("olmoe-clip", "olmoe", olmo(3, 64, 4, 4, 8, 2, 48, clip_qkv=1.0)),
    Shape("olmoe-e16-tied-shards", "olmoe", olmo(3, 64, 8, 8, 16, 4, 32, tie_word_embeddings=True), "float16",
          shard_count=4),
    Shape("olmoe-bias-odd", "olmoe", olmo(2, 50, 5, 1, 5, 1, 23, attention_bias=True), tokens=331, spare_rows=6),
    Shape("olmoe-old-keys", "olmoe", olmo(2, 64, 4, 4, 8, 4, 32, ROPE | {"rope_theta": 5e5}), "bfloat16",
          has_old_keys=True),
    Shape("olmoe-stacked", "olmoe", olmo(2, 64, 4, 4, 8, 2, 32), stacked=True),
    Shape("flex_olmo-mha", "flex_olmo", olmo(3, 64, 4, 4, 7, 4, 48, ROPE | {"rope_theta": 5e5})),
    Shape("flex_olmo-gqa-shards", "flex_olmo", olmo(3, 64, 4, 2, 7, 2, 48), "bfloat16", shard_count=3),
    Shape("flex_olmo-head-dim-norm", "flex_olmo", olmo(3, 72, 4, 1, 4, 3, 40, norm_topk_prob=True),
          extra_config={"head_dim": 24}),
    Shape("flex_olmo-bias-tied", "flex_olmo",
          olmo(2, 44, 2, 2, 5, 1, 30, attention_bias=True, tie_word_embeddings=True), tokens=327),
    Shape("qwen2_moe-mha", "qwen2_moe", qwen(3, 64, 4, 4, 8, 2, 32, shared_expert_intermediate_size=48)),
    Shape("qwen2_moe-gqa-norm-step2", "qwen2_moe",
          qwen(4, 64, 4, 2, 8, 3, 40, shared_expert_intermediate_size=56, norm_topk_prob=True,
               decoder_sparse_step=2), "bfloat16"),
    Shape("qwen2_moe-mlp-only-shards", "qwen2_moe",
          qwen(3, 64, 4, 2, 16, 4, 24, shared_expert_intermediate_size=64, mlp_only_layers=[1]), "bfloat16",
          shard_count=4),
    Shape("qwen2_moe-window", "qwen2_moe",
          qwen(4, 64, 4, 2, 4, 2, 32, shared_expert_intermediate_size=32, use_sliding_window=True,
               sliding_window=12, max_window_layers=3)),
    Shape("qwen2_moe-no-bias-tied-odd", "qwen2_moe",
          qwen(2, 36, 3, 1, 5, 1, 21, shared_expert_intermediate_size=19, qkv_bias=False, tie_word_embeddings=True),
          "float16", tokens=329),
    Shape("qwen2_moe-old-keys", "qwen2_moe",
          qwen(2, 64, 8, 8, 8, 4, 24, ROPE | {"rope_theta": 1e6}, shared_expert_intermediate_size=40), "bfloat16",
          has_old_keys=True, spare_rows=32),
    Shape("qwen3_moe-gqa-norm", "qwen3_moe", qwen(3, 64, 4, 2, 8, 2, 32, norm_topk_prob=True),
          extra_config={"head_dim": 32}),
    Shape("qwen3_moe-step2", "qwen3_moe", qwen(4, 64, 4, 4, 16, 4, 24, decoder_sparse_step=2), "bfloat16",
          extra_config={"head_dim": 16}),
    Shape("qwen3_moe-mlp-only-tied-shards", "qwen3_moe",
          qwen(3, 64, 4, 2, 8, 3, 32, mlp_only_layers=[0], tie_word_embeddings=True), "float16", shard_count=3,
          extra_config={"head_dim": 16}),
    Shape("qwen3_moe-window", "qwen3_moe",
          qwen(3, 64, 4, 2, 4, 2, 32, norm_topk_prob=True, use_sliding_window=True, sliding_window=16),
          extra_config={"head_dim": 16}),
    Shape("qwen3_moe-bias-mqa-odd", "qwen3_moe", qwen(2, 42, 3, 1, 5, 1, 27, attention_bias=True), tokens=335,
          extra_config={"head_dim": 20}),
    Shape("qwen3_moe-yarn-old-keys", "qwen3_moe", qwen(2, 64, 4, 2, 8, 2, 32, YARN, norm_topk_prob=True), "bfloat16",
          has_old_keys=True, extra_config={"head_dim": 32}),
    Shape("granitemoe-tied", "granitemoe",
          mixtral(3, 64, 4, 2, 8, 2, 48, **GRANITE, tie_word_embeddings=True), "bfloat16"),
    Shape("granitemoe-plain", "granitemoe", mixtral(3, 64, 4, 4, 4, 2, 64, **GRANITE_PLAIN)),
    Shape("granitemoe-bias-shards", "granitemoe",
          mixtral(3, 64, 4, 1, 16, 4, 32, **GRANITE, attention_bias=True), "float16", shard_count=3),
    Shape("granitemoe-k1-odd-old-keys", "granitemoe", mixtral(2, 52, 2, 2, 5, 1, 33, **GRANITE), tokens=325,
          has_old_keys=True),
    Shape("dbrx-mha", "dbrx", dbrx(3, 64, 4, 4, 4, 2, 64)),
    Shape("dbrx-gqa-clip-shards", "dbrx", dbrx(3, 64, 4, 2, 8, 4, 40, theta=5e5, clip=1.5), "bfloat16", shard_count=3),
    Shape("dbrx-norm2", "dbrx", dbrx(2, 64, 4, 2, 16, 4, 24, clip=8.0, moe_normalize_expert_weights=2.0)),
    Shape("dbrx-no-norm", "dbrx", dbrx(2, 64, 4, 2, 8, 3, 32, moe_normalize_expert_weights=None)),
    Shape("dbrx-k1-mqa-odd", "dbrx", dbrx(2, 42, 3, 1, 5, 1, 29, clip=2.0), "float16", tokens=323),
    Shape("dbrx-old-keys", "dbrx", dbrx(2, 64, 4, 2, 4, 2, 32, theta=5e5, clip=2.0), "bfloat16", has_old_keys=True),
    Shape("llama-mha", "llama", llama(3, 64, 4, 4)),
    Shape("llama-gqa-tied-shards", "llama", llama(3, 64, 8, 2, tie_word_embeddings=True), "bfloat16", shard_count=3),
    Shape("llama-mqa-bias-odd", "llama", llama(2, 42, 3, 1, attention_bias=True, mlp_bias=True, intermediate_size=61),
          "float16", tokens=337),
    Shape("llama-head-dim", "llama", llama(2, 64, 4, 2, head_dim=24)),
    Shape("llama-llama3", "llama", llama(3, 64, 2, 1, LLAMA3)),
    Shape("llama-llama3-old-keys", "llama", llama(2, 64, 4, 2, LLAMA3), "bfloat16", has_old_keys=True),
    Shape("llama-linear", "llama", llama(2, 64, 4, 4, LINEAR)),
    Shape("llama-yarn", "llama", llama(2, 64, 2, 2, YARN)),
    Shape("llama-yarn-options", "llama", llama(2, 64, 2, 1, YARN_OPTIONS)),
]
