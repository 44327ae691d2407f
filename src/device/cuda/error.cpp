#include "device/cuda/error.h"

#include <fmt/format.h>

#include <stdexcept>
#include <string>

#include "device/device_lost.h"

namespace twofour::device::cuda {
namespace {

/// Whether the answer to waiting says something about a device that was there. Waiting is refused
/// during a capture, and where there is no GPU none is lost.
bool tells_of_device(cudaError_t status) {
  return status != cudaErrorStreamCaptureUnsupported &&
         status != cudaErrorStreamCaptureInvalidated && status != cudaErrorInsufficientDriver &&
         status != cudaErrorNoDevice;
}

/// An error that stays after it was read and cleared is sticky: the context is gone.
cudaError_t lasting_error() {
  cudaGetLastError();
  const cudaError_t again = cudaDeviceSynchronize();
  if (tells_of_device(again)) return again;
  cudaGetLastError();
  return cudaSuccess;
}

}  // namespace

void throw_failure(std::string_view message) {
  const cudaError_t lasting = lasting_error();
  if (lasting == cudaSuccess) throw std::runtime_error(std::string(message));
  throw DeviceLost(
      fmt::format("{}; the GPU is lost to this process: {}", message, cudaGetErrorString(lasting)));
}

void check(cudaError_t status, std::string_view what) {
  if (status == cudaSuccess) return;
  throw_failure(fmt::format("could not {}: {} ({})", what, cudaGetErrorString(status),
                            cudaGetErrorName(status)));
}

void ignore(cudaError_t status) noexcept {
  if (status != cudaSuccess) cudaGetLastError();
}

}  // namespace twofour::device::cuda
