// What the execution ports of this processor allow: the rate of the instruction mix at the heart of
// a kernel, measured without anything around it.
#pragma once

#include <cstdint>
#include <optional>

#include "core/data_type.h"
#include "core/problem.h"
#include "core/processor.h"

namespace twofour::bench {

/// How a kernel gets the activations that 2:4 weights ask for: not at all (dense), by a shuffle of
/// registers, or by the address of a load.
enum class Choice : std::uint8_t { kNone, kShuffle, kAddress };

/// Seconds of one core cycle now: the latency of an addition that waits for the one before.
double cycle_seconds();

/// Dense-equivalent multiply-adds per cycle that the instructions of a kernel could do at best,
/// were they all there was to execute; nothing where no mix is known for that kernel. Measured at
/// the first call for a mix. Only for an `isa` that this machine has.
std::optional<double> multiply_adds_per_cycle_limit(Isa isa, DataType type, Choice choice);

}  // namespace twofour::bench
