// Times of the CUTLASS 2:4 kernels side by side: each kernel with its default and, on request, with
// every choice of its launch, interleaved so that the GPU's clock is the same for all. Results that
// differ from those of the first kernel by a bit are told: all of them add in the same order.
//
//   cutlass_kernels [--types i8,fp8] [--tokens 1024,4096] [--match REGEX] [--tactics] [--rounds 5]
//                   [--most 40] KxN...
#include <cuda_runtime_api.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <regex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "device/cuda/cuda_device.h"
#include "device/cuda/error.h"
#include "providers/cutlass/candidates.h"
#include "providers/cutlass/kernel_names.h"
#include "providers/cutlass/operation.h"

namespace {

using namespace twofour;
using namespace twofour::providers::sm90;

constexpr int kMultiprocessors = 132;
constexpr double kSample_s = 8e-3;

struct Options {
  std::vector<DataType> types{DataType::kInt8, DataType::kFp8E4m3};
  std::vector<std::int64_t> tokens{1024, 4096};
  std::vector<std::pair<std::int64_t, std::int64_t>> layers;
  std::regex match{"."};
  bool tactics = false;
  std::int64_t rounds = 5;
  std::int64_t most = 40;
};

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(at);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::int64_t number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value <= 0) {
    throw std::invalid_argument(fmt::format("\"{}\" is not a positive number", text));
  }
  return value;
}

Options parse(int argc, char** argv) {
  Options options;
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    const auto value = [&] {
      if (i + 1 == words.size()) throw std::invalid_argument(fmt::format("{} what?", word));
      return words[++i];
    };
    if (word == "--tactics") {
      options.tactics = true;
    } else if (word == "--match") {
      options.match = std::regex(std::string(value()));
    } else if (word == "--rounds") {
      options.rounds = number(value());
    } else if (word == "--most") {
      options.most = number(value());
    } else if (word == "--types") {
      options.types.clear();
      for (const auto name : split(value(), ',')) {
        options.types.push_back(data_type_from_kernel_name(name).value());
      }
    } else if (word == "--tokens") {
      options.tokens.clear();
      for (const auto m : split(value(), ',')) options.tokens.push_back(number(m));
    } else {
      const auto sides = split(word, 'x');
      if (sides.size() != 2) throw std::invalid_argument(fmt::format("{}: not KxN", word));
      options.layers.emplace_back(number(sides[0]), number(sides[1]));
    }
  }
  if (options.layers.empty()) throw std::invalid_argument("which layers? KxN...");
  return options;
}

struct Contender {
  std::unique_ptr<CutlassOperation> operation;
  std::unique_ptr<device::TimedLoop> loop;
  std::string name;
  std::int64_t launches = 0;
  std::vector<double> us;

  [[nodiscard]] double median_us() const {
    std::vector<double> sorted = us;
    std::sort(sorted.begin(), sorted.end());
    return sorted[sorted.size() / 2];
  }
};

class Bench {
 public:
  Bench(device::Device& device, Options options) : device_(device), options_(std::move(options)) {}

  void run() {
    for (const auto& [k, n] : options_.layers) {
      for (const DataType type : options_.types) {
        for (const std::int64_t m : options_.tokens) {
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
  std::vector<Candidate> chosen(const GemmProblem& problem) const {
    std::vector<Candidate> list;
    for (const Candidate& candidate : candidates(kernels(), problem, kMultiprocessors)) {
      if (!options_.tactics && candidate.tactic != Tactic{}) continue;
      if (!std::regex_search(name_of(candidate), options_.match)) continue;
      if (list.size() < static_cast<std::size_t>(options_.most)) list.push_back(candidate);
    }
    return list;
  }

  void measure(const GemmProblem& problem) {
    const std::size_t bytes = packed_bytes(problem);
    const CacheState cache = device::plan_cold(bytes, device_.info().last_level_cache_bytes,
                                               std::size_t{8} << 30, false);
    const operands::Operands operands = device_.make_operands(
        {.shape = problem.shape, .type = problem.a, .scales = problem.scales, .seed = 3});
    const Buffer d =
        device_.allocate(static_cast<std::size_t>(problem.shape.m * problem.shape.n) * 2);
    providers::SharedWeights shared;
    std::vector<Contender> contenders;
    expected_.clear();
    for (const Candidate& candidate : chosen(problem)) {
      Contender each{.name = name_of(candidate)};
      try {
        each.operation =
            std::make_unique<CutlassOperation>(providers::KernelInfo{}, problem, "bench", false);
        each.operation->prepare({.device = device_,
                                 .operands = operands,
                                 .d = d.data(),
                                 .copies = cache.copies,
                                 .shared = shared});
        each.operation->use(device_, candidate);
        verify(*each.operation, d, each.name);
        each.loop = device_.timed_loop(
            {.launch = [operation = each.operation.get()](int slot) { operation->launch(slot); },
             .cache = cache});
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
    for (std::int64_t round = 0; round < options_.rounds; ++round) {
      for (Contender& each : contenders) {
        each.us.push_back(each.loop->run(each.launches).device_s * 1e6 /
                          static_cast<double>(each.launches));
      }
    }
    print(problem, contenders);
  }

  void verify(CutlassOperation& operation, const Buffer& d, const std::string& name) {
    using device::cuda::check;
    check(cudaMemset(d.data(), 0xff, d.bytes()), "clear D");
    operation.launch(0);
    device_.synchronize();
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
    std::fflush(stdout);
  }

  device::Device& device_;
  Options options_;
  std::vector<std::uint16_t> expected_;
};

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto device = device::make_cuda_device(0);
    fmt::print("{}\n", device->info().name);
    Bench(*device, parse(argc, argv)).run();
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    fmt::print(stderr, "cutlass_kernels: {}\n", error.what());
    return EXIT_FAILURE;
  }
}
