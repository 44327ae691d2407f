// Operands in host memory, made by host threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/buffer.h"
#include "core/function_ref.h"
#include "operands/operands.h"

namespace twofour::operands {

/// Returns a buffer of that many bytes, at least 64-byte aligned, that the host can write.
using Allocator = FunctionRef<Buffer(std::size_t bytes)>;

/// Makes all operands of `spec` with `threads` host threads: the same bits for any number of them.
/// Memory comes from `allocate`, whose exceptions pass through: operand_bytes(spec) bytes in all,
/// first touched by the thread that fills it.
Operands make_host_operands(const OperandSpec& spec, int threads, Allocator allocate);

/// The scales of A (one for each row) or of B (one for each column), for devices that fill A and B
/// themselves: `scales` has one entry, or M or N. ScaleGranularity::kNone makes 1.
void make_scales(std::uint64_t seed, ScaleGranularity granularity, bool of_a,
                 std::span<float> scales);
/// The same values in both output types, [N] each.
void make_bias(std::uint64_t seed, std::span<std::uint16_t> bf16, std::span<std::uint16_t> fp16);

}  // namespace twofour::operands
