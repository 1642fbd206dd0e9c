"""One round of llama.cpp: prints tokens a second of the prompt and of the continuation, as JSON."""

import json
import sys
import time

import llama_cpp


def main():
    path, prompt, added, threads = sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    model = llama_cpp.Llama(path, n_ctx=len(prompt) + added + 1, n_batch=512, n_ubatch=512, n_threads=threads,
                            n_threads_batch=threads, verbose=False)
    model.eval(prompt)  # brings the weights into memory
    model.reset()
    begun = time.perf_counter()
    model.eval(prompt)
    token = model.sample(temp=0.0)
    read = time.perf_counter()
    for _ in range(added - 1):
        model.eval([token])
        token = model.sample(temp=0.0)
    ended = time.perf_counter()
    print(json.dumps({"prompt": len(prompt) / (read - begun), "continuation": (added - 1) / (ended - read)}))


main()
