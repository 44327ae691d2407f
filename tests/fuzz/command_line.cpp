// The command line, one argument a line: refused with a message, or options whose cases can be
// made.
#include <string>
#include <vector>

#include "app/command.h"
#include "app/options.h"
#include "app/options_table.h"
#include "fuzz.h"

namespace twofour::fuzz {
namespace {

std::vector<app::Command> commands() {
  std::vector<app::CommandWord> modes;
  for (const auto& [mode, name] : kBenchModeNames) modes.push_back({name, "a mode"});
  app::Command two_files{.words = {{"compare", "two files"}},
                         .positionals = {"OLD NEW", 2, 2, "two files"}};
  return {{.words = modes, .options = app::bench_option_specs()}, two_files};
}

/// Few enough to make them all, again and again.
bool few_cases(const app::BenchOptions& o) {
  constexpr std::int64_t kFew = 1000;
  if (o.mode != BenchMode::kModel) {
    return (o.sweep.end - o.sweep.start) / o.sweep.increment < kFew;
  }
  return o.models.size() * o.batch_sizes.size() * o.tp_sizes.size() < std::size_t{kFew};
}

void read(std::string_view text) {
  // What names a device may be read for ever.
  if (text.find("/dev") != std::string_view::npos || text.find("/proc") != std::string_view::npos) {
    return;
  }
  std::vector<std::string> words{"twofour"};
  for (std::size_t end = 0; end != std::string_view::npos;) {
    end = text.find('\n');
    words.emplace_back(text.substr(0, end));
    if (end != std::string_view::npos) text.remove_prefix(end + 1);
  }
  std::vector<const char*> arguments;
  for (const std::string& word : words) arguments.push_back(word.c_str());
  static const std::vector<app::Command> kCommands = commands();
  try {
    const auto line =
        app::parse_command_line(static_cast<int>(arguments.size()), arguments.data(), kCommands);
    if (line.help || line.version || line.command != kCommands.data()) return;
    const app::BenchOptions options = app::bench_options(line);
    if (!few_cases(options)) return;
    for (const workload::Case& c : app::make_cases(options)) {
      require(c.shape.m > 0 && c.shape.n > 0 && c.shape.k > 0);
    }
  } catch (const app::UsageError& error) {
    require_message(error.what());
  }
}

}  // namespace
}  // namespace twofour::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  twofour::fuzz::read(twofour::fuzz::text_of(data, size));
  return 0;
}
