# The Python that reads Parquet: the one MOEPACK_PARQUET_PYTHON names, or one of a virtual environment made in the
# cache directory. Sourced by launchers.

parquet_requirement='pyarrow==26.0.1'

# parquet_python: prints the path of a Python that has pyarrow.
parquet_python() {
  local python="${MOEPACK_PARQUET_PYTHON:-}"
  if [[ -n "$python" ]]; then
    if ! "$python" -c 'import pyarrow' 2>/dev/null; then
      printf 'error: `%s` has no pyarrow\n\nhint: unset MOEPACK_PARQUET_PYTHON to have a virtual environment made\n' \
        "$python" >&2
      return 78
    fi
    printf '%s\n' "$python"
    return
  fi
  local venv="${XDG_CACHE_HOME:-$HOME/.cache}/moe-pack/parquet"
  python="$venv/bin/python"
  if ! "$python" -c 'import pyarrow' 2>/dev/null; then
    printf 'making a virtual environment with %s in %s\n' "$parquet_requirement" "$venv" >&2
    if ! { python3 -m venv --clear "$venv" &&
      "$python" -m pip install --quiet --disable-pip-version-check "$parquet_requirement"; } >&2; then
      printf 'error: no virtual environment could be made in `%s`\n\nhint: %s\n' "$venv" \
        'check python3-venv and the network or package mirror, or name a Python that has pyarrow in MOEPACK_PARQUET_PYTHON' >&2
      return 78
    fi
  fi
  printf '%s\n' "$python"
}
