// Failures of CUDA calls: those that leave the device usable, and those that do not.
#pragma once

#include <cuda_runtime_api.h>

#include <string_view>

namespace twofour::device::cuda {

/// Throws when `status` is not success: DeviceLost if the device fails from now on in this process
/// (an illegal address in a kernel, say), std::runtime_error otherwise. `what` says what was being
/// done, in words that fit after "could not". Clears the error where it can be cleared.
void check(cudaError_t status, std::string_view what);

/// The same for a library's own failure: throws DeviceLost when the device is lost, else
/// std::runtime_error with `message`.
[[noreturn]] void throw_failure(std::string_view message);

/// For destructors and clean-up: reports nothing, and leaves no error behind for the next call.
void ignore(cudaError_t status) noexcept;

}  // namespace twofour::device::cuda
