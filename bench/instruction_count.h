// Counts the instructions that a function executes, exactly.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace twofour::bench {

enum class CountMethod { kCounter, kSingleStep };

constexpr std::string_view to_string(CountMethod method) {
  return method == CountMethod::kCounter ? "the processor's counter" : "single steps";
}

/// Counts by the processor's counter of retired instructions where the kernel lets us read it
/// (perf_event_open), otherwise by single steps of a child process (ptrace), which takes some
/// microseconds for each instruction. valgrind counts too, but knows neither AVX-512 nor AMX.
class InstructionCounter {
 public:
  InstructionCounter();
  ~InstructionCounter();
  InstructionCounter(const InstructionCounter&) = delete;
  InstructionCounter& operator=(const InstructionCounter&) = delete;

  [[nodiscard]] CountMethod method() const {
    return event_ >= 0 ? CountMethod::kCounter : CountMethod::kSingleStep;
  }

  /// Instructions of one call of `body`, without those that count for an empty one. With single
  /// steps `body` runs in a child process: what it writes is lost. Throws std::system_error when
  /// the kernel allows neither way, std::runtime_error when the child dies.
  std::int64_t count(const std::function<void()>& body) const;

 private:
  [[nodiscard]] std::int64_t raw(const std::function<void()>& body) const;

  int event_ = -1;  ///< file descriptor of the counter
};

}  // namespace twofour::bench
