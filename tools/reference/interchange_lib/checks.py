"""One case after another: export, load, compare, import, compare."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import PreTrainedModel

from checkpoints import reference, saving
from checkpoints.shape import Shape
from train_experts.files import EXPERTS, ROUTER, read_pack
from train_experts.frozen import FrozenModel, load_model

from . import cases
from .program import Program

TOLERANCE = 1e-4


@torch.inference_mode()
def logits(model: PreTrainedModel, folder: Path) -> list[torch.Tensor]:
    """Of every prompt that was recorded."""
    tensors = load_file(folder / "flat.safetensors")
    count = sum(name.endswith(".ids") for name in tensors)
    return [reference.answer(model, tensors[f"prompt.{number}.ids"].long()).logits for number in range(count)]


def furthest(left: list[torch.Tensor], right: list[torch.Tensor]) -> float:
    """Greatest distance of two numbers at the same place."""
    return max((one - other).abs().max().item() for one, other in zip(left, right, strict=True))


def same_files(left: Path, right: Path) -> bool:
    """Whether both pack folders hold the same tensors, bit for bit."""
    for name in (EXPERTS, ROUTER):
        one, other = load_file(left / name), load_file(right / name)
        if one.keys() != other.keys():
            return False
        for key, tensor in one.items():
            if tensor.shape != other[key].shape or not torch.equal(tensor.view(torch.int32),
                                                                   other[key].view(torch.int32)):
                return False
    return True


def sparse(shape: Shape, out: Path, program: Program) -> bool:
    """A base with two packs, there and back."""
    folder = out / shape.name
    base = cases.make_base(folder, shape)
    flat, seed = cases.make_packs(folder, base, cases.EXTENT, shape.tokens)
    program.run("backbone", "add", folder / "base", "--name", shape.name)
    names = sorted(path.name for path in (folder / "packs").iterdir())
    told = json.loads(program.run(
        "export", "--format", "hf", folder / "export", "--backbone", shape.name, "--json",
        *(word for name in names for word in ("--tensors", folder / "packs" / name))))
    loaded = saving.load(folder / "export")
    expected, got = logits(flat, folder), logits(loaded, folder)
    distance = furthest(expected, got)
    changed = furthest(logits(base, folder), got)
    cases.record(folder, loaded, cases.EXTENT, shape.tokens, seed)
    backs = []
    for owner in told["experts"][1:]:
        back = folder / "back" / owner["owner"]
        back.parent.mkdir(exist_ok=True)
        program.run("pack", "import", folder / "export", "--backbone", shape.name, "-o", back,
                    "--experts", f"{owner['first']}-{owner['last']}")
        backs.append(same_files(folder / "packs" / owner["owner"], back))
    # Without packs, the export is the base in the base's own numbers.
    program.run("export", "--format", "hf", folder / "plain", "--backbone", shape.name)
    own, plain = base.state_dict(), saving.load(folder / "plain").state_dict()
    is_plain = (json.loads((folder / "plain/config.json").read_text())["dtype" if not shape.has_old_keys
                                                                       else "torch_dtype"] == shape.dtype
                and all(torch.equal(own[name], plain[name]) for name in own))
    is_good = distance <= TOLERANCE and changed > 0.1 and all(backs) and len(backs) == 2 and is_plain
    print(f"{shape.name:28} {told['numbers']:>5} {distance:10.1e} {changed:9.2f}   "
          f"{'same bits' if all(backs) else 'OTHER BITS':12} {'same' if is_plain else 'OTHER'}", flush=True)
    return is_good


def dense(shape: Shape, out: Path, program: Program) -> bool:
    """A dense base and a fine-tune of it, as one expert a layer that changed."""
    folder = out / shape.name
    base = cases.make_base(folder, shape)
    tuned = saving.load(folder / "base")
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for name, parameter in tuned.named_parameters():
            if ".layers.1.mlp." in name:
                parameter.add_(0.3 * parameter.std() * torch.randn(parameter.shape, generator=generator))
    tuned.save_pretrained(folder / "tuned")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / "tuned" / name).write_bytes((folder / "base" / name).read_bytes())
    program.run("backbone", "add", folder / "base", "--name", shape.name)
    program.run("pack", "import", folder / "tuned", "--backbone", shape.name, "-o", folder / "pack")
    ids = torch.randint(2, shape.tokens, (1, 80), generator=generator)
    with torch.inference_mode():
        wanted, before = tuned(input_ids=ids).logits, base(input_ids=ids).logits
        got = FrozenModel(load_model(folder / "base"), read_pack(folder / "pack")).logits(ids)
        distance, changed = (wanted - got).abs().max().item(), (wanted - before).abs().max().item()
    with torch.no_grad():
        tuned.get_input_embeddings().weight.mul_(1.5)
    tuned.save_pretrained(folder / "other")
    said = program.fails("pack", "import", folder / "other", "--backbone", shape.name, "-o", folder / "refused")
    is_refused = "embed_tokens" in said and "--ignore-other-changes" in said and not (folder / "refused").exists()
    print(f"{shape.name:28} {'F32':>5} {distance:10.1e} {changed:9.2f}   upcycled     "
          f"{'refused' if is_refused else 'NOT REFUSED'}", flush=True)
    return distance <= TOLERANCE and changed > 0.1 and is_refused
