#!/usr/bin/env bash
# What scripts/gpu-check makes of a benchmark's rows, with programs that only pretend.
# Usage: gpu_check_test.sh SOURCE_DIR
set -euo pipefail
source_dir=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/bundle/bin"

# pretend PROGRAM: its body comes from stdin.
pretend() {
  { echo '#!/usr/bin/env bash'; cat; } >"$work/bundle/bin/$1"
  chmod +x "$work/bundle/bin/$1"
}

pretend cuda_contract_test <<'END'
echo "KeepsTheContract."
END

# Leaves the rows of $work/rows in an fp8 run that ends with the code in $work/code, with a .csv when
# there is $work/csv.
pretend twofour <<END
work=$work
case " \$* " in
  *" --dtype fp8 "*) ;;
  *" --output-dir "*) exit 0 ;;
  *) echo "twofour 0"; exit 0 ;;
esac
while [ "\$1" != --output-dir ]; do shift; done
mkdir -p "\$2"
cp "\$work/rows" "\$2/model_bench-1.jsonl"
if [ -e "\$work/csv" ]; then : >"\$2/model_bench-1.csv"; fi
exit "\$(cat "\$work/code")"
END

# row PROVIDER KIND [MEMBERS]
row() {
  echo "{\"type\":\"record\",\"sub_label\":\"MKN=(1x2x3)\",\"provider\":\"$1\",\"kernel\":\"$1_mm\",${3:-}\"outcome\":{\"kind\":\"$2\",\"reason\":\"an \\\"odd\\\" reason\"},\"phases\":{}}"
}

# expect CODE NAME: the exit code of gpu-check, and its summary in $summary.
expect() {
  local code=0
  OUT=$work/out GPU_CHECK_STEPS=bench TWOFOUR_TORCH_MODULE=$work/rows \
    bash "$source_dir/scripts/gpu-check" "$work/bundle" >"$work/stdout" 2>&1 || code=$?
  summary=$(cat "$work/out/summary.txt")
  rm -rf "$work/out"
  if [ "$code" != "$1" ]; then
    echo "$2: exit code $code, not $1"
    cat "$work/stdout"
    exit 1
  fi
}

# contains TEXT NAME
contains() {
  case $summary in
    *"$1"*) ;;
    *) echo "$2: the summary has no '$1': $summary"; exit 1 ;;
  esac
}

: >"$work/csv"
row cutlass ok >"$work/rows"
echo 0 >"$work/code"
expect 0 "all rows"
contains "0 rows without algorithms" "all rows"

{ row cutlass ok; row cusparselt failed; row cublaslt ok '"lost_algorithms":["a"],'; } >"$work/rows"
echo 1 >"$work/code"
expect 0 "a library's row"
contains "ok but for libraries" "a library's row"
contains 'failed: cusparselt_mm MKN=(1x2x3): an \"odd\" reason' "a library's row"
contains "1 rows without algorithms" "a library's row"

rm "$work/csv"
expect 1 "a run that did not end"
: >"$work/csv"

for own in cuda cutlass; do
  { row cusparselt failed; row "$own" failed; } >"$work/rows"
  expect 1 "a row of $own"
  contains "FAILED (exit 1)" "a row of $own"
done

row cusparselt incorrect >"$work/rows"
echo 3 >"$work/code"
expect 1 "a wrong result"
echo "gpu-check judges rows as it should"
