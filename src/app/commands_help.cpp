#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "app/build_info.h"
#include "app/commands.h"

namespace twofour::app {
namespace {

constexpr std::string_view kIntroduction =
    R"(twofour: does 2:4 structured sparsity pay off here?

Measures dense and 2:4-sparse matrix products D[M,N] = scale_a * scale_b * (A[M,K] x B[K,N]) + bias
side by side, checks every kernel against a reference first, and gives each speed-up with its 95 %
confidence interval and a verdict.
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
130 interrupted. Of compare: 0 nothing slower; 1 slower; 2 bad command line; 3 nothing comparable.
Every option, file and environment variable: docs/command-line.md.
)";

constexpr std::size_t kWordColumn = 18;
constexpr std::size_t kOptionColumn = 27;

/// `left` and what it means, which begins at `column`.
std::string row_text(std::string_view left, std::size_t column, std::string_view help) {
  std::string text = fmt::format("  {}", left);
  text.resize(std::max(text.size() + 1, column), ' ');
  return text + std::string(help) + "\n";
}

std::string usage_text(std::span<const Command> commands) {
  std::string text = "\nUsage: twofour --dtype TYPE [options] MODE [options]\n";
  for (const Command& command : commands) {
    if (command.positionals.names.empty()) continue;
    text += fmt::format("       twofour {} {} [options]\n", command.words.front().name,
                        command.positionals.names);
  }
  text += "\nModes:\n";
  for (const Command& command : commands) {
    for (const CommandWord& word : command.words)
      text += row_text(word.name, kWordColumn, word.help);
  }
  return text;
}

std::string option_text(const OptionSpec& spec) {
  return row_text(fmt::format("{}{}{}", spec.name, spec.value.empty() ? "" : " ", spec.value),
                  kOptionColumn, spec.help);
}

/// The options of `command` that follow exactly these of its words.
std::string group_text(const Command& command, WordSet words) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < command.words.size(); ++i) {
    if ((words >> i & 1U) != 0) names.push_back(command.words[i].name);
  }
  std::string rows;
  bool all_needed = true;
  bool any_list = false;
  for (const OptionSpec& spec : command.options) {
    if (spec.words != words) continue;
    rows += option_text(spec);
    all_needed = all_needed && spec.required_by == words;
    any_list = any_list || spec.arity == Arity::kList;
  }
  return fmt::format("\nOptions of {}{}{}:\n{}", fmt::join(names, " and "),
                     all_needed ? ", all needed" : "",
                     any_list ? " (lists are separated by spaces or commas)" : "", rows);
}

/// Each set of words that options of `command` follow, in the order of the table.
std::vector<WordSet> groups_of(const Command& command) {
  std::vector<WordSet> groups;
  for (const OptionSpec& spec : command.options) {
    if (spec.words == kAnywhere) continue;
    if (std::find(groups.begin(), groups.end(), spec.words) == groups.end()) {
      groups.push_back(spec.words);
    }
  }
  return groups;
}

/// The options that may stand anywhere, each once.
std::string anywhere_text(std::span<const Command> commands) {
  std::string text = "\nOptions before or after the mode (a benchmark needs --dtype):\n";
  std::vector<std::string_view> shown;
  for (const Command& command : commands) {
    for (const OptionSpec& spec : command.options) {
      if (spec.words != kAnywhere) continue;
      if (std::find(shown.begin(), shown.end(), spec.name) != shown.end()) continue;
      shown.push_back(spec.name);
      text += option_text(spec);
    }
  }
  return text;
}

}  // namespace

std::string help_text(std::span<const Command> commands) {
  std::string text(kIntroduction);
  text += usage_text(commands);
  for (const Command& command : commands) {
    for (const WordSet words : groups_of(command)) text += group_text(command, words);
  }
  text += anywhere_text(commands);
  text += row_text("-h, --help", kOptionColumn, "print this and end");
  text += row_text("--version", kOptionColumn, "print the version and end");
  text += row_text("--demo", kOptionColumn,
                   "without a MODE: model_bench of Llama-3-8B, INT8; options replace its own");
  text += kConclusion;
  return text;
}

std::string version_text() {
  const BuildInfo& build = build_info();
  return fmt::format("twofour {} ({}, {}, {})\n", build.version, build.git_commit, build.build_type,
                     build.compiler);
}

}  // namespace twofour::app
