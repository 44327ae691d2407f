#include "device/cpu/host_files.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

namespace twofour::device::cpu {
namespace {

constexpr std::string_view kWhiteSpace = " \t\r\n";

/// A wrong range in a file must not fill the memory.
constexpr std::uint64_t kMostCpus = 65536;

}  // namespace

std::optional<std::string> HostFiles::text(const std::string& path) const {
  std::ifstream stream(root_ / path);
  if (!stream) return std::nullopt;
  std::ostringstream text;
  text << stream.rdbuf();
  if (stream.bad()) return std::nullopt;
  std::string content = std::move(text).str();
  content.erase(content.find_last_not_of(kWhiteSpace) + 1);
  return content;
}

std::optional<std::uint64_t> HostFiles::number(const std::string& path) const {
  const std::optional<std::string> content = text(path);
  if (!content || content->empty()) return std::nullopt;
  if (content->find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  return leading_number(*content);
}

std::vector<std::string> HostFiles::names(const std::string& path) const {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator at(root_ / path, error), end; !error && at != end;
       at.increment(error)) {
    names.push_back(at->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<std::string> field(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (!line.starts_with(key)) continue;
    const std::string_view rest = line.substr(key.size());
    const std::size_t begin = rest.find_first_not_of(" \t:=");
    if (begin == 0) continue;  // a longer key
    if (begin == std::string_view::npos) return std::string{};
    return std::string(rest.substr(begin, rest.find_last_not_of(kWhiteSpace) + 1 - begin));
  }
  return std::nullopt;
}

std::optional<std::uint64_t> leading_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc{}) return std::nullopt;
  return value;
}

std::vector<int> parse_cpu_list(std::string_view text) {
  std::vector<int> cpus;
  while (!text.empty()) {
    const std::string_view item = text.substr(0, text.find(','));
    text.remove_prefix(std::min(item.size() + 1, text.size()));
    const std::optional<std::uint64_t> first = leading_number(item);
    if (!first) break;
    const std::size_t dash = item.find('-');
    const std::optional<std::uint64_t> last =
        dash == std::string_view::npos ? first : leading_number(item.substr(dash + 1));
    if (!last || *last < *first || *last >= kMostCpus) break;
    for (std::uint64_t cpu = *first; cpu <= *last; ++cpu) cpus.push_back(static_cast<int>(cpu));
  }
  std::sort(cpus.begin(), cpus.end());
  return cpus;
}

std::optional<std::size_t> parse_size(std::string_view text) {
  const std::optional<std::uint64_t> value = leading_number(text);
  if (!value) return std::nullopt;
  const std::string_view unit =
      text.substr(std::min(text.find_first_not_of("0123456789"), text.size()));
  if (unit.empty()) return *value;
  if (unit == "K") return *value << 10;
  if (unit == "M") return *value << 20;
  if (unit == "G") return *value << 30;
  return std::nullopt;
}

}  // namespace twofour::device::cpu
