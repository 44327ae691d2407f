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

# Each library's waits for all five; that of $work/broken fails.
mkdir "$work/begun"
pretend cuda_contract_test <<END
case "\$*" in *gtest_filter*) ;; *) echo "KeepsTheContract."; exit 0 ;; esac
library=\$(sed -E 's/.*\*\.([a-z]+)_\*.*/\1/' <<<"\$*")
: >"$work/begun/\$library"
for _ in {1..600}; do
  if [ "\$(ls "$work/begun" | wc -l)" = 5 ]; then
    echo "[  PASSED  ] 7 tests of \$library"
    if [ -e "$work/broken/\$library" ]; then exit 1; else exit 0; fi
  fi
  sleep 0.1
done
exit 2
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
if [ -n "\${TWOFOUR_CUPTI_FILE:-}" ]; then cp "\$work/trace" "\$TWOFOUR_CUPTI_FILE"; fi
exit "\$(cat "\$work/code")"
END

# row PROVIDER KIND [MEMBERS]
row() {
  echo "{\"type\":\"record\",\"sub_label\":\"MKN=(1x2x3)\",\"provider\":\"$1\",\"kernel\":\"$1_mm\",${3:-}\"outcome\":{\"kind\":\"$2\",\"reason\":\"an \\\"odd\\\" reason\"},\"phases\":{}}"
}

# expect CODE NAME: the exit code of gpu-check's step $step, and its summary in $summary.
step=bench
expect() {
  local code=0
  OUT=$work/out GPU_CHECK_STEPS=$step TWOFOUR_TORCH_MODULE=$work/rows \
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

# What measures nothing runs at the same time, and is told in order.
step=contract
echo 0 >"$work/code"
expect 0 "contract tests at once"
order=$(grep -oE 'contract-[a-z]+' <<<"$summary" | uniq | tr '\n' ' ')
if [ "$order" != "contract-cuda contract-cutlass contract-cublaslt contract-cusparselt contract-pytorch " ]; then
  echo "not in order: $summary"
  exit 1
fi
mkdir "$work/broken"
: >"$work/broken/cublaslt"
expect 1 "one that fails among others"
contains "contract-cublaslt    FAILED (exit 1)" "one that fails among others"
contains "contract-pytorch     ok" "one that fails among others"
step=bench

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

# Times by CUPTI: a dense and a 2:4 row for each M, and a trace of three graphs of which the first, a
# search's, does not count. Those that count have a first half that is slower; of the dense kernel a sample
# has two launches, of which the second begins early, 41 us in all; and the 2:4 kernel's launches add up parts,
# which takes another 2 us.
step=cupti
echo 0 >"$work/code"
row_of() { # KERNEL SPARSITY MICROSECONDS RATIO M
  echo "{\"type\":\"record\",\"kernel\":\"$1\",\"algorithm\":\"a\",\"baseline\":\"dense\",\"vs_dense\":$4,\"problem\":{\"m\":$5,\"sparsity\":\"$2\"},\"summary\":{\"median_s\":${3}e-6}}"
}
for m in 1 16 64 256 1024 4096; do
  row_of dense dense 20 null $m
  row_of slow 2:4 30 '{"value":0.66}' $m
  row_of sparse 2:4 11 '{"value":1.82}' $m
done >"$work/rows"
expect 0 "a build without a library"
contains "not run: the build had no cupti.h" "a build without a library"
: >"$work/bundle/bin/libtwofour_cupti.so"
kernels() { # GRAPH BEGIN NANOSECONDS NAME
  for i in $(seq 20); do echo "kernel $1 $(($2 + i * 100000)) $(($2 + i * 100000 + $3)) $4"; done
}
{
  echo "name 0 multiply"
  echo "name 1 add_up"
  kernels 0 0 500 0
  kernels 3 10000000 700 0
  kernels 4 20000000 25000 0
  kernels 4 30000000 25000 0
  kernels 4 30010000 31000 0
  kernels 5 40000000 9000 0
  kernels 5 50000000 8000 0
  kernels 5 40009000 2000 1
  kernels 5 50008000 2000 1
  printf 'kernel 5 60'
} >"$work/trace"
expect 0 "times by CUPTI"
contains "    1  dense     20.00     20.50         0.976  dense" "times by CUPTI"
contains " 4096  2:4       11.00     10.00         1.100  sparse" "times by CUPTI"
echo "none libcupti.so: no such file" >"$work/trace"
expect 0 "a machine without CUPTI"
contains "CUPTI does not record here: libcupti.so: no such file" "a machine without CUPTI"
echo "kernel 4 10 20 0" >"$work/trace"
expect 1 "a trace without the rows"
contains "    1  dense     20.00         -             -  dense" "a trace without the rows"
echo "gpu-check judges rows as it should"
