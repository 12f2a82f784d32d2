#!/usr/bin/env bash
# The table of scores through the worker itself: training/evaluate.py with the environment of training/README.md.
# Options: --clips N, --calls N, --pictures N (0 leaves a kind out), then those of "ai-server run" (--stt-model=... for the
# real weights). PYTHON names another interpreter; REDIS_URL a worker that is running already.
set -euo pipefail
home=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
python=${PYTHON:-$home/training/.venv/bin/python}
[ -x "$(command -v "$python" || true)" ] || { echo "evaluate.sh: $python is missing: make it as training/README.md says, or name one in PYTHON" >&2; exit 2; }
[ -n "${REDIS_URL:-}" ] || "$home/ai-server" prepare # a first build takes longer than a worker has to start
exec "$python" "$home/training/evaluate.py" "$@"
