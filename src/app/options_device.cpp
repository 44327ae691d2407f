#include "app/options_device.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "app/command.h"
#include "app/option_names.h"
#include "app/options_values.h"
#include "core/cpu_list.h"

namespace twofour::app {
namespace {

constexpr std::string_view kAuto = "auto";
constexpr std::string_view kCudaPrefix = "cuda:";
constexpr std::string_view kCpuPrefix = "cpu:";
constexpr std::string_view kNode = "node";
constexpr std::string_view kAllGpus = "all";
constexpr std::string_view kAllNodes = "cpu:all";
constexpr int kMaxOrdinal = 1023;

/// "GPU-" and 32 hexadecimal digits in groups of 8, 4, 4, 4 and 12.
bool is_gpu_uuid(std::string_view text) {
  constexpr std::string_view kPattern = "GPU-xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  return std::equal(
      text.begin(), text.end(), kPattern.begin(), kPattern.end(), [](char c, char pattern) {
        return pattern == 'x' ? std::isxdigit(static_cast<unsigned char>(c)) != 0 : c == pattern;
      });
}

/// What stands behind "cpu:".
std::optional<DeviceChoice> parse_cpu_part(std::string_view text) {
  DeviceChoice choice{.kind = DeviceKind::kCpu};
  if (text.starts_with(kNode)) {
    choice.node = parse_number<int>(text.substr(kNode.size()), 0, kMaxOrdinal);
    return choice.node ? std::optional(choice) : std::nullopt;
  }
  const auto cpus = read_cpu_list(text);
  if (!cpus) return std::nullopt;
  choice.cpus = *cpus;
  return choice;
}

/// Throws UsageError where two of `named` are the same device, or have a processor in common.
void require_distinct(std::string_view text, const std::vector<DeviceChoice>& named) {
  std::set<int> cpus;
  for (std::size_t i = 0; i < named.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (named[i] == named[j]) {
        throw UsageError(fmt::format("{}: '{}' names {} twice; each device once", option::kDevice,
                                     text, to_string(named[i])));
      }
    }
    for (const int cpu : named[i].cpus) {
      if (!cpus.insert(cpu).second) {
        throw UsageError(fmt::format("{}: '{}' has processor {} in two devices; each in one",
                                     option::kDevice, text, cpu));
      }
    }
  }
}

}  // namespace

std::optional<DeviceList> parse_device_list(std::string_view text) {
  if (text == kAllGpus) return DeviceList{.all = DeviceList::All::kGpus, .named = {}};
  if (text == kAllNodes) return DeviceList{.all = DeviceList::All::kNodes, .named = {}};
  const bool cpu = text.starts_with(kCpuPrefix);
  if (!cpu && !text.starts_with(kCudaPrefix)) return std::nullopt;
  const std::string_view prefix = cpu ? kCpuPrefix : kCudaPrefix;
  const char separator = cpu ? '+' : ',';
  std::string_view rest = text.substr(prefix.size());
  if (rest.find(separator) == std::string_view::npos) return std::nullopt;
  DeviceList list;
  while (true) {
    const std::string_view item = rest.substr(0, rest.find(separator));
    const auto choice = parse_device_choice(std::string(prefix) + std::string(item));
    if (!choice) return std::nullopt;
    list.named.push_back(*choice);
    if (item.size() == rest.size()) break;
    rest.remove_prefix(item.size() + 1);
  }
  require_distinct(text, list.named);
  return list;
}

std::string to_string(const DeviceList& list) {
  if (list.all == DeviceList::All::kGpus) return std::string(kAllGpus);
  if (list.all == DeviceList::All::kNodes) return std::string(kAllNodes);
  std::string text;
  for (const DeviceChoice& choice : list.named) {
    const bool cpu = choice.kind == DeviceKind::kCpu;
    const std::string one = to_string(choice);
    const std::string_view prefix = cpu ? kCpuPrefix : kCudaPrefix;
    text += text.empty() ? one : (cpu ? "+" : ",") + one.substr(prefix.size());
  }
  return text;
}

std::optional<DeviceChoice> parse_device_choice(std::string_view text) {
  if (text == kAuto) return DeviceChoice{};
  if (const auto kind = value_in(kDeviceKindNames, text)) return DeviceChoice{.kind = kind};
  if (text.starts_with(kCpuPrefix)) return parse_cpu_part(text.substr(kCpuPrefix.size()));
  if (!text.starts_with(kCudaPrefix)) return std::nullopt;
  text.remove_prefix(kCudaPrefix.size());
  if (is_gpu_uuid(text)) return DeviceChoice{.kind = DeviceKind::kCuda, .uuid = std::string(text)};
  const auto ordinal = parse_number<int>(text, 0, kMaxOrdinal);
  if (!ordinal) return std::nullopt;
  return DeviceChoice{.kind = DeviceKind::kCuda, .ordinal = *ordinal, .numbered = true};
}

std::string to_string(const DeviceChoice& choice) {
  if (!choice.kind) return std::string(kAuto);
  if (choice.node) return fmt::format("{}{}{}", kCpuPrefix, kNode, *choice.node);
  if (!choice.cpus.empty()) return fmt::format("{}{}", kCpuPrefix, cpu_list_text(choice.cpus));
  if (!choice.uuid.empty()) return fmt::format("{}{}", kCudaPrefix, choice.uuid);
  if (choice.numbered || choice.ordinal != 0)
    return fmt::format("{}{}", kCudaPrefix, choice.ordinal);
  return std::string(to_string(*choice.kind));
}

DeviceChoice choice_of(const DeviceId& id) {
  return {.kind = id.kind, .ordinal = id.uuid.empty() ? id.ordinal : 0, .uuid = id.uuid};
}

std::vector<std::size_t> gpu_order(const DeviceChoice& choice, std::size_t gpus) {
  std::vector<std::size_t> order;
  const auto first = static_cast<std::size_t>(choice.local_rank.value_or(0));
  for (std::size_t i = 0; i < gpus; ++i) order.push_back((first + i) % gpus);
  return order;
}

const DeviceId& choose_gpu(const DeviceChoice& choice, std::span<const DeviceId> gpus) {
  if (choice.uuid.empty() && !choice.numbered && choice.local_rank && !gpus.empty()) {
    return gpus[gpu_order(choice, gpus.size()).front()];
  }
  const auto wanted = [&](const DeviceId& id) {
    return choice.uuid.empty() ? id.ordinal == choice.ordinal : id.uuid == choice.uuid;
  };
  const auto found = std::find_if(gpus.begin(), gpus.end(), wanted);
  if (found != gpus.end()) return *found;
  std::string there;
  for (const DeviceId& id : gpus) {
    there += fmt::format("{}cuda:{} (cuda:{}, {})", there.empty() ? "" : ", ", id.ordinal, id.uuid,
                         id.name);
  }
  throw UsageError(fmt::format("{}: '{}' is not here; there are cpu, {}", option::kDevice,
                               to_string(choice), there));
}

}  // namespace twofour::app
