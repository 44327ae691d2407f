// Cycles per multiply-add of every kernel of the cpu provider that this machine can run, each with
// numbers of rows that it is for, on data in cache, beside what the execution ports allow; and each
// 2:4 kernel against its dense twin, rounds interleaved. One thread.
//
//   cpu_kernels [ROWS...]     default: 1 4 16 64
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "core/median.h"
#include "instruction_rates.h"
#include "kernel_case.h"
#include "providers/cpu/kernel_list.h"

namespace {

using namespace twofour;
using namespace twofour::providers::cpu;

// A few panels of weights and 64 rows of activations lie in L2.
constexpr std::int64_t kK = 1024;
constexpr std::int64_t kColumns = 256;
constexpr int kRounds = 21;
constexpr double kSampleSeconds = 1e-3;

double seconds(const bench::KernelCase& c, int calls) {
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < calls; ++i) c.run();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / calls;
}

void print(const bench::KernelCase& c, double cycles, const std::string& ratio) {
  const Kernel& kernel = c.kernel();
  const double rate = c.multiply_adds() / cycles;
  // 2:4 kernels for many rows alone are those that choose by address.
  const bench::Choice choice = kernel.sparsity == Sparsity::kDense ? bench::Choice::kNone
                               : kernel.min_rows > 1               ? bench::Choice::kAddress
                                                                   : bench::Choice::kShuffle;
  const auto limit = bench::multiply_adds_per_cycle_limit(kernel.isa, kernel.type, choice);
  fmt::print("{:<11} {:<5} {:<5} {:>12.2f} {:>9.1f} {:>9} {:>6} {:>8}  {}\n", to_string(kernel.isa),
             info(kernel.type).kernel_name, to_string(kernel.sparsity), 1000 / rate, rate,
             limit ? fmt::format("{:.1f}", *limit) : "-",
             limit ? fmt::format("{:.0f} %", 100 * rate / *limit) : "-", ratio, kernel.name);
}

/// Times a dense kernel and its 2:4 twin in turns and prints both.
void compare(const Kernel& dense_kernel, const Kernel& sparse_kernel, std::int64_t rows) {
  const GemmShape shape{rows, kColumns, kK};
  const bench::KernelCase dense(dense_kernel, shape);
  const bench::KernelCase sparse(sparse_kernel, shape);
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

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::int64_t> row_counts =
      bench::parse_rows(argc - 1, argv + 1, {1, 4, 16, 64});
  if (row_counts.empty()) {
    fmt::print(stderr, "usage: cpu_kernels [ROWS...], each from 1 to 4096\n");
    return 2;
  }
  for (const std::int64_t rows : row_counts) {
    fmt::print("\n{} rows, {} columns, K = {}, in cache; multiply-adds are dense-equivalent\n",
               rows, kColumns, kK);
    fmt::print("{:<11} {:<5} {:<5} {:>12} {:>9} {:>9} {:>6} {:>8}\n", "isa", "type", "",
               "cycles/1000", "per cycle", "limit", "share", "vs dense");
    for (const Kernel* dense : kernel_list()) {
      // Of the kernels of an instruction set, the one for so many rows.
      const auto chosen = [&](Sparsity sparsity) {
        return find_kernel(info(dense->isa).features, dense->type, sparsity, rows);
      };
      if (!processor_features().has(dense->needs) || dense != chosen(Sparsity::kDense)) continue;
      compare(*dense, *chosen(Sparsity::kTwoFour), rows);
    }
  }
  return 0;
}
