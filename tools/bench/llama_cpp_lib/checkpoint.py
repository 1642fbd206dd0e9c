"""An OLMoE-shaped model with random weights: as a Hugging Face checkpoint, and as GGUF."""

import json
import pathlib
import struct
import sys

import gguf
import numpy

from shape import CONTEXT, EXPERT_WIDTH, EXPERTS, HEADS, LAYERS, TOP_K, VOCABULARY, WIDTH

# Tensors of a layer: their name in the checkpoint, in GGUF, their shape, the deviation of their values.
ATTENTION = [("self_attn.q_proj", "attn_q"), ("self_attn.k_proj", "attn_k"), ("self_attn.v_proj", "attn_v"),
             ("self_attn.o_proj", "attn_output")]
NORMS = [("self_attn.q_norm", "attn_q_norm"), ("self_attn.k_norm", "attn_k_norm"), ("input_layernorm", "attn_norm"),
         ("post_attention_layernorm", "ffn_norm")]
EXPERT = [("gate_proj", "ffn_gate_exps", (EXPERT_WIDTH, WIDTH)), ("up_proj", "ffn_up_exps", (EXPERT_WIDTH, WIDTH)),
          ("down_proj", "ffn_down_exps", (WIDTH, EXPERT_WIDTH))]


class Model:
    """The tensors, bf16 as their upper halves: made once, from one seed."""

    def __init__(self, seed=1):
        self.random = numpy.random.default_rng(seed)
        self.tensors = {"model.embed_tokens.weight": self._normal((VOCABULARY, WIDTH), 0.5),
                        "lm_head.weight": self._normal((VOCABULARY, WIDTH), 0.05),
                        "model.norm.weight": self._ones(WIDTH)}
        for layer in range(LAYERS):
            prefix = f"model.layers.{layer}."
            for name, _ in ATTENTION:
                self.tensors[f"{prefix}{name}.weight"] = self._normal((WIDTH, WIDTH), 0.04)
            for name, _ in NORMS:
                self.tensors[f"{prefix}{name}.weight"] = self._ones(WIDTH)
            self.tensors[f"{prefix}mlp.gate.weight"] = self._normal((EXPERTS, WIDTH), 0.05)
            for expert in range(EXPERTS):
                for name, _, shape in EXPERT:
                    self.tensors[f"{prefix}mlp.experts.{expert}.{name}.weight"] = self._normal(shape, 0.04)

    @property
    def parameters(self):
        return sum(tensor.size for tensor in self.tensors.values())

    def write_checkpoint(self, folder):
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        config = {
            "architectures": ["OlmoeForCausalLM"], "model_type": "olmoe", "hidden_size": WIDTH,
            "intermediate_size": EXPERT_WIDTH, "num_experts": EXPERTS, "num_experts_per_tok": TOP_K,
            "num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "num_key_value_heads": HEADS,
            "vocab_size": VOCABULARY, "max_position_embeddings": CONTEXT, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
            "norm_topk_prob": False, "tie_word_embeddings": False, "hidden_act": "silu", "torch_dtype": "bfloat16"}
        (folder / "config.json").write_text(json.dumps(config, indent=1))
        (folder / "tokenizer.json").write_text(json.dumps(byte_tokenizer()))
        header, offset = {}, 0
        for name, tensor in self.tensors.items():
            header[name] = {"dtype": "BF16", "shape": list(tensor.shape), "data_offsets": [offset, offset + tensor.nbytes]}
            offset += tensor.nbytes
        text = json.dumps(header, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 8)
        with open(folder / "model.safetensors", "wb") as file:
            file.write(struct.pack("<Q", len(text)) + text)
            for tensor in self.tensors.values():
                file.write(tensor.tobytes())

    def write_gguf(self, path):
        writer = gguf.GGUFWriter(str(path), "olmoe")
        writer.add_context_length(CONTEXT)
        writer.add_embedding_length(WIDTH)
        writer.add_block_count(LAYERS)
        writer.add_feed_forward_length(EXPERT_WIDTH)
        writer.add_head_count(HEADS)
        writer.add_head_count_kv(HEADS)
        writer.add_layer_norm_rms_eps(1e-5)
        writer.add_rope_freq_base(10000.0)
        writer.add_rope_dimension_count(WIDTH // HEADS)
        writer.add_expert_count(EXPERTS)
        writer.add_expert_used_count(TOP_K)
        writer.add_vocab_size(VOCABULARY)
        writer.add_file_type(gguf.LlamaFileType.MOSTLY_BF16)
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre("default")
        writer.add_token_list([f"<{number}>" for number in range(VOCABULARY)])
        writer.add_token_types([1] * VOCABULARY)
        writer.add_token_merges(["< 0"])
        writer.add_eos_token_id(0)
        writer.add_bos_token_id(0)
        writer.add_add_bos_token(False)
        self._bf16(writer, "token_embd", self.tensors["model.embed_tokens.weight"])
        self._bf16(writer, "output", self.tensors["lm_head.weight"])
        self._f32(writer, "output_norm", self.tensors["model.norm.weight"])
        for layer in range(LAYERS):
            self._write_layer(writer, f"model.layers.{layer}.", f"blk.{layer}.")
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()

    def _write_layer(self, writer, source, target):
        for name, other in ATTENTION:
            self._bf16(writer, target + other, self.tensors[f"{source}{name}.weight"])
        for name, other in NORMS:
            self._f32(writer, target + other, self.tensors[f"{source}{name}.weight"])
        self._f32(writer, target + "ffn_gate_inp", self.tensors[f"{source}mlp.gate.weight"])
        for name, other, _ in EXPERT:
            stacked = numpy.stack([self.tensors[f"{source}mlp.experts.{expert}.{name}.weight"]
                                   for expert in range(EXPERTS)])
            self._bf16(writer, target + other, stacked)

    @staticmethod
    def _bf16(writer, name, tensor):
        raw = numpy.ascontiguousarray(tensor).view(numpy.uint8)
        writer.add_tensor(f"{name}.weight", raw, raw_dtype=gguf.GGMLQuantizationType.BF16)

    @staticmethod
    def _f32(writer, name, tensor):
        writer.add_tensor(f"{name}.weight", (tensor.astype(numpy.uint32) << 16).view(numpy.float32))

    def _normal(self, shape, deviation):
        values = self.random.standard_normal(shape, dtype=numpy.float32) * numpy.float32(deviation)
        return (values.view(numpy.uint32) >> 16).astype(numpy.uint16)

    @staticmethod
    def _ones(count):
        return numpy.full(count, 0x3F80, dtype=numpy.uint16)


def byte_tokenizer():
    """A `tokenizer.json` in which every byte is a token: the text's bytes are its ids."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    letters, extra = {}, 0
    for byte in range(256):
        if byte in plain:
            letters[byte] = chr(byte)
        else:
            letters[byte] = chr(0x100 + extra)
            extra += 1
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None,
            "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False},
            "post_processor": None,
            "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
            "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                      "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                      "vocab": {letters[byte]: byte for byte in range(256)}, "merges": []}}


def main():
    model = Model()
    model.write_checkpoint(sys.argv[1])
    model.write_gguf(sys.argv[2])


if __name__ == "__main__":
    main()
