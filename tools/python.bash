# Pythons with what a tool needs: the one that a variable names, or one of a virtual environment made in the cache
# directory. Sourced by launchers.

# python_with VARIABLE FOLDER MODULES REQUIREMENT…: prints the path of a Python that can import MODULES.
python_with() {
  local variable="$1" folder="$2" imports="import $3"
  shift 3
  local python="${!variable:-}"
  if [[ -n "$python" ]]; then
    if ! "$python" -c "$imports" 2>/dev/null; then
      printf 'error: `%s` cannot `%s`\n\nhint: unset %s to have a virtual environment made\n' \
        "$python" "$imports" "$variable" >&2
      return 78
    fi
    printf '%s\n' "$python"
    return
  fi
  local venv="${XDG_CACHE_HOME:-$HOME/.cache}/moe-pack/$folder"
  python="$venv/bin/python"
  if ! "$python" -c "$imports" 2>/dev/null; then
    printf 'making a virtual environment with %s in %s\n' "$*" "$venv" >&2
    if ! { python3 -m venv --clear "$venv" &&
      "$python" -m pip install --quiet --disable-pip-version-check "$@"; } >&2; then
      printf 'error: no virtual environment could be made in `%s`\n\nhint: %s\n' "$venv" \
        "check python3-venv and the network or package mirror, or name a Python that has these in $variable" >&2
      return 78
    fi
  fi
  printf '%s\n' "$python"
}

# torch_python: one that has PyTorch, transformers, tokenizers and safetensors.
torch_python() {
  python_with MOEPACK_REFERENCE_PYTHON torch 'numpy, safetensors, tokenizers, torch, transformers' \
    torch==2.15.0 transformers==5.23.0 tokenizers==0.23.3 safetensors==0.8.0 numpy==2.4.6
}

# parquet_python: one that has pyarrow.
parquet_python() { python_with MOEPACK_PARQUET_PYTHON parquet pyarrow pyarrow==26.0.1; }

# server_python: one that has OpenAI's client, a validator of OpenAPI documents and schemathesis.
server_python() {
  python_with MOEPACK_SERVER_PYTHON server-check 'openai, openapi_spec_validator, schemathesis' \
    openai==3.54.0 openapi-spec-validator==0.9.0 schemathesis==4.32.5
}
