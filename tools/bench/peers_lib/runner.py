"""One peer in a process of its own: reads jobs, a JSON object a line, and answers each with its times.

    runner.py KIND MODEL FOLDER      KIND: onnx-f32, onnx-int8, openvino-f32, openvino-bf16, openvino-int8, torch-f32
"""

import json
import sys
import time

import numpy

THREADS = 2


def onnx(path, _):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda ids, mask: session.run(None, {"ids": ids, "mask": mask})[0]


def openvino(path, precision):
    import openvino

    core = openvino.Core()
    model = core.compile_model(core.read_model(path), "CPU", {
        "INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": THREADS, "PERFORMANCE_HINT": "LATENCY"})
    request = model.create_infer_request()
    return lambda ids, mask: request.infer({"ids": ids, "mask": mask})[model.output(0)]


def pytorch(_, folder):
    import torch

    from model import Embedder

    torch.set_num_threads(THREADS)
    model = Embedder(folder)

    def run(ids, mask):
        with torch.inference_mode():
            return model(torch.from_numpy(ids), torch.from_numpy(mask)).numpy()

    return run


def padded(batch):
    """Ids and mask of a batch, padded to its longest text."""
    ids = numpy.zeros((len(batch), max(map(len, batch))), dtype=numpy.int64)
    mask = numpy.zeros_like(ids)
    for row, tokens in enumerate(batch):
        ids[row, :len(tokens)] = tokens
        mask[row, :len(tokens)] = 1
    return ids, mask


def main():
    kind, model, folder = sys.argv[1:]
    name, _, precision = kind.partition("-")
    if name == "onnx":
        run = onnx(model, precision)
    elif name == "openvino":
        run = openvino(model, "bf16" if precision == "bf16" else "f32")
    else:
        run = pytorch(model, folder)
    for line in sys.stdin:
        job = json.loads(line)
        tokens = sorted(job["ids"], key=len)
        size = job["batch"]
        latencies, start = [], time.perf_counter()
        for first in range(0, len(tokens), size):
            began = time.perf_counter()
            run(*padded(tokens[first:first + size]))
            latencies.append(time.perf_counter() - began)
        print(json.dumps({"seconds": time.perf_counter() - start, "latencies": latencies}), flush=True)


main()
