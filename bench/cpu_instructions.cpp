// Instructions executed per dense-equivalent multiply-add, of the kernels that the cpu provider
// uses on this machine (TWOFOUR_ISA lowers it), portable ones aside, for some numbers of rows.
//
//   cpu_instructions [ROWS...]     default: 1 16 64
//
// What grows with N x K is told from what grows with N (sums become D), with K (activations become
// tables) and with neither, by four sizes: twice as many columns, twice the K, both.
#include <fmt/format.h>

#include <cstdio>
#include <vector>

#include "instruction_count.h"
#include "kernel_case.h"

namespace {

using namespace twofour;
using namespace twofour::providers::cpu;

/// The smaller N and K. Single steps take microseconds each, so many rows get a small K, except
/// with AMX, which has thousands of multiply-adds in an instruction, and deep tiles.
struct Size {
  std::int64_t columns = 0;
  std::int64_t k = 0;
};

Size size_for(const Kernel& kernel, std::int64_t rows) {
  // Tiles take up to four panels of sixteen columns at once with few rows, two with many.
  constexpr std::int64_t kFewRows = 4, kPanelsTogether = 4;
  const bool few = rows <= kFewRows;
  const std::int64_t panels = kernel.panel_columns <= 16 ? kPanelsTogether : 1;
  return {panels * kernel.panel_columns, few || kernel.isa == Isa::kAmx ? 256 : 64};
}

struct Counts {
  double inner = 0;  ///< what grows with N x K, for each multiply-add
  double whole = 0;  ///< of a launch with N = K = 1024
};

Counts count(const bench::InstructionCounter& counter, const Kernel& kernel, std::int64_t rows) {
  const auto instructions = [&](std::int64_t n, std::int64_t k) {
    const bench::KernelCase c(kernel, {rows, n, k});
    c.run();
    return static_cast<double>(counter.count([&] { c.run(); }));
  };
  const Size size = size_for(kernel, rows);
  const double both = instructions(2 * size.columns, 2 * size.k);
  const double deep = instructions(size.columns, 2 * size.k);
  const double broad = instructions(2 * size.columns, size.k);
  const double small = instructions(size.columns, size.k);
  const auto m = static_cast<double>(rows);
  const auto n = static_cast<double>(size.columns);
  const auto k = static_cast<double>(size.k);
  constexpr double kLarge = 1024;
  const double product = (both - deep - broad + small) / (n * k);  // for each column and k
  const double column = (broad - small) / n - product * k;
  const double depth = (deep - small) / k - product * n;
  return {product / m, (product + (column + depth) / kLarge) / m};
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::int64_t> row_counts = bench::parse_rows(argc - 1, argv + 1, {1, 16, 64});
  if (row_counts.empty()) {
    fmt::print(stderr, "usage: cpu_instructions [ROWS...], each from 1 to 4096\n");
    return 2;
  }
  const bench::InstructionCounter counter;
  fmt::print("Instructions per dense-equivalent multiply-add, by {}\n",
             bench::to_string(counter.method()));
  for (const std::int64_t rows : row_counts) {
    fmt::print("\n{} rows\n{:<11} {:<5} {:<5} {:>9} {:>12}\n", rows, "isa", "type", "", "inner",
               "1024 x 1024");
    for (const DataType type :
         {DataType::kInt8, DataType::kFp8E4m3, DataType::kBf16, DataType::kFp16}) {
      for (const Sparsity sparsity : {Sparsity::kDense, Sparsity::kTwoFour}) {
        const Kernel* kernel = find_kernel(usable_features(), type, sparsity, rows);
        if (kernel == nullptr || kernel->isa == Isa::kPortable) continue;
        const Counts counts = count(counter, *kernel, rows);
        fmt::print("{:<11} {:<5} {:<5} {:>9.4f} {:>12.4f}  {}\n", to_string(kernel->isa),
                   info(kernel->type).kernel_name, to_string(sparsity), counts.inner, counts.whole,
                   kernel->name);
        (void)std::fflush(stdout);
      }
    }
  }
  return 0;
}
