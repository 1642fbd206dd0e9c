"""The backbone as ONNX, made once from the registered files: ids and mask in, L2-normalised mean of the tokens out."""

import pathlib

import torch
from transformers import AutoModel


class Embedder(torch.nn.Module):
    """all-MiniLM-L6-v2 with its pooling."""

    def __init__(self, folder):
        super().__init__()
        self.model = AutoModel.from_pretrained(folder, attn_implementation="eager").eval()

    def forward(self, ids, mask):
        hidden = self.model(input_ids=ids, attention_mask=mask).last_hidden_state
        weight = mask.to(hidden.dtype).unsqueeze(-1)
        return torch.nn.functional.normalize((hidden * weight).sum(1) / weight.sum(1), dim=1)


def exported(folder, work):
    """The path of the ONNX file."""
    path = pathlib.Path(work) / "embedder.onnx"
    if not path.exists():
        ids = torch.randint(1000, 2000, (2, 9))
        batch, tokens = torch.export.Dim("batch"), torch.export.Dim("tokens", max=512)
        shapes = {name: {0: batch, 1: tokens} for name in ("ids", "mask")}
        torch.onnx.export(
            Embedder(folder).eval(), (ids, torch.ones_like(ids)), path.with_suffix(".part"), input_names=["ids", "mask"],
            output_names=["sentence"], dynamic_shapes=shapes, dynamo=True, external_data=False, verbose=False)
        path.with_suffix(".part").rename(path)
    return path


def quantized(path):
    """The path of the same model with int8 weights and dynamically quantized inputs."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    target = path.with_name("embedder-int8.onnx")
    if not target.exists():
        quantize_dynamic(path, target.with_suffix(".part"), weight_type=QuantType.QInt8, per_channel=True)
        target.with_suffix(".part").rename(target)
    return target
