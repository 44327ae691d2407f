#include "device/cuda/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>

#include "device/device_lost.h"

namespace twofour::device::cuda {
namespace {

/// Answers to waiting that say nothing of a device that was there: waiting is refused during a
/// capture, and a GPU that could not be had in the first place is not lost.
constexpr std::array kOfNoDevice{
    cudaErrorStreamCaptureUnsupported, cudaErrorStreamCaptureInvalidated,
    cudaErrorInsufficientDriver,       cudaErrorNoDevice,
    cudaErrorDevicesUnavailable,       cudaErrorSystemNotReady,
    cudaErrorSystemDriverMismatch,     cudaErrorInitializationError,
    cudaErrorMemoryAllocation};

bool tells_of_device(cudaError_t status) {
  return std::find(kOfNoDevice.begin(), kOfNoDevice.end(), status) == kOfNoDevice.end();
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
