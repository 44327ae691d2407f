# shellcheck shell=bash
# Sourced by what runs the program on a GPU machine: where its libraries are, and PyTorch's module.

# find_libraries: sets and exports LD_LIBRARY_PATH and PATH, for what is not where the programs look:
# cuSPARSELt and CUPTI may only be inside a PyTorch. Takes $extra_lib; sets torch, the folder of PyTorch's package
# (empty: there is none), and scratch, a folder that is gone when the shell ends.
find_libraries() {
  local python packages library cuda=${CUDA_HOME:-/usr/local/cuda}
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  python=$(command -v python3 || true)
  packages=""
  torch=""
  if [ -n "$python" ]; then
    torch=$("$python" -c 'import importlib.util as u; s = u.find_spec("torch"); print(s.submodule_search_locations[0] if s else "")' 2>/dev/null)
    packages=$("$python" -c 'import site; print("\n".join(site.getsitepackages()))' 2>/dev/null)
    if [ -n "$torch" ]; then packages+=$'\n'$(dirname "$torch"); fi
  fi
  mkdir "$scratch/lib"
  if [ ! -e "$extra_lib/libcusparseLt.so.0" ]; then
    while read -r folder; do
      library=$(find "$folder/nvidia" -name libcusparseLt.so.0 2>/dev/null | head -n 1)
      if [ -n "$library" ]; then ln -sf "$library" "$scratch/lib/"; fi
    done <<<"$packages"
  fi
  if ! compgen -G "$cuda/lib*/libcupti.so.1?" >/dev/null && ! compgen -G "$cuda/extras/CUPTI/lib*/libcupti.so.1?" >/dev/null; then
    while read -r folder; do
      find "$folder/nvidia" -name 'libcupti.so.1?' -exec ln -sf {} "$scratch/lib/" \; 2>/dev/null
    done <<<"$packages"
  fi
  export LD_LIBRARY_PATH=$scratch/lib:$cuda/lib64:$cuda/lib:$cuda/extras/CUPTI/lib64:${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$extra_lib
  export PATH=$PATH:$cuda/bin
}

# start_torch_module: builds it in the background; without a PyTorch its rows say so. Takes $twofour,
# $torch_source and $out, the folder of the log.
start_torch_module() {
  torch_build=""
  if [ -z "$torch" ]; then return; fi
  export LD_LIBRARY_PATH=$LD_LIBRARY_PATH:$torch/lib
  export TWOFOUR_TORCH_MODULE=${TWOFOUR_TORCH_MODULE:-$(dirname "$twofour")/libtwofour_torch.so}
  if [ -e "$TWOFOUR_TORCH_MODULE" ]; then return; fi
  export TWOFOUR_TORCH_MODULE=$scratch/libtwofour_torch.so
  timeout 200 g++ -std=c++20 -O2 -fPIC -shared -fvisibility=hidden -isystem "$torch/include" \
    -isystem "${CUDA_HOME:-/usr/local/cuda}/include" "$torch_source/module.cpp" \
    -o "$TWOFOUR_TORCH_MODULE" -Wl,--no-as-needed -L"$torch/lib" -ltorch -ltorch_cpu -ltorch_cuda \
    -lc10 -lc10_cuda >"$out/torch-module.log" 2>&1 &
  torch_build=$!
}

# wait_for_torch_module: 1 where it did not build.
wait_for_torch_module() {
  local build=$torch_build
  torch_build=""
  [ -z "$build" ] || wait "$build"
}
