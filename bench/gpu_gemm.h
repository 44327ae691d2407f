// What the benchmarks of GPU kernels have in common: operands out of the GPU's cache, and main().
#pragma once

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string_view>

#include "core/buffer.h"
#include "core/function_ref.h"
#include "core/problem.h"
#include "device/cuda/cuda_device.h"
#include "device/device.h"
#include "operands/operands.h"
#include "providers/provider.h"
#include "run/packed_weights.h"

namespace twofour::bench {

/// Operands, output and as many copies of the weights as keep them out of the cache.
struct ColdGemm {
  ColdGemm(device::Device& gpu, const GemmProblem& problem, const providers::WeightLayout& layout,
           FunctionRef<void(const providers::PackTask&)> pack)
      : device(gpu),
        cache(device::plan_cold(layout.bytes, gpu.info().last_level_cache_bytes,
                                std::size_t{8} << 30, false)),
        operands(gpu.operands().make_operands(
            {.shape = problem.shape, .type = problem.a, .scales = problem.scales, .seed = 3})),
        weights(
            gpu, layout, cache.copies,
            [&](void* packed) { pack({.device = gpu, .weights = operands.b, .packed = packed}); }),
        d(gpu.memory().allocate(static_cast<std::size_t>(problem.shape.m * problem.shape.n) * 2)) {}

  void prepare(providers::Operation& operation) const {
    operation.prepare({.device = device, .operands = operands, .d = d.data()});
  }

  device::Device& device;
  CacheState cache;
  operands::Operands operands;
  run::WeightCopies weights;
  Buffer d;
};

/// main() of a benchmark: reads Options and runs Bench(device, options) on the first GPU.
template <class Bench, class Options>
int run_on_gpu(std::string_view name, const char* description, int argc, char** argv) {
  try {
    CLI::App app{description};
    Options options;
    options.add_to(app);
    CLI11_PARSE(app, argc, argv);
    const auto device = device::make_cuda_device(0);
    fmt::print("{}\n", device->id().name);
    Bench(*device, options).run();
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", name, error.what());
    return EXIT_FAILURE;
  }
}

}  // namespace twofour::bench
