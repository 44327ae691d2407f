#!/usr/bin/env bash
# scripts/gpu-truth with the mock provider in place of a GPU's libraries, and its tables of made-up rows.
# Usage: gpu_truth_test.sh SOURCE_DIR TWOFOUR
set -euo pipefail
source_dir=$1
program=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The program on the CPU, with small shapes, few samples and mock kernels: its own arguments but for what
# is a GPU's. It notes which runs there were.
cat >"$work/twofour" <<END
#!/usr/bin/env bash
case \${1:-} in compare | --version) exec "$program" "\$@" ;; esac
arguments=(--providers mock)
while ((\$#)); do
  case \$1 in
    --device) arguments+=(--device cpu) ;;
    --load | --kernels | --max-time) ;;
    --providers)
      while [[ \${2:-} != --* && \${2:-} != *_bench ]]; do shift; done
      shift
      continue
      ;;
    --models-file)
      sed -E 's/\b(4096|8192|4104|1032)\b/64/g; s/\b(28672|2056)\b/128/g' "\$2" >"$work/models.json"
      arguments+=("\$1" "$work/models.json")
      ;;
    --dim-*) arguments+=("\$1" 64) ;;
    --dtype) arguments+=("\$1" "\${2/fp16/bf16}") ;;
    *)
      arguments+=("\$1")
      shift
      continue
      ;;
  esac
  shift 2
done
echo "\${arguments[*]}" >>"$work/runs"
exec "$program" "\${arguments[@]}" --max-time 0.01
END
chmod +x "$work/twofour"
export TWOFOUR_MOCK='{"algorithms": 2, "fault": {"kind": "wrong_element", "kernel": "i8.*sparse_mm$", "case_m": 7}}'

# expect CODE TEXT...: the exit code of gpu-truth, and what its summary has; TEXT is a regular expression.
expect() {
  local code=0 wanted=$1 text
  shift
  bash "$source_dir/scripts/gpu-truth" "$work/out" "$work/twofour" >"$work/stdout" 2>&1 || code=$?
  if [ "$code" != "$wanted" ]; then
    echo "exit code $code, not $wanted"
    cat "$work/stdout"
    exit 1
  fi
  for text in "$@"; do
    if ! grep -qE -- "$text" "$work/out/summary.txt"; then
      echo "the summary has no '$text':"
      cat "$work/stdout"
      exit 1
    fi
  done
}

export GPU_TRUTH_HEAD_START=0
export TWOFOUR_TORCH_MODULE=$work/twofour  # any file: PyTorch's module is not built here
expect 0 '^256x64x128 +1\.[0-9]+ \[' '^beside: [0-9]+ of [0-9]+ rows flagged BUSY' 'Does 2:4 pay off here\?' \
  '^compare no-tuning from-file: exit [013]: ' '^from-file +[0-9]+ (file|searched)' '^fp8 +mock +[0-9]+ +0 +0' \
  '^int8 +mock +[0-9]+ +3 +0' '^incorrect: mock_i8_i8_bf16_scaled_sparse_mm MKN=\(7x72x136\)'
grep -q -- '--no-tuning .*--batch-sizes 16 256' "$work/runs"

GPU_TRUTH_STEPS="six nonsense" expect 1 "'nonsense' is no step"

# Rows that a GPU leaves: blocks with joules, and a reason where there are none.
row() { # KERNEL SPARSITY MEDIAN BASELINE MORE
  echo "{\"type\":\"record\",\"sub_label\":\"MKN=(1x2x3)\",\"kernel\":\"$1\",\"problem\":{\"m\":1,\"k\":2,\"n\":3,\"sparsity\":\"$2\"},\"summary\":{\"median_s\":$3},\"baseline\":\"$4\",\"clocks\":{\"core_mhz\":1980,\"effective_sm_mhz\":1700},$5}"
}
{
  row dense dense 2e-3 dense '"vs_dense":null,"sustained":{"reason":"","median_s":2.4e-3,"median_j":1.5,"watts":690}'
  row sparse 2:4 1e-3 dense '"vs_dense":{"value":2,"interval":[1.9,2.1]},"sustained":{"reason":"","median_s":1.1e-3,"median_j":1,"watts":680,"vs_dense":{"value":2.2,"interval":[2.1,2.3]},"energy_vs_dense":{"value":1.5,"interval":[null,null]}}'
  row other 2:4 3e-3 dense '"vs_dense":{"value":0.6,"interval":[0.5,0.7]},"sustained":{"reason":"it ended"}'
  printf '{"type":"rec'
} >"$work/six.jsonl"
six=$("$source_dir/scripts/gpu-truth-tables" six "$work/six.jsonl")
for text in '1x2x3 +2.000 \[1.900, 2.100\] +2.200 \[2.100, 2.300\] +1.5 +1 +1.500 \[-, -\] +1.20 / 1.10 +690 / 680 +1980 +1700 / 1700' \
  'no blocks: other MKN=\(1x2x3\): it ended'; do
  grep -qE "$text" <<<"$six" || { echo "no '$text' in: $six"; exit 1; }
done
code=0
"$source_dir/scripts/gpu-truth-tables" none "$work/six.jsonl" 2>/dev/null || code=$?
[ "$code" = 2 ] || { echo "an unknown table: exit code $code, not 2"; exit 1; }
echo "gpu-truth measures and tells what it should"
