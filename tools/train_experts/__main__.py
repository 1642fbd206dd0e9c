"""The command line of `tools/train-experts`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import torch
from transformers.utils import logging

from .experts import PackExperts
from .failure import USAGE, Failure
from .files import write_pack
from .frozen import FrozenModel, load_model
from .measuring import nats_per_byte
from .processes import Processes
from .rows import RowMaker, read_texts
from .training import Settings, Trainer


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The options, checked as far as they can be without the checkpoint."""
    defaults = Settings()
    parser = argparse.ArgumentParser(prog="train-experts", description="Trains a pack's experts on a frozen language "
                                     "model and writes the tensors that `moe-pack pack build` imports.")
    parser.add_argument("--checkpoint", type=Path, required=True, metavar="DIR",
                        help="the backbone: a Hugging Face causal language model")
    parser.add_argument("--train", type=Path, nargs="+", required=True, metavar="FILE",
                        help="JSONL with {\"text\": …} a line, or plain text")
    parser.add_argument("--valid", type=Path, nargs="+", required=True, metavar="FILE",
                        help="texts that choose the best step")
    parser.add_argument("--test", type=Path, nargs="+", default=[], metavar="FILE",
                        help="texts measured before and after, and never trained on")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR",
                        help="where experts.safetensors, router.safetensors and training.json go")
    parser.add_argument("--layers", type=_numbers, required=True, metavar="L,…", help="the layers that get experts")
    parser.add_argument("--width", type=_positive, default=128, metavar="F", help="width of an expert (default: 128)")
    parser.add_argument("--count", type=_positive, default=4, metavar="E", help="experts per layer (default: 4)")
    parser.add_argument("--top-k", type=_positive, default=1, metavar="K", help="experts per token (default: 1)")
    parser.add_argument("--context", type=_positive, default=512, metavar="T",
                        help="most tokens of a row, the prefix token counted (default: 512)")
    for name, text in [("steps", "steps of the optimiser"), ("batch_rows", "rows per step, over all processes"),
                       ("learning_rate", "its peak"), ("weight_decay", "of AdamW"),
                       ("balance_coefficient", "weight of the load-balancing loss"),
                       ("z_coefficient", "weight of the router z-loss"), ("clip", "most norm of the gradient"),
                       ("validate_every", "steps between validations"),
                       ("cache_megabytes", "most memory for the trunk's states; 0 computes them anew each time"),
                       ("seed", "seeds the experts and the order of rows")]:
        default = getattr(defaults, name)
        parser.add_argument("--" + name.replace("_", "-"), type=type(default), default=default, metavar="N",
                            help=f"{text} (default: {default})")
    parser.add_argument("--threads", type=_positive, help="threads of PyTorch (default: its own choice)")
    options = parser.parse_args(arguments)
    if options.top_k > options.count:
        parser.error(f"--top-k is {options.top_k}, expected at most --count, {options.count}")
    return options


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, got {text}")
    return value


def _numbers(text: str) -> list[int]:
    return sorted({int(part) for part in text.split(",")})


def train(options: argparse.Namespace, processes: Processes) -> dict[str, Any]:
    """Trains, writes the pack's tensors, and returns what training.json says."""
    model = load_model(options.checkpoint)
    rows = RowMaker(options.checkpoint, options.context)
    if options.context > model.config.max_position_embeddings:
        raise Failure(USAGE, f"--context is {options.context}, expected at most the model's "
                      f"{model.config.max_position_embeddings}", "give a shorter --context")
    width = model.config.hidden_size
    generator = torch.Generator().manual_seed(options.seed)
    experts = {layer: PackExperts(width, options.width, options.count, options.top_k, generator)
               for layer in options.layers}
    test = rows.rows(read_texts(options.test)) if options.test else None
    settings = Settings(**{name: getattr(options, name) for name in Settings.__dataclass_fields__})
    frozen = FrozenModel(model, experts)
    try:
        # The experts add nothing before the first step: down is zero.
        before = nats_per_byte(frozen.logits, test) if test else None
        record = Trainer(frozen, rows.rows(read_texts(options.train)), rows.rows(read_texts(options.valid)),
                         settings, processes).run()
        after = nats_per_byte(frozen.logits, test) if test else None
    finally:
        frozen.close()
    record |= {"checkpoint": options.checkpoint.name, "modelType": model.config.model_type, "width": width,
               "experts": {"layers": options.layers, "count": options.count, "width": options.width,
                           "topK": options.top_k},
               "prefixToken": rows.prefix, "context": options.context, "test": {"base": before, "pack": after},
               "torch": torch.__version__}
    if processes.is_first:
        write_pack(options.out, experts, record)
    return record


def main() -> int:
    """Runs the command line."""
    options = parse()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    torch.use_deterministic_algorithms(True)
    if options.threads:
        torch.set_num_threads(options.threads)
    processes = Processes()
    try:
        record = train(options, processes)
    except Failure as failure:
        print(failure, file=sys.stderr)
        return failure.status
    finally:
        processes.close()
    if processes.is_first:
        print(f"{options.out}: {record['history'][0]['valid']:.4f} → {record['bestValid']:.4f} nats per byte of "
              "validation text")
    return 0


if __name__ == "__main__":
    sys.exit(main())
