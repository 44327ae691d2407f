#!/usr/bin/env bash
# Installs a build, moves the installed tree and runs the program from elsewhere, without the source
# tree and the build folder where that can be had.
# Usage: install_test.sh CMAKE BUILD_DIR SOURCE_DIR
set -euo pipefail
cmake=$1 build=$2 source_dir=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
  echo "install: $1" >&2
  exit 1
}

"$cmake" --install "$build" --prefix "$work/first" >"$work/log" 2>&1 || { cat "$work/log"; fail "cmake --install fails"; }
mv "$work/first" "$work/moved"
program=$work/moved/bin/twofour
[ -x "$program" ] || fail "there is no bin/twofour"
for file in share/twofour/data/models.json share/twofour/schema/record.schema.json share/doc/twofour/LICENSE \
  share/doc/twofour/README.md share/doc/twofour/docs/command-line.md; do
  cmp -s "$work/moved/$file" "$source_dir/$(sed -E 's,^share/(doc/)?twofour/,,' <<<"$file")" || fail "$file is not that of the source tree"
done
if readelf -d "$program" | grep -E 'R(UN)?PATH' | grep -F -e "$build" -e "$source_dir"; then fail "the program looks into the tree that built it"; fi
mkdir "$work/elsewhere"
(cd "$work/moved" && find . -type f -o -type l | sort) | sed 's/^/installed: /'

# A namespace of its own hides the trees, unless the program lies in one of them.
hidden=()
if unshare -rm true 2>/dev/null; then
  # shellcheck disable=SC2016 # expanded by the inner shell
  hidden=(unshare -rm bash -c 'mount -t tmpfs none "$1" && { [ ! -d "$2" ] || mount -t tmpfs none "$2"; } && shift 2 && exec "$@"' _ "$source_dir" "$build")
fi
run() { (cd "$work/elsewhere" && env -i PATH=/usr/bin:/bin "${hidden[@]}" "$program" "$@"); }
[[ "$(run --version)" == twofour\ * ]] || fail "--version does not run"
run list >"$work/list"
grep -q 'meta-llama/Llama-3-8b' "$work/list" || fail "list names no models"
if [ -n "$(find "$work/moved" -name libdnnl.so.3)" ]; then
  grep -Eq '^  onednn +on cpu +version' "$work/list" || fail "list does not open oneDNN"
fi
run --dtype int8 --dry-run model_bench --models meta-llama/Llama-3-8b --batch-sizes 1 >"$work/dry-run"
grep -q 4096 "$work/dry-run" || fail "--dry-run prints no case"
run --dtype int8 --dry-run model_bench --models-file "$work/moved/share/twofour/data/models.json" --batch-sizes 1 >"$work/dry-run" ||
  fail "the installed models.json is no --models-file"
echo "passed${hidden[0]:+, with the source tree and the build folder hidden}"
