// Times of the CUTLASS 2:4 kernels side by side: each kernel with its most promising order of tiles
// and, on request, with every choice of its launch, interleaved so that the GPU's clock is the same
// for all. Results that differ from those of the first kernel by a bit are told: all of them add in
// the same order.
//
//   cutlass_kernels [--types i8,fp8] [--m 1024,4096] [--match REGEX] [--tactics] [--rounds 5]
//                   [--most 40] KxN...
#include <cuda_runtime_api.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <regex>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/median.h"
#include "device/cuda/error.h"
#include "gemm_options.h"
#include "gpu_gemm.h"
#include "providers/cutlass/architectures.h"
#include "providers/cutlass/kernel_names.h"
#include "providers/cutlass/operation.h"

namespace {

using namespace twofour;
using namespace twofour::providers::cutlass;

constexpr int kMultiprocessors = 132;
constexpr double kSample_s = 8e-3;

struct Options {
  bench::GemmOptions gemms{.m_values = {1024, 4096}};
  std::string match = ".";
  bool tactics = false;
  int rounds = 5;
  std::size_t most = 40;

  void add_to(CLI::App& app) {
    gemms.add_to(app)->required();
    app.add_option("--match", match, "kernels whose name has a match of this regular expression");
    app.add_flag("--tactics", tactics,
                 "every choice of a launch that a search would time, not the first alone");
    app.add_option("--rounds", rounds)->check(CLI::Range(1, 1000));
    app.add_option("--most", most, "kernels of one problem")->check(CLI::Range(1, 1000));
  }
};

struct Contender {
  std::unique_ptr<CutlassOperation> operation;
  std::unique_ptr<device::TimedLoop> loop;
  std::string name;
  std::int64_t launches = 0;
  std::vector<double> us;

  [[nodiscard]] double median_us() const { return median(us); }
};

class Bench {
 public:
  Bench(device::Device& device, const Options& options)
      : device_(device), own_(architecture_of(device)), options_(options), match_(options.match) {}

  void run() {
    for (const auto& [k, n] : options_.gemms.layers()) {
      for (const DataType type : options_.gemms.types()) {
        for (const std::int64_t m : options_.gemms.m_values) {
          measure({.shape = {m, n, k},
                   .a = type,
                   .b = type,
                   .d = bench::GemmOptions::output_of(type),
                   .sparsity = Sparsity::kTwoFour});
        }
      }
    }
  }

 private:
  std::vector<Candidate> chosen(const GemmProblem& problem) const {
    std::vector<Candidate> list;
    std::set<const Kernel*> seen;
    for (const Candidate& candidate :
         own_.candidates(kernels_for(own_.architecture, kernels()), problem, kMultiprocessors)) {
      if (!options_.tactics && !seen.insert(candidate.kernel).second) continue;
      if (!std::regex_search(name_of(candidate), match_)) continue;
      if (list.size() < options_.most) list.push_back(candidate);
    }
    return list;
  }

  void measure(const GemmProblem& problem) {
    const auto pack = [&](const providers::PackTask& task) { pack_weights(own_, problem, task); };
    const bench::ColdGemm gemm(device_, problem, weight_layout(own_, problem), pack);
    std::vector<Contender> contenders;
    expected_.clear();
    for (const Candidate& candidate : chosen(problem)) {
      Contender each{.name = name_of(candidate)};
      try {
        each.operation = std::make_unique<CutlassOperation>(own_, providers::KernelInfo{}, problem,
                                                            "bench", false);
        gemm.prepare(*each.operation);
        each.operation->use(device_, candidate, gemm.weights.all());
        verify(*each.operation, gemm, each.name);
        const auto launch = [operation = each.operation.get(), &gemm](int slot) {
          operation->launch(gemm.weights[slot]);
        };
        each.loop = device_.timer().timed_loop({.launch = launch, .cache = gemm.cache});
        const auto quantum = each.loop->quantum();
        const double once = each.loop->run(quantum).device_s;
        each.launches =
            quantum *
            std::max<std::int64_t>(1, static_cast<std::int64_t>(kSample_s / std::max(once, 1e-6)));
      } catch (const std::runtime_error& error) {
        fmt::print("  {}: {}\n", each.name, error.what());
        continue;
      }
      contenders.push_back(std::move(each));
    }
    for (int round = 0; round < options_.rounds; ++round) {
      for (Contender& each : contenders) {
        each.us.push_back(each.loop->run(each.launches).device_s * 1e6 /
                          static_cast<double>(each.launches));
      }
    }
    print(problem, contenders);
  }

  void verify(CutlassOperation& operation, const bench::ColdGemm& gemm, const std::string& name) {
    const Buffer& d = gemm.d;
    using device::cuda::check;
    check(cudaMemset(d.data(), 0xff, d.bytes()), "clear D");
    operation.launch(gemm.weights[0]);
    device_.memory().synchronize();
    // Reading back more than this takes longer than the timing.
    std::vector<std::uint16_t> result(std::min<std::size_t>(d.bytes() / 2, std::size_t{1} << 24));
    check(cudaMemcpy(result.data(), d.data(), result.size() * 2, cudaMemcpyDeviceToHost), "read D");
    if (expected_.empty()) expected_ = result;
    std::size_t different = 0;
    for (std::size_t i = 0; i < result.size(); ++i) {
      if (result[i] != expected_[i]) ++different;
    }
    if (different > 0) fmt::print("  {}: {} of {} differ\n", name, different, result.size());
  }

  static void print(const GemmProblem& problem, std::vector<Contender>& contenders) {
    std::sort(contenders.begin(), contenders.end(),
              [](const Contender& x, const Contender& y) { return x.median_us() < y.median_us(); });
    fmt::print("\n{} M={} K={} N={}\n", info(problem.a).kernel_name, problem.shape.m,
               problem.shape.k, problem.shape.n);
    for (const Contender& each : contenders) {
      const double tops = 2e-6 * static_cast<double>(problem.shape.m) *
                          static_cast<double>(problem.shape.n) *
                          static_cast<double>(problem.shape.k) / each.median_us();
      fmt::print("  {:<40} {:9.2f} us  {:6.1f} T/s dense-equivalent\n", each.name, each.median_us(),
                 tops);
    }
    (void)std::fflush(stdout);
  }

  device::Device& device_;
  const Architecture& own_;
  Options options_;
  std::regex match_;
  std::vector<std::uint16_t> expected_;
};

}  // namespace

int main(int argc, char** argv) {
  return bench::run_on_gpu<Bench, Options>("cutlass_kernels", "CUTLASS 2:4 kernels side by side",
                                           argc, argv);
}
