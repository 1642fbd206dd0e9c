"""Asks a server as strangers would; see `tools/server/check`."""

import argparse
import base64
import json
import os
import pathlib
import re
import shlex
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import openai
from openapi_spec_validator import validate

# Of the source that `moe-pack pack new` writes.
QUESTION = "When do you open on Saturdays?"
DOCUMENT = f"# Letters\n\n{QUESTION}\n\nThe ship was arrested at the eastern anchorage for unpaid bunkers.\n"
TEXTS = ["Can we arrest the ship?", "Höchstgeschwindigkeit", "🚢" * 3]


class Server:
    """A server of its own on a free port, with an administrator's key and a pack that the suite measured."""

    def __init__(self, program, directory):
        self.program, self.directory = program, pathlib.Path(directory)
        keys = self.directory / "keys.json"
        made = subprocess.run(
            [program, "access", "add", "check", "--administrator", "--keys", keys, "--json"], check=True,
            capture_output=True, text=True)
        self.key = json.loads(made.stdout)["key"]
        self.store = os.environ.get("MOEPACK_SERVER_STORE") or self.make_store()
        self.process = subprocess.Popen(
            [program, "serve", "--port", "0", "--keys", keys, "--store", self.store, "--state", self.directory / "state",
             "--quiet"], stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip().rstrip("/")
        if not self.url:
            sys.exit("error: the server did not start\n\nhint: run `moe-pack serve` by hand to see why")

    def make_store(self):
        store, source, archive = (self.directory / name for name in ("store", "letters", "letters.moepack"))
        signer = self.directory / "vendor.key"
        for words in (
            ["pack", "new", source], ["key", "new", "-o", signer],
            ["pack", "build", source, "-o", archive, "--key", signer],
            ["trust", "add", f"{signer}.pub", "--namespace", "example", "--store", store],
            ["install", archive, "--store", store],
        ):
            subprocess.run([self.program, *words, "--quiet"], check=True, stdout=subprocess.DEVNULL)
        return store

    def get(self, path):
        request = urllib.request.Request(self.url + path, headers={"Authorization": f"Bearer {self.key}"})
        with urllib.request.urlopen(request) as response:
            return json.load(response)

    def end(self):
        begun = time.monotonic()
        self.process.terminate()
        code = self.process.wait(timeout=30)
        return code, time.monotonic() - begun


def check_openai(server):
    client = openai.OpenAI(base_url=server.url + "/v1", api_key=server.key)
    models = client.models.list().data
    assert models, "no models"
    backbone = next(model for model in models if model.owned_by == "backbone")
    assert client.models.retrieve(backbone.id).id == backbone.id
    for model in models:
        # The client asks for base64 by itself; `float` is asked for by name.
        packed = client.embeddings.create(model=model.id, input=TEXTS)
        plain = client.embeddings.create(model=model.id, input=TEXTS, encoding_format="float")
        raw = client.embeddings.create(model=model.id, input=TEXTS, encoding_format="base64")
        for left, middle, right in zip(packed.data, plain.data, raw.data):
            decoded = base64.b64decode(right.embedding) if isinstance(right.embedding, str) else None
            values = struct.unpack(f"<{len(left.embedding)}f", decoded) if decoded else right.embedding
            shortest = [struct.unpack("<f", struct.pack("<f", value))[0] for value in middle.embedding]
            assert list(left.embedding) == shortest == list(values), model.id
            assert abs(sum(value * value for value in values) - 1) < 1e-3
    try:
        client.embeddings.create(model="no-such-model", input="a")
    except openai.NotFoundError as error:
        assert error.code == "model_not_found", error.code
    else:
        raise AssertionError("an unknown model was answered")
    try:
        openai.OpenAI(base_url=server.url + "/v1", api_key="wrong", max_retries=0).models.list()
    except openai.AuthenticationError:
        pass
    else:
        raise AssertionError("a wrong key was taken")
    return f"{len(models)} models, embeddings alike in both encodings"


def check_document(server):
    document = server.get("/openapi.json")
    validate(document)
    return f"{len(document['paths'])} addresses"


def check_schemathesis(server, examples):
    for seed in [20261122, 20261123]:
        code, report = run_schemathesis(server, examples, seed)
        if code == 0:
            return next((line.strip() for line in report.splitlines() if "generated" in line), "nothing found")
        print(report, file=sys.stderr)
        # What it found stands before its summary: said last, it is what a reader of the end of a log sees.
        found = re.split(r"^=+ (?:FAILURES|ERRORS) =+$", report, maxsplit=1, flags=re.MULTILINE)[-1]
        # The kinds of errors in its summary: an exception of its own is the only one that says nothing of the server.
        kinds = set(re.findall(r"🚫 ([^\n:]+): \d+$", report, re.MULTILINE))
        if re.search(r"^=+ FAILURES =+$", report, re.MULTILINE) or kinds != {"Runtime Error"}:
            break
        print(f"schemathesis itself broke, with seed {seed}:\n{found[:4000]}", file=sys.stderr)
    raise AssertionError("schemathesis found something\n" + found[:4000])


def run_schemathesis(server, examples, seed):
    """Its exit code, and all that it printed."""
    checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
    run = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "run", server.url + "/openapi.json", "--url", server.url,
         "-H", f"Authorization: Bearer {server.key}", "--checks", checks, "--max-examples", str(examples),
         "--phases", "examples,coverage,fuzzing", "--workers", "2", "--no-color", "--request-timeout", "120",
         "--seed", str(seed)],
        # It keeps a cache where it runs.
        capture_output=True, text=True, cwd=server.directory)
    return run.returncode, run.stdout + run.stderr


def check_console(server, shots):
    """The page in a real browser, while generations change; without a browser, nothing is claimed."""
    if not (os.environ.get("CHROMIUM") or shutil.which("chromium")):
        return "passed over: there is no chromium"
    drive = pathlib.Path(__file__).resolve().parents[1] / "browser" / "drive"
    counter = server.directory / "threshold"
    # Each switch sets another threshold: a generation that needs no pack.
    switch = ["bash", "-c", f"n=$(($(cat {counter} 2>/dev/null || echo 40) + 1)); echo $n > {counter}; "
              f"{server.program} threshold 0.$n --no-eval --store {server.store} --quiet"]
    document = server.directory / "document.md"
    document.write_text(DOCUMENT, encoding="utf-8")
    run = subprocess.run(
        [sys.executable, drive, server.url, "--key", server.key, "--shots", shots, "--text", QUESTION,
         "--document", document, "--switch", shlex.join(switch)], capture_output=True, text=True)
    if run.returncode != 0:
        print(run.stdout, run.stderr, file=sys.stderr)
        raise AssertionError("the console is not as it should be")
    views = json.loads(run.stdout)["views"]
    for view in views:
        assert view["packs"] and view["bars"] > 1 and view["marked"] and view["charts"], view
    return f"{len(views)} views, generations {views[0]['generation']} to {views[-1]['switched']} seen live, pictures in {shots}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--examples", type=int, default=20)
    parser.add_argument("--shots", type=pathlib.Path, default=pathlib.Path(".build/console"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        server = Server(options.program, directory)
        try:
            print("openai:", check_openai(server))
            print("openapi-spec-validator:", check_document(server))
            print("console:", check_console(server, options.shots))
            print("schemathesis:", check_schemathesis(server, options.examples))
        finally:
            code, seconds = server.end()
        print(f"SIGTERM: exit code {code} after {seconds:.1f} s")
        sys.exit(0 if code == 0 else 1)


if __name__ == "__main__":
    main()
