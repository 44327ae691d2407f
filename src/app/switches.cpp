#include "app/switches.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "app/option_names.h"

namespace twofour::app {
namespace {

constexpr bool kCleared = true;
constexpr bool kKept = false;

constexpr std::array kRules{
    // Which device there is to choose, and what a profiler loads.
    SwitchRule{"CUDA_VISIBLE_DEVICES", kKept},
    SwitchRule{"CUDA_DEVICE_ORDER", kKept},
    SwitchRule{"CUDA_MPS_*", kKept},
    SwitchRule{"NVIDIA_VISIBLE_DEVICES", kKept},
    SwitchRule{"CUDA_INJECTION*", kKept},
    SwitchRule{"CUDA_MODULE_LOADING", kKept},
    SwitchRule{"CUDA_CACHE_*", kKept},
    SwitchRule{"LD_PRELOAD", kKept},
    SwitchRule{"GLIBC_TUNABLES", kKept},
    SwitchRule{"MALLOC_*", kKept},
    SwitchRule{"TWOFOUR_*", kKept},
    // OpenMP runtimes: how many threads there are, where they run, how they wait.
    SwitchRule{"OMP_NUM_THREADS", kCleared, option::kThreads},
    SwitchRule{"OMP_*", kCleared},
    SwitchRule{"GOMP_*", kCleared},
    SwitchRule{"KMP_*", kCleared},
    SwitchRule{"LIBOMP_*", kCleared},
    // oneDNN: lines on stdout, fewer instructions, other arithmetic; DNNL_ is its former name.
    SwitchRule{"ONEDNN_*", kCleared},
    SwitchRule{"DNNL_*", kCleared},
    SwitchRule{"MKL_*", kCleared},
    // CUDA and its libraries: launches that wait, other arithmetic, workspaces, lines on stdout.
    SwitchRule{"CUDA_LAUNCH_BLOCKING", kCleared},
    SwitchRule{"CUDA_DEVICE_MAX_CONNECTIONS", kCleared},
    SwitchRule{"CUDA_FORCE_PTX_JIT", kCleared},
    SwitchRule{"CUDA_AUTO_BOOST", kCleared},
    SwitchRule{"NVIDIA_TF32_OVERRIDE", kCleared},
    SwitchRule{"CUBLAS_*", kCleared},
    SwitchRule{"CUBLASLT_*", kCleared},
    SwitchRule{"CUSPARSE_*", kCleared},
    SwitchRule{"CUSPARSELT_*", kCleared},
    // What a build of extensions reads, and nothing at run time.
    SwitchRule{"TORCH_CUDA_ARCH_LIST", kKept},
    // PyTorch: which library multiplies, its allocator, lines on stderr.
    SwitchRule{"TORCH_*", kCleared},
    SwitchRule{"PYTORCH_*", kCleared},
    SwitchRule{"DISABLE_ADDMM_CUDA_LT", kCleared},
    // The habit of many libraries.
    SwitchRule{"*_LOG_LEVEL", kCleared},
};

bool matches(std::string_view pattern, std::string_view name) {
  if (pattern.ends_with('*')) return name.starts_with(pattern.substr(0, pattern.size() - 1));
  if (pattern.starts_with('*')) return name.ends_with(pattern.substr(1));
  return name == pattern;
}

/// Printable, and short enough for a line.
std::string shown(std::string_view value) {
  constexpr std::size_t kLongest = 60;
  std::string text(value.substr(0, kLongest));
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return value.size() > kLongest ? text + "..." : text;
}

}  // namespace

std::span<const SwitchRule> switch_rules() { return kRules; }

const SwitchRule* rule_of(std::string_view name) {
  const auto* const found = std::find_if(kRules.begin(), kRules.end(), [&](const SwitchRule& rule) {
    return matches(rule.name, name);
  });
  return found == kRules.end() ? nullptr : found;
}

std::vector<EnvironmentSwitch> switches_in(std::span<const std::string> variables) {
  std::vector<EnvironmentSwitch> switches;
  for (const std::string& variable : variables) {
    const std::size_t equals = variable.find('=');
    if (equals == std::string::npos) continue;
    const std::string name = variable.substr(0, equals);
    if (const SwitchRule* rule = rule_of(name)) {
      switches.push_back(
          {.name = name, .value = variable.substr(equals + 1), .cleared = rule->cleared});
    }
  }
  return switches;
}

std::string cleared_text(std::span<const EnvironmentSwitch> switches) {
  std::string text;
  for (const EnvironmentSwitch& set : switches) {
    if (!set.cleared) continue;
    text += fmt::format("{}{}={}", text.empty() ? "" : ", ", shown(set.name), shown(set.value));
    const SwitchRule* rule = rule_of(set.name);
    if (rule != nullptr && !rule->instead.empty()) text += fmt::format(" (use {})", rule->instead);
  }
  if (text.empty()) return {};
  return "not passed on to what is measured, which they would change: " + text;
}

}  // namespace twofour::app
