// Whole launches through the provider interface: our dense kernels, our 2:4 kernels and oneDNN's
// dense ones on the same operands, in turns, with weights in or out of cache.
//
//   cpu_gemms --types int8,bf16 --m 1,16,64 --nk 4096x4096,28672x4096 --threads 1,2
//
// Columns: milliseconds of one launch (median), GB/s of packed weights, and ratios of times within
// a round, with 95 % intervals: 2:4 against our dense, 2:4 against the dense kernel of the smaller
// median, our dense against oneDNN. With fewer than 6 rounds an interval is the range.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/median.h"
#include "core/processor.h"
#include "device/cpu/cpu_device.h"
#include "measure/statistics.h"
#include "providers/provider.h"
#include "run/packed_weights.h"

namespace {

using namespace twofour;
using Clock = std::chrono::steady_clock;

/// Copies of the weights take together at least this, several times any last-level cache here.
constexpr std::size_t kColdBytes = std::size_t{256} << 20;

struct Settings {
  std::vector<std::string> types{"int8", "bf16"};
  std::vector<std::int64_t> rows{1, 16, 64, 128, 256, 512};
  std::vector<std::string> shapes{"4096x4096"};
  std::vector<int> threads{1};
  int rounds = 9;
  double sample_ms = 4;
  bool hot = false;
  bool own = false;
};

/// One kernel of one provider on one problem.
class Contestant {
 public:
  Contestant(const providers::Provider& provider, const providers::KernelInfo& kernel,
             GemmProblem problem, const providers::PrepareArgs& args, run::PackedWeights& shared,
             bool hot)
      : operation_(provider.make_operation(kernel, problem)) {
    const providers::WeightLayout layout =
        provider.footprint(kernel, problem, args.threads).weights;
    const int copies =
        hot ? 1 : static_cast<int>(1 + kColdBytes / std::max<std::size_t>(layout.bytes, 1));
    const auto pack = [&](void* packed) {
      provider.pack(kernel, problem,
                    {.device = args.device,
                     .weights = args.operands.b,
                     .packed = packed,
                     .threads = args.threads});
    };
    weights_ = &shared.get(layout, copies, pack);
    operation_->prepare(args);
    operation_->plan({.device = args.device, .cache = {}, .copies = weights_->all()});
  }

  /// Seconds of one launch, over at least that many.
  double sample(double at_least) {
    int launches = 0;
    const auto start = Clock::now();
    double elapsed = 0;
    do {
      operation_->launch((*weights_)[slot_]);
      slot_ = (slot_ + 1) % static_cast<int>(weights_->all().size());
      ++launches;
      elapsed = std::chrono::duration<double>(Clock::now() - start).count();
    } while (elapsed < at_least);
    return elapsed / launches;
  }

  [[nodiscard]] double weight_bytes() const { return static_cast<double>(weights_->bytes()); }
  [[nodiscard]] std::string algorithm() const { return operation_->algorithm(); }
  std::vector<double> seconds;

 private:
  std::unique_ptr<providers::Operation> operation_;
  const run::WeightCopies* weights_ = nullptr;
  int slot_ = 0;
};

/// Times of `baseline` over those of `kernel`.
std::string speedup(const Contestant& baseline, const Contestant& kernel) {
  const Ratio ratio = measure::compare(baseline.seconds, kernel.seconds);
  return fmt::format("{:.3f} [{:.3f} {:.3f}]", ratio.value, ratio.interval.low,
                     ratio.interval.high);
}

struct Library {
  std::string name;
  std::unique_ptr<providers::Provider> provider;
};

std::vector<Library> libraries(const device::Device& device) {
  std::vector<Library> made;
  for (const providers::ProviderRow& row : providers::provider_table()) {
    if (row.make == nullptr || (row.name != "cpu" && row.name != "onednn")) continue;
    made.push_back({std::string(row.name), row.make(device)});
  }
  return made;
}

/// The first kernel of `library` for these types, without bias.
const providers::KernelInfo* find(const std::vector<providers::KernelInfo>& kernels, DataType type,
                                  Sparsity sparsity) {
  for (const auto& kernel : kernels) {
    if (kernel.a == type && kernel.sparsity == sparsity && kernel.scaled && !kernel.bias) {
      return &kernel;
    }
  }
  return nullptr;
}

class Duel {
 public:
  Duel(const Settings& settings, const std::vector<Library>& all) : settings_(settings) {
    for (const Library& library : all) library_.push_back(&library);
  }

  void run(DataType type, std::int64_t n, std::int64_t k, int threads) {
    const auto device = device::make_cpu_device(threads, false);
    run::PackedWeights shared(*device);
    for (const std::int64_t m : settings_.rows) {
      const GemmShape shape{m, n, k};
      const auto operands =
          device->operands().make_operands({.shape = shape, .type = type, .seed = 1});
      const Buffer d = device->memory().allocate(static_cast<std::size_t>(m * n) * 2);
      const providers::PrepareArgs args{
          .device = *device, .operands = operands, .d = d.data(), .threads = threads};
      const auto contestant = [&](std::string_view name,
                                  Sparsity sparsity) -> std::unique_ptr<Contestant> {
        for (const Library* library : library_) {
          if (library->name != name) continue;
          const auto kernels = library->provider->kernels();
          const auto* kernel = find(kernels, type, sparsity);
          if (kernel == nullptr) return nullptr;
          const GemmProblem problem{
              .shape = shape, .a = type, .b = type, .d = kernel->d, .sparsity = sparsity};
          if (!library->provider->supports(*kernel, problem)) return nullptr;
          return std::make_unique<Contestant>(*library->provider, *kernel, problem, args, shared,
                                              settings_.hot);
        }
        return nullptr;
      };
      const auto dense = contestant("cpu", Sparsity::kDense);
      const auto sparse = contestant("cpu", Sparsity::kTwoFour);
      const auto other = settings_.own ? nullptr : contestant("onednn", Sparsity::kDense);
      time({dense.get(), sparse.get(), other.get()});
      print(type, shape, threads, *dense, *sparse, other.get());
    }
  }

 private:
  void time(const std::vector<Contestant*>& contestants) const {
    for (int round = -1; round < settings_.rounds; ++round) {
      for (Contestant* c : contestants) {
        if (c == nullptr) continue;
        const double seconds = c->sample(settings_.sample_ms / 1e3);
        if (round >= 0) c->seconds.push_back(seconds);
      }
    }
  }

  static void print(DataType type, const GemmShape& shape, int threads, const Contestant& dense,
                    const Contestant& sparse, const Contestant* other) {
    const double dense_s = median(dense.seconds);
    const double sparse_s = median(sparse.seconds);
    const double other_s = other ? median(other->seconds) : 0;
    const double tops = dense_operations(shape) / 1e12;
    fmt::print(
        "{:<5} {:>2} {:>5} {:>6} {:>6} {:>8.3f} {:>8.3f} {:>8} {:>6.1f} {:>6.1f} {:>7.3f} "
        "{:>7.3f} {:>21} {:>21} {:>21}\n",
        info(type).kernel_name, threads, shape.m, shape.n, shape.k, dense_s * 1e3, sparse_s * 1e3,
        other ? fmt::format("{:.3f}", other_s * 1e3) : "-", dense.weight_bytes() / dense_s / 1e9,
        sparse.weight_bytes() / sparse_s / 1e9, tops / dense_s, tops / sparse_s,
        speedup(dense, sparse), speedup(other && other_s < dense_s ? *other : dense, sparse),
        other ? speedup(*other, dense) : "-");
    (void)std::fflush(stdout);
  }

  const Settings& settings_;
  std::vector<const Library*> library_;
};

DataType type_of(const std::string& name) {
  if (name == "int8") return DataType::kInt8;
  if (name == "fp8") return DataType::kFp8E4m3;
  return name == "bf16" ? DataType::kBf16 : DataType::kFp16;
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  CLI::App app{"Dense and 2:4 launches of the cpu provider and oneDNN, in turns"};
  app.add_option("--types", settings.types)
      ->delimiter(',')
      ->check(CLI::IsMember({"int8", "fp8", "bf16", "fp16"}));
  app.add_option("--m", settings.rows)->delimiter(',')->check(CLI::Range(1, 65536));
  app.add_option("--nk", settings.shapes, "N x K, for example 28672x4096")->delimiter(',');
  app.add_option("--threads", settings.threads)->delimiter(',')->check(CLI::Range(1, 1024));
  app.add_option("--rounds", settings.rounds)->check(CLI::Range(1, 1000));
  app.add_option("--sample-ms", settings.sample_ms, "at least this long is one sample");
  app.add_flag("--hot", settings.hot, "weights stay in cache where they fit");
  app.add_flag("--own", settings.own,
               "without oneDNN, which takes seconds where it has no fast path");
  CLI11_PARSE(app, argc, argv);

  const std::vector<Library> all = libraries(*device::make_cpu_device(1, false));
  fmt::print("{} weights, {}\n", settings.hot ? "hot" : "cold", to_string(best_isa()));
  fmt::print(
      "{:<5} {:>2} {:>5} {:>6} {:>6} {:>8} {:>8} {:>8} {:>6} {:>6} {:>7} {:>7} {:>21} {:>21} "
      "{:>21}\n",
      "type", "t", "m", "n", "k", "dense ms", "2:4 ms", "onednn", "GB/s", "2:4", "TOPS", "2:4",
      "/dense", "/best", "d/onednn");
  Duel duel(settings, all);
  for (const std::string& shape : settings.shapes) {
    const std::size_t x = shape.find('x');
    std::int64_t n = 0, k = 0;
    if (x == std::string::npos || !CLI::detail::lexical_cast(shape.substr(0, x), n) ||
        !CLI::detail::lexical_cast(shape.substr(x + 1), k) || n < 1 || k < 1) {
      fmt::print(stderr, "--nk: '{}' is not N x K, such as 28672x4096\n", shape);
      return 2;
    }
    for (const std::string& type : settings.types) {
      for (const int threads : settings.threads) duel.run(type_of(type), n, k, threads);
    }
  }
  return 0;
}
