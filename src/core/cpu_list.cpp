#include "core/cpu_list.h"

#include <algorithm>
#include <charconv>
#include <cstddef>

namespace twofour {
namespace {

std::optional<int> whole(std::string_view text) {
  int value = 0;
  const char* const end = text.data() + text.size();
  const auto [read, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || read != end || value < 0 || value >= kMostCpus) return std::nullopt;
  return value;
}

}  // namespace

std::optional<std::vector<int>> read_cpu_list(std::string_view text) {
  std::vector<int> cpus;
  while (true) {
    const std::string_view item = text.substr(0, text.find(','));
    const std::size_t dash = item.find('-');
    const auto first = whole(item.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : whole(item.substr(dash + 1));
    if (!first || !last || *first > *last) return std::nullopt;
    for (int cpu = *first; cpu <= *last; ++cpu) cpus.push_back(cpu);
    if (item.size() == text.size()) break;
    text.remove_prefix(item.size() + 1);
  }
  std::sort(cpus.begin(), cpus.end());
  if (std::adjacent_find(cpus.begin(), cpus.end()) != cpus.end()) return std::nullopt;
  return cpus;
}

std::string cpu_list_text(std::span<const int> cpus) {
  std::string text;
  for (std::size_t begin = 0; begin < cpus.size();) {
    std::size_t end = begin + 1;
    while (end < cpus.size() && cpus[end] == cpus[end - 1] + 1) ++end;
    if (!text.empty()) text += ',';
    text += std::to_string(cpus[begin]);
    if (end - begin > 1) text += '-' + std::to_string(cpus[end - 1]);
    begin = end;
  }
  return text;
}

}  // namespace twofour
