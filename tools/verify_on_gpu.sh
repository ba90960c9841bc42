#!/usr/bin/env bash
# CogVideoX-5B at full depth and size with random weights, in one call of at most nine minutes:
#
#     tools/verify_on_gpu.sh [FILE]      writes FILE, by default nbs/results/gpu.json
#
# Needs a GPU, torch, diffusers and transformers; no network, no weights.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PYTHONPATH="$PWD${PYTHONPATH:+:$PYTHONPATH}" HF_HUB_OFFLINE=1 PYTHONUNBUFFERED=1
export PYTORCH_CUDA_ALLOC_CONF="${PYTORCH_CUDA_ALLOC_CONF:-expandable_segments:True}"
timeout 540 python3 tools/verify_on_gpu.py --seconds 420 --output "${1:-nbs/results/gpu.json}"
