#!/usr/bin/env bash
# scripts/two-gpu-check refuses wrong command lines, and makes figures of two devices that pretend.
# Usage: two_gpu_check_test.sh SOURCE_DIR PROGRAM
set -euo pipefail
check=$1/scripts/two-gpu-check
twofour=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# refuses TEXT ARGUMENTS...: code 2, and a line that says so.
refuses() {
  local wanted=$1 code=0
  shift
  "$check" "$@" >"$work/stdout" 2>"$work/stderr" || code=$?
  if [ "$code" != 2 ] || ! grep -qF -e "$wanted" "$work/stderr"; then
    echo "$*: exit code $code, not 2, or no '$wanted' in: $(cat "$work/stderr")"
    exit 1
  fi
}

"$check" --help | grep -q '^usage: scripts/two-gpu-check'
refuses "a program and a folder are wanted, 0 are given"
refuses "--gpus 1: two numbers are wanted" --gpus 1 "$twofour" "$work/out"
refuses "--seconds soon: a number" --seconds soon "$twofour" "$work/out"
refuses "--steps: all is no step" --steps all "$twofour" "$work/out"
refuses "--seconds needs a value" "$twofour" "$work/out" --seconds
refuses "--none is no option" --none "$twofour" "$work/out"
refuses "$work is no program" "$work" "$work/out"

# Processors 0 and 1 are the devices: a process that may not use them cannot try this.
if ! taskset -c 0,1 true 2>/dev/null; then
  echo "skipped: processors 0 and 1 are wanted"
  exit 77
fi
"$check" --mock --seconds 200 --steps "together replicate" "$twofour" "$work/out" >"$work/stdout"
for text in "cpu:0: together over alone" "cpu:1: together over alone" "skew of the beginnings: median" \
  "cpu:1 over cpu:0" "slower over faster device, best 2:4 kernel: median" "Verdicts differ between devices in" \
  "replicated on cpu:0, cpu:1"; do
  if ! grep -qF -e "$text" "$work/out/summary.txt"; then
    echo "the summary has no '$text': $(cat "$work/out/summary.txt")"
    exit 1
  fi
done
for name in alone-first alone-second together replicate; do [ -s "$work/out/$name.jsonl" ]; done

# What does not run is said, and the code tells.
code=0
"$check" --mock --seconds 0 --steps one "$twofour" "$work/out" >"$work/stdout" || code=$?
if [ "$code" != 1 ] || ! grep -q 'one .*not run: no time left' "$work/out/summary.txt"; then
  echo "no time at all: exit code $code: $(cat "$work/out/summary.txt")"
  exit 1
fi
