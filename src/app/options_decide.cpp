#include "app/options_decide.h"

#include <fmt/format.h>

#include <stdexcept>
#include <system_error>

#include "app/options_values.h"

namespace twofour::app {

std::vector<decide::TrafficClass> traffic_value(const OptionSpec& option, const std::string& text) {
  try {
    return decide::parse_traffic(text);
  } catch (const std::invalid_argument& error) {
    throw UsageError(fmt::format("{}: {}", option.name, error.what()));
  }
}

double linear_share_value(const OptionSpec& option, const std::string& text) {
  const auto share = parse_number<double>(text, 0, 1);
  if (!share || *share == 0) reject(option, text);
  return *share;
}

std::filesystem::path dispatch_value(const OptionSpec& option, const std::string& text) {
  std::error_code ignored;
  const std::filesystem::path path = text;
  const std::filesystem::path folder = path.parent_path();
  // A slip must not put a table in the place of results.
  if (path.filename().empty() || path.extension() == ".jsonl" ||
      std::filesystem::is_directory(path, ignored) ||
      (!folder.empty() && !std::filesystem::is_directory(folder, ignored))) {
    reject(option, text);
  }
  return path;
}

}  // namespace twofour::app
