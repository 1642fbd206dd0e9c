"""The command line of `tools/tiny-moe`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import torch
from transformers.utils import logging

from train_experts.__main__ import parse as parse_experts
from train_experts.__main__ import train as train_experts
from train_experts.failure import Failure
from train_experts.frozen import load_model
from train_experts.processes import Processes
from train_experts.rows import RowMaker, Rows, read_texts

from . import bytes_tokenizer, splits, table
from .composing import compose
from .debian import Packages
from .pretraining import CONTEXT, Pretraining, new_model, train

STAGES = ("texts", "base", "packs", "monolith", "compose", "table")


def parse() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(prog="tiny-moe", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR",
                        help="where everything goes; what is finished there is not made again")
    parser.add_argument("--only", nargs="+", choices=STAGES, default=STAGES, metavar="STAGE",
                        help=f"these stages alone: {', '.join(STAGES)}")
    parser.add_argument("--steps", type=int, default=800, help="steps of the base, 4 texts each (default: 800)")
    parser.add_argument("--pack-steps", type=int, default=240, help="steps of each pack, 4 texts each (default: 240)")
    parser.add_argument("--monolith-steps", type=int,
                        help="steps of the base on all texts (default: those of all packs)")
    parser.add_argument("--threads", type=int, help="threads of PyTorch (default: its own choice)")
    parser.add_argument("--seed", type=int, default=1, help="seeds the models and the order of texts (default: 1)")
    return parser.parse_args()


def run(options: argparse.Namespace) -> int:
    """Does every stage that is asked for and not done."""
    out: Path = options.out
    out.mkdir(parents=True, exist_ok=True)
    domains = [splits.BASE, *splits.PACKS]
    if "texts" in options.only:
        packages = Packages(out / "packages")
        for domain in domains:
            if not (out / "texts" / domain.name / "test.jsonl").exists():
                splits.write(domain, packages, out / "texts" / domain.name)
    if "base" in options.only and not (out / "base/training.json").exists():
        (out / "base").mkdir(exist_ok=True)
        bytes_tokenizer.write(out / "base", CONTEXT)
        train(new_model(options.seed), _rows(out, "train", [splits.BASE]), _rows(out, "valid", [splits.BASE]),
              Pretraining(options.steps, 2e-3, seed=options.seed), out / "base")
    if "packs" in options.only:
        for domain in splits.PACKS:
            _pack(options, domain)
    if "monolith" in options.only and not (out / "monolith/training.json").exists():
        steps = options.monolith_steps or options.pack_steps * len(splits.PACKS)
        train(load_model(out / "base").train(), _rows(out, "train", splits.PACKS), _rows(out, "valid", splits.PACKS),
              Pretraining(steps, 1e-3, seed=options.seed), out / "monolith")
    if "table" in options.only:
        found = table.measure(out)
        composed = compose(out, _program(), table.measure_evals(out)) if "compose" in options.only else None
        table.keep(out, found, composed)
        print(table.show(found, composed))
        return 0 if table.is_met(found, composed) else 1
    return 0


def _program() -> str:
    """moe-pack: the one that MOEPACK names, or the one that was built here."""
    return os.environ.get("MOEPACK") or str(Path(__file__).resolve().parents[2] / ".build/release/moe-pack")


def _rows(out: Path, part: str, domains: list[splits.Domain] | tuple[splits.Domain, ...]) -> Rows:
    maker = RowMaker(out / "base", CONTEXT)
    return maker.rows(read_texts([out / "texts" / domain.name / f"{part}.jsonl" for domain in domains]))


def _pack(options: argparse.Namespace, domain: splits.Domain) -> None:
    folder, texts = options.out / "packs" / domain.name, options.out / "texts" / domain.name
    if (folder / "training.json").exists():
        return
    train_experts(parse_experts([
        "--checkpoint", str(options.out / "base"), "--out", str(folder), "--context", str(CONTEXT),
        "--train", str(texts / "train.jsonl"), "--valid", str(texts / "valid.jsonl"),
        "--test", str(texts / "test.jsonl"),
        "--layers", "0,1,2,3", "--count", "4", "--top-k", "1", "--width", "192", "--steps", str(options.pack_steps),
        "--batch-rows", "4", "--validate-every", "100", "--seed", str(options.seed)]), Processes())


def main() -> int:
    """Runs the command line."""
    options = parse()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    torch.use_deterministic_algorithms(True)
    # Nothing here reads memory before it is written; filling it takes a tenth of the time.
    torch.utils.deterministic.fill_uninitialized_memory = False
    if options.threads:
        torch.set_num_threads(options.threads)
    try:
        return run(options)
    except Failure as failure:
        print(failure, file=sys.stderr)
        return failure.status


if __name__ == "__main__":
    sys.exit(main())
