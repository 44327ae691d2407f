#include <fmt/format.h>

#include "app/options.h"
#include "app/options_table.h"

namespace twofour::app {
namespace {

constexpr std::string_view kIntroduction =
    R"(twofour: does 2:4 structured sparsity pay off here?

Measures dense and 2:4-sparse matrix products D[M,N] = scale_a * scale_b * (A[M,K] x B[K,N]) + bias
side by side, checks every kernel against a reference first, and gives each speed-up with its 95 %
confidence interval and a verdict.

Usage: twofour --dtype TYPE [options] MODE [options]

Modes:
  square_bench    M = K = N = S, S+I, ... up to E, the end inclusive
  range_bench     M, K and N from S up to E, the end exclusive; --m-constant and the like fix one
  model_bench     the linear layers of language models, for each batch size and tensor-parallel size
  list            providers, kernels, devices and models, each with the reason where it is missing
)";

constexpr std::string_view kConclusion = R"(
Examples:
  twofour --dtype int8 square_bench --dim-start 128 --dim-end 512 --dim-increment 64
  twofour --dtype fp8 range_bench --dim-start 128 --dim-end 512 --dim-increment 64 --n-constant 16384 --k-constant 16384
  twofour --dtype fp8 model_bench --models meta-llama/Llama-2-7b-hf --batch-sizes 1 16 64 128 --tp-sizes 1
  twofour --dtype int8 model_bench --models meta-llama/Llama-3-8b --batch-sizes 16 --tp-sizes 1 2 4 --cache both
  twofour --dtype bf16 --device cpu --threads 1 --kernels 'sparse|onednn' square_bench --dim-start 1024 --dim-end 1024 --dim-increment 1
  twofour list

Exit codes: 0 done; 1 a kernel or the run failed; 2 bad command line; 3 a kernel's result is wrong;
130 interrupted. Every option, file and environment variable: docs/command-line.md.
)";

constexpr std::size_t kHelpColumn = 27;

std::string row_text(std::string_view name, std::string_view value, std::string_view help) {
  std::string text = fmt::format("  {}{}{}", name, value.empty() ? "" : " ", value);
  text.resize(std::max(text.size() + 1, kHelpColumn), ' ');
  return text + std::string(help) + "\n";
}

std::string rows_text(std::string_view title, unsigned modes) {
  std::string text = fmt::format("\n{}:\n", title);
  for (const OptionRow& row : option_rows()) {
    if (row.modes == modes) text += row_text(row.name, row.value, row.help);
  }
  return text;
}

}  // namespace

std::string help_text() {
  std::string text(kIntroduction);
  text += rows_text("Options of square_bench and range_bench, all needed", kSquare | kRange);
  text += rows_text("Options of range_bench", kRange);
  text += rows_text("Options of model_bench (lists are separated by spaces or commas)", kModel);
  text +=
      rows_text("Options before or after the mode (--dtype is needed by all but list)", kEveryMode);
  text += row_text("-h, --help", "", "print this and end");
  text += row_text("--version", "", "print the version and end");
  text += kConclusion;
  return text;
}

}  // namespace twofour::app
