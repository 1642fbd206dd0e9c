# The Python that a tool runs in when it needs PyTorch: the one MOEPACK_REFERENCE_PYTHON names, or one of a
# virtual environment made in the cache directory. Sourced by launchers.

torch_requirements=('torch==2.15.0' 'transformers==5.23.0' 'tokenizers==0.23.3' 'safetensors==0.8.0' 'numpy==2.4.6')

# torch_python: prints the path of a Python that has PyTorch, transformers, tokenizers and safetensors.
torch_python() {
  local imports='import numpy, safetensors, tokenizers, torch, transformers'
  local python="${MOEPACK_REFERENCE_PYTHON:-}"
  if [[ -n "$python" ]]; then
    if ! "$python" -c "$imports" 2>/dev/null; then
      printf 'error: `%s` cannot `%s`\n\nhint: unset MOEPACK_REFERENCE_PYTHON to have a virtual environment made\n' \
        "$python" "$imports" >&2
      return 78
    fi
    printf '%s\n' "$python"
    return
  fi
  local venv="${XDG_CACHE_HOME:-$HOME/.cache}/moe-pack/torch"
  python="$venv/bin/python"
  if ! "$python" -c "$imports" 2>/dev/null; then
    printf 'making a virtual environment with %s in %s\n' "${torch_requirements[*]}" "$venv" >&2
    if ! { python3 -m venv --clear "$venv" &&
      "$python" -m pip install --quiet --disable-pip-version-check "${torch_requirements[@]}"; } >&2; then
      printf 'error: no virtual environment could be made in `%s`\n\nhint: %s\n' "$venv" \
        'check python3-venv and the network or package mirror, or name a Python that has these in MOEPACK_REFERENCE_PYTHON' >&2
      return 78
    fi
  fi
  printf '%s\n' "$python"
}
