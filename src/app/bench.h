// The command `bench`: square_bench, range_bench and model_bench.
#pragma once

#include "app/command.h"

namespace twofour::app {

/// Its words are the modes of core/mode.h in their order.
Command bench_command();

}  // namespace twofour::app
