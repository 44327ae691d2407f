// Kernels of the device layer, callable from C++. Each launches on `stream` and does not wait;
// launch errors throw as check() does.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

#include "core/data_type.h"
#include "core/problem.h"
#include "device/sm_clock.h"
#include "operands/fill.h"

namespace twofour::device::cuda {

/// Occupies the GPU for about `nanoseconds`, so that what is enqueued meanwhile starts without a
/// gap.
void spin(std::int64_t nanoseconds, cudaStream_t stream);

/// `blocks` blocks of one thread each write a stamp of the multiprocessor that they run on, block i
/// to stamps[i], which may lie in pinned memory of the host. Each waits until the GPU's timer
/// moves, because on some GPUs it does so once in a microsecond, but for no more than some tens of
/// them.
void stamp_clocks(ClockStamp* stamps, unsigned blocks, cudaStream_t stream);

/// Reads `bytes` (a multiple of 16) once, and writes four bytes to `sink` only if the data has one
/// improbable pattern: there so that the reads are not removed.
void read_all(const void* data, std::size_t bytes, std::uint32_t* sink, cudaStream_t stream);

/// Fills a [rows][columns] row-major matrix with the operand stream of `tensor`, pruned along
/// the columns as `pattern` says. `table` is operands::quantile_table() in
/// device memory. The bits are those of operands::make_host_operands.
void fill_matrix(DataType type, std::uint64_t seed, operands::Tensor tensor, std::int64_t rows,
                 std::int64_t columns, Sparsity pattern, const operands::QuantileSegment* table,
                 void* data, cudaStream_t stream);

/// The canonical compressed form of a 2:4 weight [n][k] in device memory: `values` is
/// [n][operands::values_per_row(k)] of `type`, `metadata`
/// [n][operands::metadata_bytes_per_row(k)] bytes (operands/two_four.h).
void compress_two_four(DataType type, const void* b, std::int64_t n, std::int64_t k, void* values,
                       std::uint8_t* metadata, cudaStream_t stream);

}  // namespace twofour::device::cuda
