#include "app/commands.h"

#include <vector>

#include "app/bench.h"
#include "app/compare_command.h"
#include "app/list.h"
#include "app/report_command.h"

namespace twofour::app {

std::span<const Command> commands() {
  static const std::vector<Command> table{
      bench_command(),
      list_command(),
      report_command(),
      compare_command(),
  };
  return table;
}

}  // namespace twofour::app
