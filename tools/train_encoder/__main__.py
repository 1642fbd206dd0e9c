"""The command line of `tools/train-encoder`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

from train_experts.failure import USAGE, Failure
from train_experts.processes import Processes

from .encoder import Encoder
from .experts import GeluExperts
from .files import write_tensors
from .generator import SeededGenerator
from .head import thresholds
from .source import read_source
from .training import Trainer

DEFAULT_DEPTH, DEFAULT_WIDTH = 3, 64


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(prog="train-encoder", description="Trains experts and head of a pack source whose "
                                     "texts have labels, and writes the tensors that `moe-pack pack build` imports.")
    parser.add_argument("--source", type=Path, required=True, metavar="DIR", help="the pack source, its data JSON Lines")
    parser.add_argument("--backbone", type=Path, required=True, metavar="DIR", help="the files of the encoder")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR",
                        help="where tensors and training.json go: what `experts: {tensors: DIR}` of pack.yaml names")
    for name, text in [("layers", "how many of the top layers get experts"), ("width", "width of an expert"),
                       ("count", "experts per layer"), ("top-k", "experts per token")]:
        parser.add_argument(f"--{name}", type=int, metavar="N", help=f"{text}; else as pack.yaml says, or its default")
    parser.add_argument("--threads", type=int, metavar="N", help="threads of PyTorch in each process")
    return parser.parse_args(arguments)


def train(options: argparse.Namespace, processes: Processes) -> None:
    """Trains, and writes what came of it."""
    encoder, source = Encoder(options.backbone), read_source(options.source)

    def setting(name: str, key: str, default: int) -> int:
        given = getattr(options, name)
        return int(source.experts.get(key, default)) if given is None else given

    depth, width = setting("layers", "layers", DEFAULT_DEPTH), setting("width", "width", DEFAULT_WIDTH)
    count, top_k = setting("count", "count", 1), setting("top_k", "topK", 1)
    if not (1 <= depth <= encoder.layer_count and width >= 1 and 1 <= top_k <= count):
        raise Failure(USAGE, f"{depth} layers of {count} experts of width {width}, top {top_k}, cannot be",
                      f"1 to {encoder.layer_count} layers, and at most as many experts a token as there are")
    generator = SeededGenerator(source.seed)
    layers = list(range(encoder.layer_count - depth, encoder.layer_count))
    experts = GeluExperts.drawn(layers, (encoder.width, width, count, top_k), generator)
    trainer = Trainer(encoder, source, experts, generator, processes)
    record = trainer.run()
    if not processes.is_first:
        return
    ships = record["shipsExperts"]
    record |= {"task": source.task, "kind": source.kind, "labels": source.labels, "torch": torch.__version__,
               "experts": {"layers": layers, "count": count, "width": width, "topK": top_k} if ships else None}
    head = {f"{source.task}.weight": trainer.head[0], f"{source.task}.bias": trainer.head[1]}
    if source.kind == "tag":
        head[f"{source.task}.threshold"] = thresholds(trainer.logits, trainer.valid_targets)
    write_tensors(options.out, experts if ships else {}, head, record)


def main() -> int:
    """Runs the command line."""
    options = parse()
    torch.use_deterministic_algorithms(True)
    if options.threads:
        torch.set_num_threads(options.threads)
    processes = Processes()
    try:
        train(options, processes)
    except Failure as failure:
        print(failure, file=sys.stderr)
        return failure.status
    finally:
        processes.close()
    if processes.is_first:
        print(f"wrote `{options.out}`")
    return 0


if __name__ == "__main__":
    sys.exit(main())
