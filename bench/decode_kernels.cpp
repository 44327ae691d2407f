// Cold times of the decode kernels on the layers of Llama-3-8B and Llama-2-70B, each way to cut the
// work beside the time that reading the weights alone takes.
//
//   decode_kernels [--types i8,fp8] [--tokens 1,16,64] [--cuts 5] [--dense] [--all] [KxN...]
//
// --all prints every configuration, not only the best five.
#include <cuda_runtime_api.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "decode_stream.h"
#include "device/cuda/cuda_device.h"
#include "device/cuda/cuda_stream.h"
#include "providers/cuda/candidates.h"
#include "providers/cuda/layout.h"
#include "providers/cuda/operation.h"

namespace {

using namespace twofour;
using namespace twofour::providers::cuda;

constexpr int kRuns = 5;
constexpr std::size_t kPrinted = 5;

struct Options {
  std::vector<DataType> types{DataType::kInt8, DataType::kFp8E4m3};
  std::vector<std::int64_t> tokens{1, 16, 64};
  std::vector<std::pair<std::int64_t, std::int64_t>> layers{
      {4096, 6144}, {4096, 4096}, {4096, 28672}, {14336, 4096}, {8192, 57344}, {28672, 8192}};
  int cuts = 5;
  bool dense = false;
  bool all = false;
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
  std::vector<std::string_view> words(argv + 1, argv + argc);
  bool own_layers = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    const auto value = [&] {
      if (i + 1 == words.size()) throw std::invalid_argument(fmt::format("{} what?", word));
      return words[++i];
    };
    if (word == "--dense") {
      options.dense = true;
    } else if (word == "--all") {
      options.all = true;
    } else if (word == "--cuts") {
      options.cuts = static_cast<int>(number(value()));
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
      if (!own_layers) options.layers.clear();
      own_layers = true;
      options.layers.emplace_back(number(sides[0]), number(sides[1]));
    }
  }
  return options;
}

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
  Bench(device::Device& device, Options options) : device_(device), options_(std::move(options)) {}

  void run() {
    const int sms = multiprocessors();
    cudaStream_t stream = device::stream_of(device_);
    const CacheState none{.method = CacheMethod::kRotate, .copies = 1};
    for (const bool overlapped : {false, true}) {
      fmt::print(
          "empty kernel{}: {:.2f} us\n", overlapped ? ", overlapped" : "",
          launch_us(device_, none, [=](int) { bench::empty_kernel(overlapped, sms, stream); }));
    }
    for (const auto& [k, n] : options_.layers) {
      for (const DataType type : options_.types) layer(type, k, n);
    }
  }

 private:
  void layer(DataType type, std::int64_t k, std::int64_t n) {
    for (const Sparsity sparsity : {Sparsity::kTwoFour, Sparsity::kDense}) {
      if (sparsity == Sparsity::kDense && !options_.dense) continue;
      providers::SharedWeights shared;
      floors_.reset();
      for (const std::int64_t m : options_.tokens) {
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
    const auto device = device::make_cuda_device(0);
    fmt::print("{}\n", device->info().name);
    Bench(*device, parse(argc, argv)).run();
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    fmt::print(stderr, "decode_kernels: {}\n", error.what());
    return EXIT_FAILURE;
  }
}
