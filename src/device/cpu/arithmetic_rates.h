// How fast the processor multiplies when nothing else is in the way.
#pragma once

#include <optional>

#include "core/data_type.h"
#include "core/processor.h"

namespace twofour::device::cpu {

/// Multiply-adds per second that `threads` threads reach on registers alone, on dense operands,
/// with the best instructions of `features` that a kernel of operand type `type` can use: VPDPBUSD,
/// VDPBF16PS, TDPBSSD, TDPBF16PS, or a multiplication and addition of wider elements. No processor
/// multiplies fp8; kernels widen it to bf16, and the rate is that of bf16. The fastest of several
/// runs. Operands are random, since power depends on them. Nothing on other processors than x86-64.
/// `features` are some of this machine's.
std::optional<double> measure_multiply_adds_per_s(DataType type, Features features, int threads);

}  // namespace twofour::device::cpu
