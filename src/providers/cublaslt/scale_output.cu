#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include <algorithm>

#include "device/cuda/error.h"
#include "providers/cublaslt/scale_output.h"

namespace twofour::providers::cublaslt {
namespace {

constexpr int kThreads = 128;
constexpr std::int64_t kMostRowBlocks = 65535;

__device__ void convert(float value, __nv_bfloat16& out) { out = __float2bfloat16_rn(value); }
__device__ void convert(float value, __half& out) { out = __float2half_rn(value); }
__device__ float widen(__nv_bfloat16 value) { return __bfloat162float(value); }
__device__ float widen(__half value) { return __half2float(value); }

/// kColumns neighbours, read and written at once.
template <class T, int kColumns>
struct alignas(sizeof(T) * kColumns) Pack {
  T values[kColumns];
};

/// A block is kThreads * kColumns columns of rows blockIdx.y, blockIdx.y + gridDim.y, ... of the
/// sums of all products together.
template <class Sum, class Out, int kColumns>
__global__ void __launch_bounds__(kThreads) scale_kernel(ScaleOutput job) {
  const std::int64_t column =
      (static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x) * kColumns;
  if (column >= job.n) return;
  float scale_b[kColumns];
  float bias[kColumns];
  for (int i = 0; i < kColumns; ++i) {
    scale_b[i] = job.scale_b[job.per_channel ? column + i : 0];
    bias[i] = job.bias == nullptr ? 0.0f : widen(static_cast<const Out*>(job.bias)[column + i]);
  }
  for (std::int64_t row = blockIdx.y; row < job.batch * job.m; row += gridDim.y) {
    const std::int64_t product = job.batch == 1 ? 0 : row / job.m;
    const std::int64_t row_there = row - product * job.m;
    const float scale_a = job.scale_a[job.per_token ? row_there : 0];
    const std::int64_t at = (product * job.d_rows + row_there) * job.n + column;
    const auto sums = *reinterpret_cast<const Pack<Sum, kColumns>*>(
        static_cast<const Sum*>(job.sums) + row * job.n + column);
    Pack<Out, kColumns> out;
    for (int i = 0; i < kColumns; ++i) {
      convert(fmaf(scale_b[i], scale_a * static_cast<float>(sums.values[i]), bias[i]),
              out.values[i]);
    }
    *reinterpret_cast<Pack<Out, kColumns>*>(static_cast<Out*>(job.d) + at) = out;
  }
}

template <class Sum, class Out, int kColumns>
void launch(const ScaleOutput& job, cudaStream_t stream) {
  const std::int64_t columns = std::int64_t{kThreads} * kColumns;
  const dim3 grid(static_cast<unsigned>((job.n + columns - 1) / columns),
                  static_cast<unsigned>(std::min(job.batch * job.m, kMostRowBlocks)));
  scale_kernel<Sum, Out, kColumns><<<grid, kThreads, 0, stream>>>(job);
}

template <class Sum, class Out>
void launch(const ScaleOutput& job, cudaStream_t stream) {
  // Rows begin at multiples of four elements only where n is one.
  if (job.n % 4 == 0) {
    launch<Sum, Out, 4>(job, stream);
  } else {
    launch<Sum, Out, 1>(job, stream);
  }
}

template <class Out>
void launch(const ScaleOutput& job, cudaStream_t stream) {
  if (job.integer_sums) {
    launch<std::int32_t, Out>(job, stream);
  } else {
    launch<float, Out>(job, stream);
  }
}

}  // namespace

void scale_output(const ScaleOutput& job, cudaStream_t stream) {
  if (job.d_type == DataType::kFp16) {
    launch<__half>(job, stream);
  } else {
    launch<__nv_bfloat16>(job, stream);
  }
  device::cuda::check(cudaGetLastError(), "launch the kernel that scales sums");
}

}  // namespace twofour::providers::cublaslt
