#include "providers/cuda/sm90/launch_config.h"

#include <fmt/format.h>

#include <cstddef>
#include <stdexcept>

#include "device/cuda/error.h"
#include "providers/cuda/sm90/decode.h"

namespace twofour::providers::cuda::sm90 {

using device::cuda::check;

LaunchConfig::LaunchConfig(const LaunchShape& shape, cudaStream_t stream) {
  const auto ranks = static_cast<unsigned>(shape.ranks);
  value.gridDim = dim3(static_cast<unsigned>(shape.clusters) * ranks);
  value.blockDim = dim3(static_cast<unsigned>(shape.threads));
  value.dynamicSmemBytes = static_cast<std::size_t>(shape.shared_bytes);
  value.stream = stream;
  value.attrs = attributes;
  attributes[0].id = cudaLaunchAttributeClusterDimension;
  attributes[0].val.clusterDim = {ranks, 1, 1};
  value.numAttrs = 1;
  if (shape.overlaps) {
    attributes[1].id = cudaLaunchAttributeProgrammaticStreamSerialization;
    attributes[1].val.programmaticStreamSerializationAllowed = 1;
    value.numAttrs = 2;
  }
}

int prepare_kernel(const void* kernel, const LaunchShape& shape, const std::string& name) {
  check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, kMaxSharedBytes),
        "give a decode kernel its shared memory");
  // Else the driver may leave room for one CTA alone, and launches cannot overlap.
  check(cudaFuncSetAttribute(kernel, cudaFuncAttributePreferredSharedMemoryCarveout,
                             cudaSharedmemCarveoutMaxShared),
        "prefer shared memory for a decode kernel");
  const LaunchConfig launch(shape, nullptr);
  int clusters = 0;
  check(cudaOccupancyMaxActiveClusters(&clusters, kernel, &launch.value),
        "ask how many clusters fit on the GPU");
  if (clusters == 0) {
    throw std::runtime_error(fmt::format("no cluster of {} fits on this GPU", name));
  }
  return clusters;
}

}  // namespace twofour::providers::cuda::sm90
