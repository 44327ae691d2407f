// Cold times of the decode kernels on the layers of Llama-3-8B and Llama-2-70B, each way to cut the
// work beside the time that reading the weights alone takes.
//
//   decode_kernels [--types i8,fp8,bf16,fp16] [--m 1,16,64] [--cuts 5] [--direct 16] [--dense]
//                  [--timeline 1] [--all] [KxN...]
//
// The best of each family of kernels come out, the direct ones and those with clusters that pass
// everything through shared memory; --all prints every configuration.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/median.h"
#include "decode_stream.h"
#include "decode_timeline.h"
#include "device/cuda/cuda_stream.h"
#include "gemm_options.h"
#include "gpu_gemm.h"
#include "providers/cuda/sm90/candidates.h"
#include "providers/cuda/sm90/layout.h"
#include "providers/cuda/sm90/operation.h"

namespace {

using namespace twofour;
using namespace twofour::providers::cuda::sm90;

/// Samples of what came out best in one sample each.
constexpr int kRuns = 7;
constexpr std::size_t kFinalists = 6;
constexpr std::size_t kPrinted = 3;

struct Options {
  bench::GemmOptions gemms{.m_values = {1, 16, 64},
                           .layer_names = {"4096x6144", "4096x4096", "4096x28672", "14336x4096",
                                           "8192x57344", "28672x8192"}};
  int cuts = 5;
  int direct = 16;
  int timelines = 0;
  bool dense = false;
  bool all = false;

  void add_to(CLI::App& app) {
    gemms.add_to(app);
    app.add_option("--cuts", cuts, "ways to cut the work")->check(CLI::Range(1, 1000));
    app.add_option("--direct", direct, "ways to cut it among direct kernels")
        ->check(CLI::Range(0, 1000));
    app.add_option("--timeline", timelines, "of how many of each family to print the phases")
        ->check(CLI::Range(0, 100));
    app.add_flag("--dense", dense);
    app.add_flag("--all", all, "every configuration, not the best alone");
  }
};

/// Median over `runs` samples of the time of one launch.
double launch_us(device::Device& device, const CacheState& cache, std::function<void(int)> launch,
                 int runs) {
  const auto loop = device.timer().timed_loop({.launch = std::move(launch), .cache = cache});
  std::vector<double> times;
  times.reserve(static_cast<std::size_t>(runs));
  for (int i = 0; i < runs; ++i) {
    times.push_back(loop->run(loop->quantum()).device_s / static_cast<double>(loop->quantum()));
  }
  return median(times) * 1e6;
}

constexpr Overlap kOverlaps[] = {Overlap::kEarly, Overlap::kHalf, Overlap::kLoaded};

template <class Config>
void add_overlaps(std::vector<KernelConfig>& list, Config config) {
  for (const Overlap overlap : kOverlaps) {
    config.overlap = overlap;
    if (std::find(list.begin(), list.end(), KernelConfig(config)) == list.end()) {
      list.emplace_back(config);
    }
  }
}

/// The first `count` ways to cut the work, with rings of each size.
std::vector<KernelConfig> clustered(const GemmProblem& problem, int sms, int count) {
  std::vector<KernelConfig> list;
  for (const DecodeConfig& config : candidates(problem, sms, count)) {
    add_overlaps(list, config);
  }
  return list;
}

std::vector<KernelConfig> direct(const GemmProblem& problem, int sms, int count) {
  std::vector<KernelConfig> list;
  for (const int bytes : {kHalfSharedBytes, kThirdSharedBytes}) {
    std::vector<DirectConfig> configs = direct_configs(problem, sms, bytes);
    if (configs.size() > static_cast<std::size_t>(count)) {
      configs.resize(static_cast<std::size_t>(count));
    }
    for (const DirectConfig& config : configs) add_overlaps(list, config);
  }
  return list;
}

struct Timing {
  KernelConfig config;
  double us;
};

bool faster(const Timing& left, const Timing& right) { return left.us < right.us; }

struct Floors {
  double registers_us;
  double bulk_us;
  double overlapped_us;
};

class Bench {
 public:
  Bench(device::Device& device, const Options& options) : device_(device), options_(options) {}

  void run() {
    const int sms = device::multiprocessors_of(device_);
    cudaStream_t stream = device::stream_of(device_);
    const CacheState none{.method = CacheMethod::kRotate, .copies = 1};
    for (const bool overlapped : {false, true}) {
      fmt::print(
          "empty kernel{}: {:.2f} us\n", overlapped ? ", overlapped" : "",
          launch_us(
              device_, none, [=](int) { bench::empty_kernel(overlapped, sms, stream); }, kRuns));
    }
    for (const auto& [k, n] : options_.gemms.layers()) {
      for (const DataType type : options_.gemms.types()) layer(type, k, n);
    }
  }

 private:
  void layer(DataType type, std::int64_t k, std::int64_t n) {
    for (const Sparsity sparsity : {Sparsity::kTwoFour, Sparsity::kDense}) {
      if (sparsity == Sparsity::kDense && !options_.dense) continue;
      floors_.reset();
      for (const std::int64_t m : options_.gemms.m_values) {
        const GemmProblem problem{.shape = {m, n, k},
                                  .a = type,
                                  .b = type,
                                  .d = bench::GemmOptions::output_of(type),
                                  .sparsity = sparsity};
        measure(problem);
      }
    }
  }

  Floors read_floors(const GemmProblem& problem, const bench::ColdGemm& gemm) {
    const CacheState& cache = gemm.cache;
    const Buffer sink = device_.memory().allocate(sizeof(std::uint32_t));
    const auto time = [&](bench::Stream how) {
      return launch_us(
          device_, cache,
          [&](int slot) {
            const device::MemoryRange range = gemm.weights.ranges(slot, 1).front();
            bench::read_stream(how, range.data, range.bytes, sink.as<std::uint32_t>(),
                               device::multiprocessors_of(device_), device::stream_of(device_));
          },
          kRuns);
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

  void measure(const GemmProblem& problem) {
    const providers::WeightLayout layout = weight_layout(problem);
    const auto pack = [&](const providers::PackTask& task) { pack_weights(problem, task); };
    const bench::ColdGemm gemm(device_, problem, layout, pack);
    DecodeOperation operation("decode", problem);
    gemm.prepare(operation);
    if (!floors_) floors_ = read_floors(problem, gemm);
    const int sms = device::multiprocessors_of(device_);
    for (const auto& family :
         {direct(problem, sms, options_.direct), clustered(problem, sms, options_.cuts)}) {
      print(problem, layout.bytes, time_family(family, operation, gemm));
      for (std::size_t i = 0; i < finalists_.size() && static_cast<int>(i) < options_.timelines;
           ++i) {
        operation.use(finalists_[i].config);
        bench::print_timeline(device_, operation, gemm.weights);
      }
    }
    (void)std::fflush(stdout);
  }

  /// One sample of each; more of the best.
  std::vector<Timing> time_family(const std::vector<KernelConfig>& family,
                                  DecodeOperation& operation, const bench::ColdGemm& gemm) {
    const auto launch = [&](int slot) { operation.launch(gemm.weights[slot]); };
    std::vector<Timing> timings;
    for (const KernelConfig& config : family) {
      try {
        operation.use(config);
      } catch (const std::runtime_error& error) {
        fmt::print("  {}: {}\n", to_string(config), error.what());
        continue;
      }
      timings.push_back({config, launch_us(device_, gemm.cache, launch, 1)});
    }
    std::sort(timings.begin(), timings.end(), faster);
    finalists_.assign(timings.begin(), timings.begin() + static_cast<std::ptrdiff_t>(
                                                             std::min(kFinalists, timings.size())));
    for (Timing& finalist : finalists_) {
      operation.use(finalist.config);
      finalist.us = launch_us(device_, gemm.cache, launch, kRuns);
    }
    std::sort(finalists_.begin(), finalists_.end(), faster);
    return timings;
  }

  void print(const GemmProblem& problem, std::size_t bytes,
             const std::vector<Timing>& timings) const {
    const auto line = [&](const Timing& timing) {
      fmt::print("  M={:<3} {:<32} {:7.2f} us {:5.0f} GB/s  {:.2f} of reading\n", problem.shape.m,
                 to_string(timing.config), timing.us, static_cast<double>(bytes) / timing.us * 1e-3,
                 timing.us / floors_->registers_us);
    };
    for (std::size_t i = 0; i < std::min(kPrinted, finalists_.size()); ++i) line(finalists_[i]);
    if (!options_.all) return;
    fmt::print("  all, one sample each:\n");
    for (const Timing& timing : timings) line(timing);
  }

  device::Device& device_;
  Options options_;
  std::optional<Floors> floors_;
  std::vector<Timing> finalists_;
};

}  // namespace

int main(int argc, char** argv) {
  return bench::run_on_gpu<Bench, Options>("decode_kernels", "Cold times of the decode kernels",
                                           argc, argv);
}
