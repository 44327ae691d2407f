#include "providers/cuda/decode.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "device/cuda/error.h"
#include "providers/cuda/candidates.h"
#include "providers/cuda/decode_params.h"
#include "providers/cuda/layout.h"

namespace twofour::providers::cuda {
namespace {

using device::cuda::check;

const void* kernel_of(const GemmProblem& problem) {
  return problem.a == DataType::kInt8 ? kernel_i8(problem.sparsity, problem.shape.m)
                                      : kernel_fp8(problem.sparsity, problem.shape.m);
}

int clusters_of(const GemmProblem& problem, const DecodeConfig& config) {
  return static_cast<int>((row_tiles(problem.shape.n) + config.tiles - 1) / config.tiles);
}

/// A launch's configuration with its attributes.
struct LaunchConfig {
  LaunchConfig(const GemmProblem& problem, const DecodeConfig& config, cudaStream_t stream) {
    const auto ranks = static_cast<unsigned>(config.ranks);
    value.gridDim = dim3(static_cast<unsigned>(clusters_of(problem, config)) * ranks);
    value.blockDim = dim3(static_cast<unsigned>(config.tiles * config.groups) * 128 + 32);
    value.dynamicSmemBytes = static_cast<std::size_t>(
        shared_layout(problem.sparsity, static_cast<int>(problem.shape.m), config).bytes);
    value.stream = stream;
    value.attrs = attributes;
    attributes[0].id = cudaLaunchAttributeClusterDimension;
    attributes[0].val.clusterDim = {ranks, 1, 1};
    value.numAttrs = 1;
    if (config.overlap != Overlap::kNone) {
      attributes[1].id = cudaLaunchAttributeProgrammaticStreamSerialization;
      attributes[1].val.programmaticStreamSerializationAllowed = 1;
      value.numAttrs = 2;
    }
  }
  LaunchConfig(const LaunchConfig&) = delete;
  LaunchConfig& operator=(const LaunchConfig&) = delete;

  cudaLaunchAttribute attributes[2]{};
  cudaLaunchConfig_t value{};
};

}  // namespace

CUtensorMap activation_map(const void* a, std::int64_t m, std::int64_t k) {
  void* entry = nullptr;
  cudaDriverEntryPointQueryResult found{};
  check(cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &entry, 12000, cudaEnableDefault,
                                         &found),
        "find cuTensorMapEncodeTiled in the driver");
  if (found != cudaDriverEntryPointSuccess || entry == nullptr) {
    throw std::runtime_error("the driver has no cuTensorMapEncodeTiled");
  }
  const auto encode = reinterpret_cast<decltype(&cuTensorMapEncodeTiled)>(entry);
  const cuuint64_t sizes[2] = {static_cast<cuuint64_t>(k), static_cast<cuuint64_t>(m)};
  const cuuint64_t row_bytes[1] = {static_cast<cuuint64_t>(k)};
  const cuuint32_t box[2] = {kRowBytes, static_cast<cuuint32_t>(instruction_tokens(m))};
  const cuuint32_t element_strides[2] = {1, 1};
  CUtensorMap map{};
  // The driver takes memory as writable; the kernels only read it.
  const CUresult status =
      encode(&map, CU_TENSOR_MAP_DATA_TYPE_UINT8, 2, const_cast<void*>(a), sizes, row_bytes, box,
             element_strides, CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_128B,
             CU_TENSOR_MAP_L2_PROMOTION_L2_128B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  if (status != CUDA_SUCCESS) {
    throw std::runtime_error(
        fmt::format("cuTensorMapEncodeTiled refused activations of {} x {} bytes (CUresult {})", m,
                    k, static_cast<int>(status)));
  }
  return map;
}

void prepare_decode(const GemmProblem& problem, const DecodeConfig& config) {
  const void* kernel = kernel_of(problem);
  if (const auto reason = refusal(problem, config)) {
    throw std::runtime_error(fmt::format("{}: {}", to_string(config), *reason));
  }
  check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, kMostSharedBytes),
        "give a decode kernel its shared memory");
  // Else the driver may leave room for one CTA alone, and launches cannot overlap.
  check(cudaFuncSetAttribute(kernel, cudaFuncAttributePreferredSharedMemoryCarveout,
                             cudaSharedmemCarveoutMaxShared),
        "prefer shared memory for a decode kernel");
  const LaunchConfig launch(problem, config, nullptr);
  int clusters = 0;
  check(cudaOccupancyMaxActiveClusters(&clusters, kernel, &launch.value),
        "ask how many clusters fit on the GPU");
  if (clusters == 0) {
    throw std::runtime_error(fmt::format("no cluster of {} fits on this GPU", to_string(config)));
  }
}

void launch_decode(const DecodeLaunch& launch, const DecodeArguments& arguments,
                   cudaStream_t stream) {
  const GemmProblem& problem = launch.problem;
  const DecodeConfig& config = launch.config;
  const LaunchConfig how(problem, config, stream);
  DecodeParams params{
      .weights = static_cast<const std::uint8_t*>(arguments.weights),
      .d = arguments.d,
      .scale_a = arguments.scale_a,
      .scale_b = arguments.scale_b,
      .bias = arguments.bias,
      .m = arguments.m,
      .n = arguments.n,
      .chunks = static_cast<int>(chunks(problem.sparsity, problem.shape.k)),
      .row_tiles = static_cast<int>(row_tiles(problem.shape.n)),
      .tiles = config.tiles,
      .groups = config.groups,
      .depth = config.depth,
      .shared = shared_layout(problem.sparsity, static_cast<int>(problem.shape.m), config),
      .scale_a_per_token = arguments.scale_a_per_token,
      .scale_b_per_channel = arguments.scale_b_per_channel,
      .fp16_output = arguments.fp16_output,
      .overlap = config.overlap};
  CUtensorMap map = launch.activations;
  void* list[] = {&map, &params};
  check(cudaLaunchKernelExC(&how.value, kernel_of(problem), list), "launch a decode kernel");
}

}  // namespace twofour::providers::cuda
