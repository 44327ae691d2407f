#!/usr/bin/env bash
# scripts/setup and scripts/run on machines that lack something, with programs that only pretend. The
# preprocessor is real and sees nothing but the headers made here.
# Usage: setup_test.sh SOURCE_DIR COMPILER
set -euo pipefail
source_dir=$1 compiler=$(command -v "$2")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
real_python=$(python3 -c 'import sys; print(sys.executable)')
failures=0
export HOME=$work TMPDIR=$work CXX='' LC_ALL=C
unset CMAKE_PREFIX_PATH TWOFOUR_DEPS_DIR PYTHONPATH

# pretend PROGRAM: its body comes from stdin.
pretend() {
  { echo '#!/bin/bash'; cat; } >"$bin/$1"
  chmod +x "$bin/$1"
}

# machine NAME: one that lacks nothing but root, and whose pip fetches nothing.
machine() {
  name=$1 tree=$work/$1 bin=$work/$1/bin
  mkdir -p "$bin" "$tree/include/"{fmt,CLI,nlohmann,gtest,gmock} "$tree/build/host" "$tree/wheels"
  cp -r "$source_dir/scripts" "$tree/scripts"
  for tool in bash cat chmod cp cut dirname env find grep head mkdir mktemp mv rm sed sha256sum sort tail tr; do
    ln -s "$(command -v "$tool")" "$bin/$tool"
  done
  touch "$tree/include/"{span,omp.h,gtest/gtest.h,gmock/gmock.h}
  echo '#define FMT_VERSION 80100' >"$tree/include/fmt/core.h"
  printf '#define CLI11_VERSION_MAJOR 2\n#define CLI11_VERSION_MINOR 1\n' >"$tree/include/CLI/Version.hpp"
  printf '#define NLOHMANN_JSON_VERSION_MAJOR 3\n#define NLOHMANN_JSON_VERSION_MINOR 10\n' >"$tree/include/nlohmann/json.hpp"
  pretend c++ <<<"exec $compiler -nostdinc -nostdinc++ -isystem $tree/include \"\$@\""
  pretend cmake <<<'echo "cmake version 3.22.1"'
  pretend ninja <<<'echo 1.10'
  for tool in ccache git clang clang-format clang-tidy chromium; do pretend "$tool" <<<'true'; done
  pretend id <<<'echo 1000'
  pretend apt-get <<<"echo \"\$*\" >>$tree/apt-get; echo 'E: no network'; exit 100"
  pretend dpkg-query <<<'exit 1'
  # A wheel that lies in wheels/ under its requirement's name can be fetched.
  pretend python3 <<END
case "\$*" in
  *find_spec*) exit 0 ;;
  "-m pip --version") [ ! -e $tree/no-pip ] ;;
  "-m pip download"*)
    echo fetched >>$tree/pip
    while [ "\$1" != -d ]; do shift; done
    mkdir -p "\$2"
    name=\${4##*/}
    cp "$tree/wheels/\${name%.txt}.whl" "\$2/" 2>/dev/null && exit 0
    echo "WARNING: Retrying: SSLError(SSLCertVerificationError(1, '[SSL] certificate verify failed: self-signed certificate (_ssl.c:1)'))"
    echo "ERROR: No matching distribution found for it"
    exit 1 ;;
  *) exec $real_python "\$@" ;;
esac
END
}

# wheel NAME FILE: one that holds an executable of this name.
wheel() {
  "$real_python" - "$tree/wheels/$1.whl" "$2" <<'END'
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as wheel:
    member = zipfile.ZipInfo(sys.argv[2])
    member.external_attr = 0o100755 << 16
    wheel.writestr(member, "#!/bin/bash\n")
END
}

# setup CODE [OPTION...]: what it said is in $said.
setup() {
  local code=0 wanted=$1
  shift
  said=$(cd / && PATH=$bin "$tree/scripts/setup" "$@" 2>&1) || code=$?
  if ((code != wanted)); then fail "exit code $code, not $wanted"; fi
}

fail() {
  echo "$name: $1; it said:" >&2
  printf '%s\n' "$said" | sed 's/^/    /' >&2
  failures=$((failures + 1))
}
says() { grep -qF -- "$1" <<<"$said" || fail "does not say '$1'"; }
says_lines() { [ "$(grep -c . <<<"$said" || true)" = "$1" ] || fail "does not say $1 lines"; }
is_there() { [ -e "$tree/$1" ] || fail "there is no $1"; }
is_not_there() { [ ! -e "$tree/$1" ] || fail "there is a $1"; }

machine certificate
setup 0
says "the onednn baseline is left out: onednn-cpu-gomp==2023.2.0 onednn-devel-cpu-gomp==2023.2.0 could not be fetched: certificate verify failed"
says_lines 2
is_there .deps/onednn.reason
is_not_there .deps/onednn
wheel onednn x.data/data/lib/libdnnl.so.3
setup 0
is_there .deps/onednn/lib/libdnnl.so.3
is_not_there .deps/onednn.reason
rm "$tree/pip"
setup 0
says_lines 0
is_not_there pip

machine no_pip
touch "$tree/no-pip"
setup 0
says "pip of python3, which fetches wheels, is not installed"
says_lines 1

machine cut_off
mkdir -p "$tree/.deps/onednn/lib"
echo older >"$tree/.deps/onednn/.stamp"
echo "no zip" >"$tree/wheels/onednn.whl"
setup 0
says "the onednn baseline is left out"
is_there .deps/onednn/lib
if compgen -G "$tree/.deps/.fetch.*" >/dev/null; then fail "a folder of the fetch is left"; fi

machine library_missing
rm "$tree/include/fmt/core.h"
setup 1
says "  {fmt} 8.1"
says "apt-get install libfmt-dev"
is_not_there apt-get

machine library_too_old
echo '#define FMT_VERSION 70103' >"$tree/include/fmt/core.h"
setup 1
says "  {fmt} 8.1"

machine no_debian
rm "$tree/include/CLI/Version.hpp" "$bin/apt-get" "$bin/dpkg-query"
setup 1
says "  CLI11 2.1"
says "with its own package manager"

machine no_compiler
rm "$bin/c++"
setup 1
says "  a C++20 compiler: g++ 11 or clang 14, or later"
says "apt-get install g++"

machine tests_need_more
rm "$tree/include/gtest/gtest.h"
setup 0
setup 1 --tests
says "  GoogleTest 1.11"

machine tools_from_wheels
wheel onednn x.data/data/lib/libdnnl.so.3
pretend cmake <<<'echo "cmake version 3.18.4"'
rm "$bin/ninja"
setup 1
says "  cmake 3.22; cmake==3.31.6 could not be fetched: certificate verify failed"
says "  ninja; ninja=="
wheel cmake cmake/data/bin/cmake
wheel ninja x.data/scripts/ninja
setup 0
for tool in cmake/bin/cmake ninja/ninja; do [ -x "$tree/.deps/$tool" ] || fail "$tool cannot be run"; done
printf '#!/bin/bash\necho "cmake version 3.31.6"\n' >"$tree/.deps/cmake/bin/cmake"
setup 0
says_lines 0

machine root_without_network
pretend id <<<'echo 0'
rm "$bin/ccache"
setup 0
says "not installed, and not needed: ccache: E: no network"
rm "$tree/apt-get"
setup 0
is_not_there apt-get
pretend clang++ <<<"echo $tree/clang"
mkdir -p "$tree/clang/lib/linux"
touch "$tree/clang/lib/linux/libclang_rt.fuzzer-x86_64.a"
setup 1 --lint
says "  ccache"

machine installs_as_root
pretend id <<<'echo 0'
mv "$tree/include/fmt" "$tree/fmt"
mv "$bin/c++" "$tree/c++"
pretend apt-get <<<"echo \"\$*\" >>$tree/apt-get; case \$1 in install) mv $tree/fmt $tree/include/; mv $tree/c++ $bin/ ;; esac"
pretend dpkg-query <<<'case $* in *fmt*) exit 1 ;; *) echo install ok installed ;; esac'
setup 0
says "installing g++"
grep -q "install .* g++" "$tree/apt-get" || fail "g++ is not installed"

# run WANTED ARGUMENT...: what scripts/run starts.
run() {
  local wanted=$1
  shift
  said=$(cd / && PATH=$bin "$tree/scripts/run" "$@" 2>&1) || fail "exit code $?"
  says "$wanted"
}

machine run
for script in setup build; do
  printf '#!/bin/bash\necho %s "$@"\n' "$script" >"$tree/scripts/$script"
done
for preset in host cuda; do
  mkdir -p "$tree/build/$preset"
  # shellcheck disable=SC2016 # expanded by the program
  printf '#!/bin/bash\necho "%s in $PWD:" "$@"\n' "$preset" >"$tree/build/$preset/twofour"
  chmod +x "$tree/build/$preset/twofour"
done
run "host in /: --demo"
run "host in /: --demo --output-dir X" --output-dir X
run "host in /: --demo list" list
pretend nvidia-smi <<<'true'
pretend nvcc <<<'echo "Cuda compilation tools, release 13.0, V13.0.88"'
run "cuda in /: --demo"
says "setup --cuda"
pretend nvcc <<<'echo "Cuda compilation tools, release 11.5, V11.5.119"'
run "host in /: --demo"
says "is of CUDA 11.5; 12.4 is the least"

if ((failures)); then exit 1; fi
echo "passed"
