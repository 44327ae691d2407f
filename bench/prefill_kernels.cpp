// Cold times of the prefill kernels, tile by tile, beside those of the libraries' best 2:4 and
// dense kernels, all interleaved, with a rest before each sample.
//
//   prefill_kernels [--types i8,fp8] [--m 1024] [--rounds 7] [--rest 20] [--tiles 6]
//                   [--rivals REGEX] [--search 0.15] [--cycles] KxN...
//
// --cycles prints what each warpgroup spends on its tiles, by stamps that the kernels write.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <memory>
#include <regex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/median.h"
#include "device/cuda/cuda_stream.h"
#include "gemm_options.h"
#include "gpu_gemm.h"
#include "providers/cuda/sm90/operation.h"
#include "providers/cuda/sm90/prefill.h"

namespace {

using namespace twofour;
using namespace twofour::providers::cuda::sm90;

constexpr double kSample_s = 4e-3;

struct Options {
  bench::GemmOptions gemms{.m_values = {1024}};
  int rounds = 7;
  int rest_ms = 20;
  int tiles = 6;
  double search_s = 0.15;
  std::string rivals = "cusparselt|cublaslt|cutlass";
  bool cycles = false;

  void add_to(CLI::App& app) {
    gemms.add_to(app)->required();
    app.add_option("--rounds", rounds, "samples of each")->check(CLI::Range(1, 1000));
    app.add_option("--rest", rest_ms, "ms before each sample")->check(CLI::Range(0, 10000));
    app.add_option("--tiles", tiles, "kernels, the most promising first")
        ->check(CLI::Range(1, 100));
    app.add_option("--search", search_s, "seconds for the search of each rival")
        ->check(CLI::Range(0.0, 60.0));
    app.add_option("--rivals", rivals, "providers whose name has a match of this expression");
    app.add_flag("--cycles", cycles, "cycles of each tile, from the SM's clock");
  }
};

struct Contender {
  std::string name;
  Sparsity sparsity = Sparsity::kTwoFour;
  DecodeOperation* own = nullptr;  ///< `operation`, if it is one of our kernels
  std::unique_ptr<providers::Operation> operation;
  std::unique_ptr<device::TimedLoop> loop;
  std::int64_t launches = 0;
  std::vector<double> us;

  [[nodiscard]] double median_us() const { return median(us); }
};

/// A rival's operation and the packed weights that it reads.
struct Rival {
  Contender contender;
  std::unique_ptr<run::WeightCopies> weights;
};

class Bench {
 public:
  Bench(device::Device& device, const Options& options) : device_(device), options_(options) {
    const std::regex match(options.rivals);
    for (const providers::ProviderRow& row : providers::provider_table()) {
      const std::string name(row.name);
      if (row.device_kind != DeviceKind::kCuda || name == "cuda" || row.make == nullptr) continue;
      if (std::regex_search(name, match)) rivals_.emplace_back(name, row.make(device));
    }
  }

  void run() {
    for (const auto& [k, n] : options_.gemms.layers()) {
      for (const DataType type : options_.gemms.types()) {
        for (const std::int64_t m : options_.gemms.m_values) {
          measure({.shape = {m, n, k},
                   .a = type,
                   .b = type,
                   .d = DataType::kBf16,
                   .sparsity = Sparsity::kTwoFour});
        }
      }
    }
  }

 private:
  void measure(const GemmProblem& problem) {
    const auto pack = [&](const providers::PackTask& task) { pack_weights(problem, task); };
    const bench::ColdGemm gemm(device_, problem, weight_layout(problem), pack);
    // Some libraries write whole tiles of rows.
    const Buffer d = device_.memory().allocate(
        static_cast<std::size_t>(providers::output_rows(problem.shape.m) * problem.shape.n) * 2);
    std::vector<Contender> own = own_kernels(problem, gemm, d);
    std::vector<Rival> others;
    for (const auto& [name, provider] : rivals_) {
      for (const Sparsity sparsity : {Sparsity::kTwoFour, Sparsity::kDense}) {
        add_rival(others, name, *provider, sparsity, problem, gemm, d);
      }
    }
    std::vector<Contender*> all;
    all.reserve(own.size() + others.size());
    for (Contender& each : own) all.push_back(&each);
    for (Rival& each : others) all.push_back(&each.contender);
    for (int round = 0; round < options_.rounds; ++round) {
      for (Contender* each : all) {
        std::this_thread::sleep_for(std::chrono::milliseconds(options_.rest_ms));
        each->us.push_back(each->loop->run(each->launches).device_s * 1e6 /
                           static_cast<double>(each->launches));
      }
    }
    print(problem, all);
    if (!options_.cycles) return;
    for (const Contender& each : own) print_cycles(each, gemm.weights);
  }

  /// Medians over CTAs of the cycles from each stamp to the next, of the first tiles.
  void print_cycles(const Contender& kernel, const run::WeightCopies& weights) {
    constexpr int kWarmUps = 3;
    const auto ctas = static_cast<std::size_t>(device::multiprocessors_of(device_));
    std::vector<std::uint64_t> stamps(ctas * kPrefillUnits * kStampedTiles * kTileStamps);
    const Buffer memory = device_.memory().allocate(stamps.size() * sizeof(stamps[0]));
    device_.memory().fill_bytes(memory.data(), 0, memory.bytes());
    kernel.own->stamp(memory.as<std::uint64_t>());
    for (int i = 0; i <= kWarmUps; ++i) kernel.own->launch(weights[0]);
    kernel.own->stamp(nullptr);
    device_.memory().copy_to_host(stamps.data(), memory.data(), memory.bytes());
    fmt::print("  {}: cycles until the first operands, of products, of the epilogue\n",
               kernel.name);
    for (std::size_t line = 0; line < std::size_t{kPrefillUnits} * kStampedTiles; ++line) {
      std::vector<double> parts[kTileStamps - 1];
      for (std::size_t cta = 0; cta < ctas; ++cta) {
        const std::uint64_t* tile =
            &stamps[(cta * kPrefillUnits * kStampedTiles + line) * kTileStamps];
        if (tile[kTileStamps - 1] == 0) continue;
        for (int i = 0; i + 1 < kTileStamps; ++i) {
          parts[i].push_back(static_cast<double>(tile[i + 1] - tile[i]));
        }
      }
      if (parts[0].empty()) continue;
      fmt::print("    warpgroup {} tile {} of {} CTAs: {:6.0f} {:7.0f} {:6.0f}\n",
                 line / kStampedTiles, line % kStampedTiles, parts[0].size(), median(parts[0]),
                 median(parts[1]), median(parts[2]));
    }
  }

  std::vector<Contender> own_kernels(const GemmProblem& problem, const bench::ColdGemm& gemm,
                                     const Buffer& d) {
    std::vector<Contender> list;
    const int sms = device::multiprocessors_of(device_);
    for (const PrefillConfig& config : prefill_candidates(problem, sms, options_.tiles)) {
      auto operation = std::make_unique<DecodeOperation>("prefill", problem);
      operation->prepare({.device = device_, .operands = gemm.operands, .d = d.data()});
      operation->use(config);
      Contender each{.name = operation->algorithm(), .own = operation.get()};
      each.operation = std::move(operation);
      start(each, gemm.weights, gemm.cache);
      list.push_back(std::move(each));
    }
    return list;
  }

  void add_rival(std::vector<Rival>& list, const std::string& name,
                 const providers::Provider& provider, Sparsity sparsity, GemmProblem problem,
                 const bench::ColdGemm& gemm, const Buffer& d) {
    problem.sparsity = sparsity;
    const std::string wanted =
        providers::kernel_name(name, problem.a, problem.b, problem.d, sparsity, false);
    for (const providers::KernelInfo& kernel : provider.kernels()) {
      if (kernel.name != wanted || !provider.supports(kernel, problem)) continue;
      const providers::WeightLayout layout = provider.footprint(kernel, problem, 1).weights;
      Rival rival{.contender = {.name = name, .sparsity = sparsity}};
      try {
        rival.weights = std::make_unique<run::WeightCopies>(
            device_, layout, gemm.cache.copies, [&](void* packed) {
              provider.pack(kernel, problem,
                            {.device = device_, .weights = gemm.operands.b, .packed = packed});
            });
        rival.contender.operation = provider.make_operation(kernel, problem);
        rival.contender.operation->prepare(
            {.device = device_, .operands = gemm.operands, .d = d.data()});
        rival.contender.operation->plan({.device = device_,
                                         .budget = std::chrono::duration<double>(options_.search_s),
                                         .cache = gemm.cache,
                                         .copies = rival.weights->all()});
        rival.contender.name += " " + rival.contender.operation->algorithm();
        start(rival.contender, *rival.weights, gemm.cache);
      } catch (const std::runtime_error& error) {
        fmt::print("  {}: {}\n", wanted, error.what());
        continue;
      }
      list.push_back(std::move(rival));
    }
  }

  void start(Contender& each, const run::WeightCopies& weights, const CacheState& cache) {
    const auto launch = [operation = each.operation.get(), &weights](int slot) {
      operation->launch(weights[slot]);
    };
    each.loop = device_.timer().timed_loop({.launch = launch, .cache = cache});
    const auto quantum = each.loop->quantum();
    const double once = each.loop->run(quantum).device_s;
    each.launches = quantum * std::max<std::int64_t>(
                                  1, static_cast<std::int64_t>(kSample_s / std::max(once, 1e-6)));
  }

  static double best(const std::vector<Contender*>& all, bool own, Sparsity sparsity,
                     const std::string& prefix = {}) {
    double us = std::numeric_limits<double>::infinity();
    for (const Contender* each : all) {
      if ((each->own != nullptr) == own && each->sparsity == sparsity &&
          each->name.rfind(prefix, 0) == 0) {
        us = std::min(us, each->median_us());
      }
    }
    return us;
  }

  static void print(const GemmProblem& problem, std::vector<Contender*>& all) {
    std::sort(all.begin(), all.end(), [](const Contender* x, const Contender* y) {
      return x->median_us() < y->median_us();
    });
    const GemmShape& shape = problem.shape;
    const double own = best(all, true, Sparsity::kTwoFour);
    fmt::print(
        "\n{} M={} K={} N={}: {:.2f} us; best dense over it {:.3f}, other 2:4 {:.3f}, "
        "cusparselt {:.3f}\n",
        info(problem.a).kernel_name, shape.m, shape.k, shape.n, own,
        best(all, false, Sparsity::kDense) / own, best(all, false, Sparsity::kTwoFour) / own,
        best(all, false, Sparsity::kTwoFour, "cusparselt") / own);
    for (const Contender* each : all) {
      fmt::print("  {:<5} {:<60} {:9.2f} us  {:6.1f} T/s dense-equivalent\n",
                 to_string(each->sparsity), each->name, each->median_us(),
                 2e-6 * static_cast<double>(shape.m) * static_cast<double>(shape.n) *
                     static_cast<double>(shape.k) / each->median_us());
    }
    (void)std::fflush(stdout);
  }

  device::Device& device_;
  Options options_;
  std::vector<std::pair<std::string, std::unique_ptr<providers::Provider>>> rivals_;
};

}  // namespace

int main(int argc, char** argv) {
  return bench::run_on_gpu<Bench, Options>("prefill_kernels",
                                           "Prefill kernels beside those of libraries", argc, argv);
}
