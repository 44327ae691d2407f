// Algorithms that searches have found, for the other devices of a host that are to use them.
#pragma once

#include <sys/types.h>

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "run/part_file.h"

namespace twofour::job {

/// A list in memory, which processes share that are started after it is made. Each adds at its end,
/// a line at a time, and reads what is new when it looks. Devices of one kind have one number.
class Winners {
 public:
  /// Throws std::system_error.
  Winners();

  void add(int kind, int case_index, std::string_view kernel, std::string_view algorithm);
  /// No search for this case follows.
  void close(int kind, int case_index);

  /// Empty: none is known.
  std::string find(int kind, int case_index, const std::string& kernel);
  bool closed(int kind, int case_index);

 private:
  void append(const std::string& line);
  void read_new();
  void take(std::string_view line);

  run::Descriptor file_;
  // Of this process alone.
  off_t read_ = 0;
  std::string rest_;  ///< of a line that is not complete
  std::map<std::tuple<int, int, std::string>, std::string> found_;
  std::set<std::pair<int, int>> closed_;
};

}  // namespace twofour::job
