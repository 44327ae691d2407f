#include "app/clean_start.h"

#include <pthread.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "app/switches.h"

namespace {

/// The kernel takes a mask of up to 2^17 processors, far more than Linux supports.
using Mask = std::array<unsigned long, 2048>;

Mask inherited_mask;
/// Bytes of it that the kernel filled in; 0 or less: it could not be read.
long inherited_bytes = 0;

/// Runs before the constructors of all shared libraries, so before libgomp's. It must get along
/// without what they set up, and so makes one system call and nothing else.
__attribute__((no_sanitize("address", "thread", "undefined"))) void read_inherited_mask(
    int /*argc*/, char** /*argv*/, char** /*environment*/) {
  inherited_bytes =
      syscall(SYS_sched_getaffinity, 0, sizeof(inherited_mask), inherited_mask.data());
}

/// System V ABI, "Initialization and Termination Functions": an executable may have such functions.
__attribute__((section(".preinit_array"),
               used)) void (*before_all_constructors)(int, char**, char**) = read_inherited_mask;

}  // namespace

namespace twofour::app {
namespace {

/// By which the first start tells the second what it cleared: JSON, a list of [name, value,
/// cleared].
constexpr const char* kHandOver = "TWOFOUR_STARTED_WITH";

std::vector<EnvironmentSwitch>& at_start() {
  static std::vector<EnvironmentSwitch> switches;
  return switches;
}

void restore_mask() {
  if (inherited_bytes <= 0) return;
  // A mask that is refused now leaves the process with a narrower one, which still computes.
  static_cast<void>(syscall(SYS_sched_setaffinity, 0, inherited_bytes, inherited_mask.data()));
}

std::vector<std::string> environment_variables() {
  std::vector<std::string> variables;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    variables.emplace_back(*variable);
  }
  return variables;
}

std::string written(const std::vector<EnvironmentSwitch>& switches) {
  nlohmann::json list = nlohmann::json::array();
  for (const EnvironmentSwitch& set : switches) {
    list.push_back({set.name, set.value, set.cleared});
  }
  return list.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// Nothing where it is no such list: somebody else has set the variable.
std::vector<EnvironmentSwitch> read_hand_over(const char* text) {
  std::vector<EnvironmentSwitch> switches;
  const nlohmann::json list = nlohmann::json::parse(text, nullptr, false);
  if (!list.is_array()) return switches;
  for (const nlohmann::json& set : list) {
    const bool whole = set.is_array() && set.size() == 3 && set[0].is_string() &&
                       set[1].is_string() && set[2].is_boolean();
    if (whole) switches.push_back({set[0], set[1], set[2]});
  }
  return switches;
}

/// The kernel calls a process by the file that was executed, which was /proc/self/exe.
void name_process(const char* program) {
  const std::string_view path = program == nullptr ? "" : program;
  const std::string name(path.substr(path.rfind('/') + 1));
  if (!name.empty()) prctl(PR_SET_NAME, name.c_str());
}

/// Returns where no new start can be had.
void start_again(char** argv, const std::vector<std::string>& variables) {
  std::vector<std::string> kept;
  for (const std::string& variable : variables) {
    const SwitchRule* rule = rule_of(variable.substr(0, variable.find('=')));
    if (rule == nullptr || !rule->cleared) kept.push_back(variable);
  }
  kept.push_back(std::string(kHandOver) + "=" + written(at_start()));
  std::vector<char*> pointers;
  for (std::string& variable : kept) pointers.push_back(variable.data());
  pointers.push_back(nullptr);
  // The same file, even where another has taken its place since; without /proc, by its path.
  execve("/proc/self/exe", argv, pointers.data());
  const auto path = getauxval(AT_EXECFN);
  if (path != 0) execve(reinterpret_cast<const char*>(path), argv, pointers.data());
}

/// `ulimit -s` sets the size of the main stack and of each thread's. Too small a one ends a kernel
/// by SIGSEGV; of a very large one there is no room for many.
void set_stacks() {
  constexpr std::size_t kUsual = std::size_t{8} << 20;
  constexpr std::size_t kLeast = std::size_t{2} << 20;
  constexpr std::size_t kMost = std::size_t{64} << 20;
  rlimit limit{};
  if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur < kUsual) {
    limit.rlim_cur = std::min<rlim_t>(kUsual, limit.rlim_max);
    setrlimit(RLIMIT_STACK, &limit);
  }
  pthread_attr_t attributes;
  if (pthread_getattr_default_np(&attributes) != 0) return;
  std::size_t bytes = 0;
  pthread_attr_getstacksize(&attributes, &bytes);
  if (bytes < kLeast || bytes > kMost) {
    pthread_attr_setstacksize(&attributes, kUsual);
    pthread_setattr_default_np(&attributes);
  }
  pthread_attr_destroy(&attributes);
}

}  // namespace

void start_clean(char** argv) {
  restore_mask();
  set_stacks();
  const char* handed_over = std::getenv(kHandOver);
  const bool second_start = handed_over != nullptr;
  if (second_start) {
    at_start() = read_hand_over(handed_over);
    unsetenv(kHandOver);
    name_process(argv[0]);
  }
  const std::vector<std::string> variables = environment_variables();
  std::vector<EnvironmentSwitch> now = switches_in(variables);
  const bool any =
      std::any_of(now.begin(), now.end(), [](const EnvironmentSwitch& set) { return set.cleared; });
  if (second_start && !any) return;
  at_start() = std::move(now);
  if (any && !second_start) start_again(argv, variables);
  for (const EnvironmentSwitch& set : at_start()) {
    if (set.cleared) unsetenv(set.name.c_str());
  }
}

const std::vector<EnvironmentSwitch>& switches_at_start() { return at_start(); }

}  // namespace twofour::app
