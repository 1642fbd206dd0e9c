"""The shape of the model: OLMoE's, with about a billion parameters in bf16."""

WIDTH, EXPERT_WIDTH, EXPERTS, TOP_K, LAYERS, HEADS, VOCABULARY, CONTEXT = 1024, 512, 64, 8, 8, 16, 50304, 4096
EXPERT_BYTES = 2 * 3 * WIDTH * EXPERT_WIDTH
# Embedding, output map, attention and routers.
REST_BYTES = 2 * (2 * VOCABULARY * WIDTH + LAYERS * (4 * WIDTH * WIDTH + EXPERTS * WIDTH))
