#include "program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <initializer_list>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "report/attempt.h"
#include "report/report.h"

namespace twofour::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kPatience{120};

/// Whether a variable is one that the program reads or clears: what the user of the tests has set
/// for other programs must not change what this one says.
bool is_switch(std::string_view variable) {
  constexpr std::array kBeginnings{"TWOFOUR_MOCK=", "TWOFOUR_CONFIGS_DIR=",
                                   "OMP_",          "GOMP_",
                                   "KMP_",          "LIBOMP_",
                                   "ONEDNN_",       "DNNL_",
                                   "MKL_",          "CUBLAS",
                                   "CUSPARSE",      "TORCH_",
                                   "PYTORCH",       "NVIDIA_",
                                   "CUDA_"};
  return std::any_of(kBeginnings.begin(), kBeginnings.end(),
                     [&](const char* beginning) { return variable.starts_with(beginning); });
}

/// This process's environment without switches, with TWOFOUR_MOCK as given.
std::vector<std::string> environment_with(const std::string& mock) {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!is_switch(*variable)) variables.emplace_back(*variable);
  }
  if (!mock.empty()) variables.push_back("TWOFOUR_MOCK=" + mock);
  return variables;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// In a process group of its own, so that a test can stop all of it.
pid_t start(const Folder& folder, const Folder& streams, std::vector<std::string> words,
            const std::string& mock) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, folder.path().c_str());
  constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC;
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, (streams.path() / "out").c_str(),
                                   kFlags, 0600);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, (streams.path() / "err").c_str(),
                                   kFlags, 0600);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  // A test that itself runs in the background of a script ignores some of them.
  sigset_t by_default;
  sigemptyset(&by_default);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ}) {
    sigaddset(&by_default, signal);
  }
  posix_spawnattr_setsigdefault(&attributes, &by_default);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
  std::vector<std::string> variables = environment_with(mock);
  pid_t pid = 0;
  const int error = posix_spawn(&pid, words.front().c_str(), &actions, &attributes,
                                pointers_to(words).data(), pointers_to(variables).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw std::runtime_error("cannot start " + words.front());
  return pid;
}

int wait_for(pid_t pid, const WhileRunning& while_running) {
  const auto begin = Clock::now();
  int status = 0;
  while (waitpid(pid, &status, WNOHANG) == 0) {
    if (while_running) while_running(pid);
    if (Clock::now() - begin > kPatience) {
      ADD_FAILURE() << "the program did not end";
      kill(pid, SIGKILL);
      waitpid(pid, &status, 0);
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Finished run_words(const Folder& folder, std::vector<std::string> words, const std::string& mock,
                   const WhileRunning& while_running) {
  const Folder streams;
  const pid_t pid = start(folder, streams, std::move(words), mock);
  Finished finished{.code = wait_for(pid, while_running)};
  finished.out = read_file(streams.path() / "out");
  finished.err = read_file(streams.path() / "err");
  return finished;
}

}  // namespace

Folder::Folder() {
  std::string name = (std::filesystem::temp_directory_path() / "twofour_cli_XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
  path_ = name;
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::vector<std::filesystem::path> Folder::files() const {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(path_)) {
    files.push_back(entry.path());
  }
  return files;
}

std::filesystem::path Folder::only(std::string_view extension) const {
  std::filesystem::path found;
  for (const auto& file : files()) {
    if (file.extension() != extension) continue;
    if (!found.empty()) return {};
    found = file;
  }
  return found;
}

Finished run(const Folder& folder, const std::vector<std::string>& arguments,
             const std::string& mock, const WhileRunning& while_running) {
  std::vector<std::string> words{TWOFOUR_PROGRAM};
  for (const std::string& argument : arguments) words.push_back(argument);
  return run_words(folder, std::move(words), mock, while_running);
}

Finished run_line(const Folder& folder, const std::string& line, const std::string& mock) {
  return run_words(folder,
                   {"/bin/sh", "-c", R"(twofour() { ")" TWOFOUR_PROGRAM R"(" "$@"; }; )" + line},
                   mock, {});
}

Finished run_after(const Folder& folder, const std::string& line,
                   const std::vector<std::string>& arguments, const WhileRunning& while_running) {
  std::vector<std::string> words{"/bin/sh", "-c", line + R"(; exec "$0" "$@")", TWOFOUR_PROGRAM};
  for (const std::string& argument : arguments) words.push_back(argument);
  return run_words(folder, std::move(words), "", while_running);
}

WhileRunning once_after_rows(const Folder& folder, std::size_t rows,
                             std::function<void(pid_t)> act) {
  return [&folder, rows, act = std::move(act), done = false](pid_t pid) mutable {
    const auto jsonl = folder.only(".jsonl");
    if (done || jsonl.empty() || lines_of(read_file(jsonl)).size() < 1 + rows) return;
    done = true;
    act(pid);
  };
}

std::vector<pid_t> children_of(pid_t pid) {
  std::vector<pid_t> children;
  std::istringstream stream(
      read_file("/proc/" + std::to_string(pid) + "/task/" + std::to_string(pid) + "/children"));
  for (pid_t child = 0; stream >> child;) children.push_back(child);
  return children;
}

std::string read_file(const std::filesystem::path& file) {
  std::ifstream stream(file);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

Results read_results(const std::filesystem::path& jsonl) {
  const std::string text = read_file(jsonl);
  const std::vector<std::string> lines = lines_of(text);
  if (lines.empty()) throw std::runtime_error("no results in '" + jsonl.string() + "'");
  EXPECT_TRUE(text.ends_with('\n'));
  Results results{.environment = report::parse_environment_json(lines.front())};
  for (std::size_t i = 1; i < lines.size(); ++i) {
    if (report::is_attempt_json(lines[i])) {
      results.attempts.push_back(report::parse_attempt_json(lines[i]));
    } else {
      Record record = report::parse_record_json(lines[i]);
      (is_twin(record) ? results.controls : results.records).push_back(std::move(record));
    }
  }
  return results;
}

std::vector<std::string> quick_sweep(const std::vector<std::string>& more) {
  std::vector<std::string> words{"--dtype",   "int8", "--device",    "cpu", "--providers", "mock",
                                 "--threads", "1",    "--precision", "0.3", "--max-time",  "0.5"};
  for (const std::string& word : more) words.push_back(word);
  for (const char* word :
       {"square_bench", "--dim-start", "16", "--dim-end", "48", "--dim-increment", "16"}) {
    words.emplace_back(word);
  }
  return words;
}

}  // namespace twofour::cli
