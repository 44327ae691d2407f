#include "app/commands.h"

#include <vector>

#include "app/bench.h"
#include "app/list.h"

namespace twofour::app {

std::span<const Command> commands() {
  static const std::vector<Command> table{
      bench_command(),
      list_command(),
  };
  return table;
}

}  // namespace twofour::app
