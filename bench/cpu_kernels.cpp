// Cycles per multiply-add of every kernel of the cpu provider that this machine can run, each with
// numbers of rows that it is for, on data in cache, beside what the execution ports allow; and each
// 2:4 kernel against its dense twin, rounds interleaved. One thread.
//
//   cpu_kernels [ROWS...]     default: 1 4 16 64
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstring>
#include <memory>
#include <new>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "instruction_rates.h"
#include "providers/cpu/kernel_list.h"

namespace {

using namespace twofour;
using namespace twofour::providers::cpu;

// A few panels of weights and 64 rows of activations lie in L2.
constexpr std::int64_t kK = 1024;
constexpr std::int64_t kColumns = 256;
constexpr int kRounds = 21;
constexpr double kSampleSeconds = 1e-3;

struct Free {
  void operator()(std::byte* p) const { operator delete[](p, std::align_val_t{64}); }
};
using Memory = std::unique_ptr<std::byte[], Free>;

Memory allocate(std::size_t bytes) {
  return Memory(new (std::align_val_t{64}) std::byte[bytes == 0 ? 1 : bytes]());
}

/// Small finite numbers in any of the types: an exponent that is not extreme and any mantissa.
void fill(DataType type, std::byte* data, std::int64_t count) {
  std::mt19937 random(1);
  for (std::int64_t i = 0; i < count; ++i) {
    const auto bits = static_cast<unsigned>(random());
    if (size_of(type) == 1) {
      data[i] = static_cast<std::byte>(type == DataType::kInt8 ? bits : 0x30u | (bits & 0x87u));
    } else {
      const auto code = static_cast<std::uint16_t>(0x3C00u | (bits & 0x807Fu));
      std::memcpy(data + 2 * i, &code, sizeof(code));
    }
  }
}

void prune(DataType type, std::byte* weights, std::int64_t count) {
  const auto element = static_cast<std::size_t>(size_of(type));
  std::mt19937 random(2);
  for (std::int64_t group = 0; group < count; group += 4) {
    const std::int64_t first = static_cast<std::int64_t>(random() % 4);
    const std::int64_t second = (first + 1 + static_cast<std::int64_t>(random() % 3)) % 4;
    for (const std::int64_t i : {first, second}) {
      std::memset(weights + (group + i) * static_cast<std::int64_t>(element), 0, element);
    }
  }
}

/// A kernel with everything that running it on `rows` rows takes.
class Case {
 public:
  Case(const Kernel& kernel, std::int64_t rows)
      : kernel_(kernel),
        shape_{rows, round_up(kColumns, kernel.panel_columns), kK},
        packed_(allocate(kernel.packed_bytes(shape_.n, kK))),
        converted_(allocate(kernel.converted_bytes(rows, kK))),
        scratch_(allocate(kernel.scratch_bytes ? kernel.scratch_bytes(shape_) : 0)),
        d_(allocate(static_cast<std::size_t>(rows * shape_.n) * 2)) {
    const auto element = static_cast<std::size_t>(size_of(kernel.type));
    const Memory a = allocate(static_cast<std::size_t>(rows * kK) * element);
    const Memory b = allocate(static_cast<std::size_t>(shape_.n * kK) * element);
    fill(kernel.type, a.get(), rows * kK);
    fill(kernel.type, b.get(), shape_.n * kK);
    prune(kernel.type, b.get(), shape_.n * kK);
    kernel.pack({b.get(), shape_.n, kK, packed_.get(), {0, panel_count(kernel, shape_.n)}});
    kernel.convert(
        {a.get(), rows, kK, converted_.get(), {0, convert_unit_count(kernel, rows, kK)}});
  }

  [[nodiscard]] const Kernel& kernel() const { return kernel_; }
  [[nodiscard]] double multiply_adds() const { return dense_operations(shape_) / 2; }

  void run() const {
    static constexpr float kOne = 1;
    kernel_.run({.shape = shape_,
                 .packed = packed_.get(),
                 .converted = converted_.get(),
                 .scratch = scratch_.get(),
                 .panels = {0, panel_count(kernel_, shape_.n)},
                 .blocks = blocks(),
                 .output = {.scale_a = &kOne, .scale_b = &kOne, .d = d_.get()}});
  }

 private:
  [[nodiscard]] Range blocks() const { return {0, block_count(kernel_, shape_.m)}; }

  const Kernel& kernel_;
  GemmShape shape_;
  Memory packed_;
  Memory converted_;
  Memory scratch_;
  Memory d_;
};

double seconds(const Case& c, int calls) {
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < calls; ++i) c.run();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / calls;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

void print(const Case& c, double cycles, const std::string& ratio) {
  const Kernel& kernel = c.kernel();
  const double rate = c.multiply_adds() / cycles;
  // 2:4 kernels for many rows alone are those that choose by address.
  const bench::Choice choice = kernel.sparsity == Sparsity::kDense ? bench::Choice::kNone
                               : kernel.min_rows > 1               ? bench::Choice::kAddress
                                                                   : bench::Choice::kShuffle;
  const auto limit = bench::multiply_adds_per_cycle_limit(kernel.isa, kernel.type, choice);
  fmt::print("{:<8} {:<5} {:<5} {:>12.2f} {:>9.1f} {:>9} {:>6} {:>8}  {}\n", to_string(kernel.isa),
             info(kernel.type).kernel_name, to_string(kernel.sparsity), 1000 / rate, rate,
             limit ? fmt::format("{:.1f}", *limit) : "-",
             limit ? fmt::format("{:.0f} %", 100 * rate / *limit) : "-", ratio, kernel.name);
}

/// Times a dense kernel and its 2:4 twin in turns and prints both.
void compare(const Kernel& dense_kernel, const Kernel& sparse_kernel, std::int64_t rows) {
  const Case dense(dense_kernel, rows);
  const Case sparse(sparse_kernel, rows);
  const int calls = 1 + static_cast<int>(kSampleSeconds / seconds(dense, 1));
  std::vector<double> dense_cycles;
  std::vector<double> sparse_cycles;
  std::vector<double> ratios;
  for (int round = 0; round < kRounds; ++round) {
    const double cycle = bench::cycle_seconds();
    dense_cycles.push_back(seconds(dense, calls) / cycle);
    sparse_cycles.push_back(seconds(sparse, calls) / cycle);
    ratios.push_back(dense_cycles.back() / sparse_cycles.back());
  }
  print(dense, median(dense_cycles), "");
  print(sparse, median(sparse_cycles), fmt::format("{:.2f}x", median(ratios)));
}

std::vector<std::int64_t> parse_rows(int count, char** texts) {
  if (count == 0) return {1, 4, 16, 64};
  std::vector<std::int64_t> rows;
  for (int i = 0; i < count; ++i) {
    const std::string_view text = texts[i];
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < 1 || value > 4096) {
      return {};
    }
    rows.push_back(value);
  }
  return rows;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::int64_t> row_counts = parse_rows(argc - 1, argv + 1);
  if (row_counts.empty()) {
    fmt::print(stderr, "usage: cpu_kernels [ROWS...], each from 1 to 4096\n");
    return 2;
  }
  for (const std::int64_t rows : row_counts) {
    fmt::print("\n{} rows, {} columns, K = {}, in cache; multiply-adds are dense-equivalent\n",
               rows, kColumns, kK);
    fmt::print("{:<8} {:<5} {:<5} {:>12} {:>9} {:>9} {:>6} {:>8}\n", "isa", "type", "",
               "cycles/1000", "per cycle", "limit", "share", "vs dense");
    for (const Kernel* dense : kernel_list()) {
      // Of the kernels of an instruction set, the one for so many rows.
      const auto chosen = [&](Sparsity sparsity) {
        return find_kernel(dense->isa, dense->type, sparsity, rows);
      };
      if (dense->isa > detected_isa() || dense != chosen(Sparsity::kDense)) continue;
      compare(*dense, *chosen(Sparsity::kTwoFour), rows);
    }
  }
  return 0;
}
