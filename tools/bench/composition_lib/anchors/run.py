"""Computes one anchor: `run.py JOB BACKBONE RESULT`, in a Python that has its libraries."""

import json
import os
import pathlib
import sys

THREADS = 2

# Threads that wait sleep: on a busy machine, spinning ones make training ten times slower.
os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error", "TQDM_DISABLE": "1",
               "TOKENIZERS_PARALLELISM": "false", "OMP_NUM_THREADS": str(THREADS),
               "OPENBLAS_NUM_THREADS": str(THREADS), "OMP_WAIT_POLICY": "PASSIVE"}
sys.dont_write_bytecode = True

import finetune
import linear
import sklearn
import torch
import transformers


def main():
    job_file, backbone, result = map(pathlib.Path, sys.argv[1:])
    torch.set_num_threads(THREADS)
    job = json.loads(job_file.read_text(encoding="utf-8"))
    found = {"linear": linear, "finetune": finetune}[job["kind"]].run(job, backbone)
    found["libraries"] = {library.__name__: library.__version__ for library in (torch, transformers, sklearn)}
    partial = result.with_suffix(".partial")
    partial.write_text(json.dumps(found, allow_nan=False), encoding="utf-8")
    os.replace(partial, result)


if __name__ == "__main__":
    main()
