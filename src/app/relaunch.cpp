#include "app/relaunch.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <system_error>

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

Relaunch::Relaunch(int argc, const char* const* argv) : arguments_(argv + 1, argv + argc) {
  sched_getaffinity(0, sizeof(processors_), &processors_);
}

void Relaunch::resume_from(const std::filesystem::path& jsonl) const {
  std::vector<std::string> words{"twofour"};
  for (std::string& word : resuming_arguments(arguments_, jsonl)) words.push_back(std::move(word));
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  (void)std::fflush(nullptr);
  sched_setaffinity(0, sizeof(processors_), &processors_);
  execv("/proc/self/exe", pointers.data());
  fmt::print(stderr, "twofour: cannot go on in a fresh process: {}\n",
             std::generic_category().message(errno));
  std::_Exit(kExitFailed);
}

}  // namespace twofour::app
