// What several processes of this program on one host measure one after another, since at once they
// would measure one another, and take memory each.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "core/function_ref.h"

namespace twofour::device::cpu {

class HostTurn {
 public:
  /// `file`: by which processes find one another; it stays. One that cannot be had, or that belongs
  /// to another user, is done without: then nobody waits.
  explicit HostTurn(std::filesystem::path file) : file_(std::move(file)) {}
  /// The file of this user's processes.
  static std::filesystem::path usual_file();

  /// What `measure` returns, called while no other process is in its call. Where this one had to
  /// wait, and meanwhile another one got a number for the same `key`, that is returned instead. A
  /// process that holds the turn for longer than `patience_s` is not waited for.
  std::optional<double> measure(std::string_view key, FunctionRef<std::optional<double>()> measure,
                                double patience_s = 60) const;

 private:
  std::filesystem::path file_;
};

}  // namespace twofour::device::cpu
