#include "app/relaunch.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

#include "app/exit_code.h"

namespace twofour::app {

std::vector<std::string> resuming_arguments(const std::vector<std::string>& arguments,
                                            const std::filesystem::path& jsonl) {
  constexpr std::string_view kOption = "--resume";
  std::vector<std::string> result;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == kOption) {
      ++i;  // and its value
    } else if (!arguments[i].starts_with(std::string(kOption) + "=")) {
      result.push_back(arguments[i]);
    }
  }
  result.emplace_back(kOption);
  result.push_back(jsonl.string());
  return result;
}

namespace {

/// As execve() wants a list; refers to `words`.
std::vector<char*> pointers_to(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// Losses that this program did not write are none: at worst, one more process is lost.
std::vector<Loss> take_losses() {
  const char* text = std::getenv(kLossesVariable);
  if (text == nullptr) return {};
  std::vector<Loss> losses;
  try {
    losses = parse_losses(text);
  } catch (const std::invalid_argument& error) {
    fmt::print(stderr, "twofour: {} is passed over: {}\n", kLossesVariable, error.what());
  }
  unsetenv(kLossesVariable);
  return losses;
}

}  // namespace

Relaunch::Relaunch(std::vector<std::string> arguments)
    : arguments_(std::move(arguments)), losses_(take_losses()) {
  sched_getaffinity(0, sizeof(processors_), &processors_);
}

void Relaunch::resume_from(const std::filesystem::path& jsonl, std::span<const Loss> losses) const {
  std::vector<std::string> words{"twofour"};
  for (std::string& word : resuming_arguments(arguments_, jsonl)) words.push_back(std::move(word));
  // A list of its own: other threads may read the environment while this one would change it.
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable)
    variables.emplace_back(*variable);
  if (!losses.empty()) variables.push_back(fmt::format("{}={}", kLossesVariable, to_text(losses)));
  (void)std::fflush(nullptr);
  sched_setaffinity(0, sizeof(processors_), &processors_);
  execve("/proc/self/exe", pointers_to(words).data(), pointers_to(variables).data());
  fmt::print(stderr, "twofour: cannot go on in a fresh process: {}\n",
             std::generic_category().message(errno));
  std::_Exit(kExitFailed);
}

}  // namespace twofour::app
