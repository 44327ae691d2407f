// Cold times of the decode kernels on the layers of Llama-3-8B and Llama-2-70B, each way to cut the
// work beside the time that reading the weights alone takes.
//
//   decode_kernels [--types i8,fp8] [--tokens 1,16,64] [--cuts 5] [--dense] [--all] [KxN...]
//
// --all prints every configuration, not only the best five.
#include <cuda_runtime_api.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "decode_stream.h"
#include "device/cuda/cuda_device.h"
#include "device/cuda/cuda_stream.h"
#include "gemm_options.h"
#include "providers/cuda/candidates.h"
#include "providers/cuda/layout.h"
#include "providers/cuda/operation.h"

namespace {

using namespace twofour;
using namespace twofour::providers::cuda;

constexpr int kRuns = 5;
constexpr std::size_t kPrinted = 5;

struct Options {
  bench::GemmOptions gemms{.tokens = {1, 16, 64},
                           .layer_names = {"4096x6144", "4096x4096", "4096x28672", "14336x4096",
                                           "8192x57344", "28672x8192"}};
  int cuts = 5;
  bool dense = false;
  bool all = false;

  void add_to(CLI::App& app) {
    gemms.add_to(app);
    app.add_option("--cuts", cuts, "ways to cut the work")->check(CLI::Range(1, 1000));
    app.add_flag("--dense", dense);
    app.add_flag("--all", all, "every configuration, not the best five alone");
  }
};

int multiprocessors() {
  int count = 0;
  if (cudaDeviceGetAttribute(&count, cudaDevAttrMultiProcessorCount, 0) != cudaSuccess) return 1;
  return count;
}

/// Median over runs of the time of one launch.
double launch_us(device::Device& device, const CacheState& cache, std::function<void(int)> launch) {
  const auto loop = device.timed_loop({.launch = std::move(launch), .cache = cache});
  std::vector<double> times;
  for (int i = 0; i < kRuns; ++i) {
    times.push_back(loop->run(loop->quantum()).device_s / static_cast<double>(loop->quantum()));
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2] * 1e6;
}

/// Every configuration that is measured: the best cuts, groups, sizes of rings, overlaps.
std::vector<DecodeConfig> configurations(const GemmProblem& problem, int most_cuts) {
  std::vector<DecodeConfig> list;
  std::vector<Cut> all = cuts(problem, multiprocessors());
  if (all.size() > static_cast<std::size_t>(most_cuts)) {
    all.resize(static_cast<std::size_t>(most_cuts));
  }
  for (const Cut cut : all) {
    for (const int groups : {1, 2, 4}) {
      for (const int bytes : {kMostSharedBytes, kHalfSharedBytes, kThirdSharedBytes}) {
        for (const auto overlap : {Overlap::kNone, Overlap::kEarly, Overlap::kLoaded}) {
          const auto config = fitted(problem, cut, groups, bytes, overlap);
          if (config && std::find(list.begin(), list.end(), *config) == list.end()) {
            list.push_back(*config);
          }
        }
      }
    }
  }
  return list;
}

struct Timing {
  DecodeConfig config;
  double us;
};

struct Floors {
  double registers_us;
  double bulk_us;
  double overlapped_us;
};

class Bench {
 public:
  Bench(device::Device& device, const Options& options) : device_(device), options_(options) {}

  void run() {
    const int sms = multiprocessors();
    cudaStream_t stream = device::stream_of(device_);
    const CacheState none{.method = CacheMethod::kRotate, .copies = 1};
    for (const bool overlapped : {false, true}) {
      fmt::print(
          "empty kernel{}: {:.2f} us\n", overlapped ? ", overlapped" : "",
          launch_us(device_, none, [=](int) { bench::empty_kernel(overlapped, sms, stream); }));
    }
    for (const auto& [k, n] : options_.gemms.layers()) {
      for (const DataType type : options_.gemms.types()) layer(type, k, n);
    }
  }

 private:
  void layer(DataType type, std::int64_t k, std::int64_t n) {
    for (const Sparsity sparsity : {Sparsity::kTwoFour, Sparsity::kDense}) {
      if (sparsity == Sparsity::kDense && !options_.dense) continue;
      providers::SharedWeights shared;
      floors_.reset();
      for (const std::int64_t m : options_.gemms.tokens) {
        const GemmProblem problem{
            .shape = {m, n, k}, .a = type, .b = type, .d = DataType::kBf16, .sparsity = sparsity};
        measure(problem, shared);
      }
    }
  }

  Floors read_floors(const GemmProblem& problem, const CacheState& cache,
                     DecodeOperation& operation) {
    const Buffer sink = device_.allocate(sizeof(std::uint32_t));
    const auto time = [&](bench::Stream how) {
      return launch_us(device_, cache, [&](int slot) {
        const device::MemoryRange range = operation.weights(slot).front();
        bench::read_stream(how, range.data, range.bytes, sink.as<std::uint32_t>(),
                           multiprocessors(), device::stream_of(device_));
      });
    };
    const Floors floors{time(bench::Stream::kRegisters), time(bench::Stream::kBulk),
                        time(bench::Stream::kBulkOverlapped)};
    fmt::print(
        "\n{} {} K={} N={}: {:.2f} MB in {} copies; reading alone: registers {:.2f} us, "
        "bulk {:.2f}, bulk overlapped {:.2f}\n",
        info(problem.a).kernel_name, to_string(problem.sparsity), problem.shape.k, problem.shape.n,
        static_cast<double>(cache.bytes_per_copy) * 1e-6, cache.copies, floors.registers_us,
        floors.bulk_us, floors.overlapped_us);
    return floors;
  }

  void measure(const GemmProblem& problem, providers::SharedWeights& shared) {
    const auto bytes =
        static_cast<std::size_t>(packed_bytes(problem.sparsity, problem.shape.n, problem.shape.k));
    const CacheState cache = device::plan_cold(bytes, device_.info().last_level_cache_bytes,
                                               std::size_t{8} << 30, false);
    const operands::Operands operands = device_.make_operands(
        {.shape = problem.shape, .type = problem.a, .scales = problem.scales, .seed = 3});
    const Buffer d =
        device_.allocate(static_cast<std::size_t>(problem.shape.m * problem.shape.n) * 2);
    DecodeOperation operation("decode", problem);
    operation.prepare({.device = device_,
                       .operands = operands,
                       .d = d.data(),
                       .copies = cache.copies,
                       .shared = shared});
    if (!floors_) floors_ = read_floors(problem, cache, operation);
    std::vector<Timing> timings;
    for (const DecodeConfig& config : configurations(problem, options_.cuts)) {
      try {
        operation.use(config);
      } catch (const std::runtime_error& error) {
        fmt::print("  {}: {}\n", to_string(config), error.what());
        continue;
      }
      timings.push_back(
          {config, launch_us(device_, cache, [&](int slot) { operation.launch(slot); })});
    }
    print(problem, bytes, timings);
  }

  void print(const GemmProblem& problem, std::size_t bytes, std::vector<Timing>& timings) const {
    std::sort(timings.begin(), timings.end(),
              [](const Timing& left, const Timing& right) { return left.us < right.us; });
    std::size_t printed = 0;
    bool serial = false;
    for (const Timing& timing : timings) {
      const bool first_serial = !serial && timing.config.overlap == Overlap::kNone;
      serial = serial || first_serial;
      if (!options_.all && printed >= kPrinted && !first_serial) continue;
      ++printed;
      fmt::print("  M={:<3} {:<28} {:8.2f} us {:6.0f} GB/s  {:.2f} of reading\n", problem.shape.m,
                 to_string(timing.config), timing.us, static_cast<double>(bytes) / timing.us * 1e-3,
                 timing.us / floors_->registers_us);
    }
    std::fflush(stdout);
  }

  device::Device& device_;
  Options options_;
  std::optional<Floors> floors_;
};

}  // namespace

int main(int argc, char** argv) {
  try {
    CLI::App app{"Cold times of the decode kernels"};
    Options options;
    options.add_to(app);
    CLI11_PARSE(app, argc, argv);
    const auto device = device::make_cuda_device(0);
    fmt::print("{}\n", device->info().name);
    Bench(*device, options).run();
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    fmt::print(stderr, "decode_kernels: {}\n", error.what());
    return EXIT_FAILURE;
  }
}
