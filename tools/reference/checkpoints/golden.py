"""The small set, which lies in the repository: every family's maths once, in as few bytes as will do."""

from __future__ import annotations

import dataclasses

from .families import GRANITE, LLAMA3, ROPE, YARN_OPTIONS, dbrx, llama, mixtral, olmo, qwen
from .shape import Shape


def _small(shape: Shape) -> Shape:
    limit = {"max_seq_len": 64} if shape.model_type == "dbrx" else {"max_position_embeddings": 64}
    return dataclasses.replace(shape, config=shape.config | limit, tokens=112 + len(shape.name) % 5,
                               covers_bytes=False)


GOLDEN = [_small(shape) for shape in [
    Shape("mixtral-window", "mixtral", mixtral(2, 32, 4, 2, 4, 2, 20, sliding_window=7), "bfloat16"),
    Shape("mixtral-stacked", "mixtral", mixtral(2, 32, 2, 1, 4, 2, 16, ROPE | {"rope_theta": 1e6}, head_dim=12),
          stacked=True, has_old_keys=True),
    Shape("olmoe", "olmoe", olmo(2, 32, 4, 4, 6, 2, 16), "bfloat16"),
    Shape("olmoe-clip-norm-shards", "olmoe", olmo(2, 30, 3, 1, 4, 3, 14, clip_qkv=1.0, norm_topk_prob=True,
                                                  tie_word_embeddings=True), "float16", shard_count=2),
    Shape("flex_olmo", "flex_olmo", olmo(2, 32, 4, 2, 5, 2, 16), "bfloat16", has_old_keys=True),
    Shape("qwen2_moe-step2", "qwen2_moe",
          qwen(2, 32, 4, 2, 6, 2, 16, shared_expert_intermediate_size=20, decoder_sparse_step=2,
               intermediate_size=28), "bfloat16"),
    Shape("qwen2_moe-window-norm", "qwen2_moe",
          qwen(2, 32, 2, 2, 4, 2, 12, shared_expert_intermediate_size=16, norm_topk_prob=True,
               use_sliding_window=True, sliding_window=6, max_window_layers=1, tie_word_embeddings=True), "bfloat16"),
    Shape("qwen3_moe", "qwen3_moe",
          qwen(2, 32, 2, 1, 6, 3, 12, norm_topk_prob=True, mlp_only_layers=[0], intermediate_size=24), "bfloat16",
          extra_config={"head_dim": 20}),
    Shape("qwen3_moe-window", "qwen3_moe",
          qwen(2, 32, 4, 2, 4, 1, 16, use_sliding_window=True, sliding_window=8, tie_word_embeddings=True), "bfloat16",
          extra_config={"head_dim": 8}),
    Shape("granitemoe", "granitemoe", mixtral(2, 32, 4, 2, 6, 3, 14, **GRANITE, tie_word_embeddings=True),
          "bfloat16"),
    Shape("dbrx", "dbrx", dbrx(2, 32, 4, 2, 4, 2, 16, theta=5e5, clip=1.5), "bfloat16", has_old_keys=True),
    Shape("dbrx-norm2", "dbrx", dbrx(2, 32, 4, 1, 5, 3, 12, moe_normalize_expert_weights=2.0), "bfloat16"),
    Shape("llama-llama3", "llama", llama(2, 32, 2, 1, LLAMA3 | {"original_max_position_embeddings": 16},
                                         tie_word_embeddings=True, intermediate_size=40), has_old_keys=True),
    Shape("llama-yarn-bias", "llama",
          llama(2, 32, 2, 1,
                YARN_OPTIONS | {"original_max_position_embeddings": 64, "beta_fast": 2.0, "beta_slow": 0.3},
                attention_bias=True, mlp_bias=True, intermediate_size=36), "bfloat16", spare_rows=9),
]]
