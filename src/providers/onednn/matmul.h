// A problem in oneDNN's terms.
#pragma once

#include <oneapi/dnnl/dnnl.hpp>
#include <optional>
#include <string>

#include "core/problem.h"

namespace twofour::providers::onednn {

/// oneDNN's name for `type`; nothing for fp8, which oneDNN 3.2 does not have.
std::optional<dnnl::memory::data_type> onednn_type(DataType type);

/// A matmul of `problem`, all memory 3-dimensional with a batch of one, source [1][M][K] and
/// destination [1][M][N] row-major, weights in the layout that the library likes best. Scales are
/// run-time arguments and an element of the result is bf16(scale_a * scale_b * acc + bias),
/// computed in float32 and rounded once. A scale for the tensor is a source scale; oneDNN 3.2 has
/// no source scale by row, so per-token scales are the first binary post-op. Bias is the last one,
/// because oneDNN would add its own bias before that multiplication.
///
/// The batch of one is not idle: with two dimensions the AVX-512 and AMX kernels refuse a [M,1]
/// operand of a post-op and leave the problem to the reference implementation.
///
/// Reads the OpenMP thread count of the caller. Throws dnnl::error when no implementation takes the
/// problem.
dnnl::matmul::primitive_desc describe_matmul(const dnnl::engine& engine,
                                             const GemmProblem& problem);

/// The weights as the operands have them: [N][K] row-major, seen as [1][K][N].
dnnl::memory::desc plain_weights(const GemmProblem& problem);
/// Source [1][M][K].
dnnl::memory::desc plain_source(const GemmProblem& problem);
/// Destination [1][M][N].
dnnl::memory::desc plain_destination(const GemmProblem& problem);
/// float32 [1][M][1], the operand of the per-token post-op.
dnnl::memory::desc token_scales(const GemmProblem& problem);
/// [1][1][N] of the output's type, the operand of the bias post-op.
dnnl::memory::desc bias_vector(const GemmProblem& problem);

/// A text that is the same for two layouts of packed weights only if they are laid out alike.
std::string layout_key(const dnnl::memory::desc& weights);

/// Sets the OpenMP thread count that oneDNN reads, for the caller and as long as it lives.
class ThreadCount {
 public:
  explicit ThreadCount(int threads);
  ~ThreadCount();
  ThreadCount(const ThreadCount&) = delete;
  ThreadCount& operator=(const ThreadCount&) = delete;

 private:
  int before_;
};

}  // namespace twofour::providers::onednn
