// Launch configurations of the kernels: clusters and programmatic dependent launch.
#pragma once

#include <cuda_runtime_api.h>

#include <string>

namespace twofour::providers::cuda::sm90 {

struct LaunchShape {
  int clusters = 1;
  int ranks = 1;  ///< CTAs of a cluster
  int threads = 32;
  int shared_bytes = 0;
  bool overlaps = false;  ///< whether it may start before the previous kernel has finished
};

/// A cudaLaunchConfig_t together with the attributes that it points to.
struct LaunchConfig {
  LaunchConfig(const LaunchShape& shape, cudaStream_t stream);
  LaunchConfig(const LaunchConfig&) = delete;
  LaunchConfig& operator=(const LaunchConfig&) = delete;

  cudaLaunchAttribute attributes[2]{};
  cudaLaunchConfig_t value{};
};

/// Lets `kernel` use as much shared memory as a CTA can have. Returns how many clusters of `shape`
/// can be resident; throws std::runtime_error, with `name` in its text, when none can.
int prepare_kernel(const void* kernel, const LaunchShape& shape, const std::string& name);

}  // namespace twofour::providers::cuda::sm90
