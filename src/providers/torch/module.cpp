// PyTorch's products behind a C interface (module.h). Compiled against PyTorch and nothing of ours.
#include "module.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/_scaled_mm.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/mm.h>
#include <c10/core/InferenceMode.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <torch/headeronly/version.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace {

c10::ScalarType scalar_type(int32_t type) {
  if (type == kTwofourTorchFp8E4m3) return c10::ScalarType::Float8_e4m3fn;
  return type == kTwofourTorchBf16 ? c10::ScalarType::BFloat16 : c10::ScalarType::Half;
}

/// A tensor over memory that somebody else owns.
at::Tensor view(const void* data, at::IntArrayRef sizes, c10::ScalarType type) {
  return at::from_blob(
      const_cast<void*>(data), sizes,
      at::TensorOptions().dtype(type).device(c10::kCUDA, c10::cuda::current_device()));
}

class Job {
 public:
  explicit Job(const TwofourTorchJob& job)
      : stream_(c10::cuda::getStreamFromExternal(static_cast<cudaStream_t>(job.stream),
                                                 c10::cuda::current_device())),
        scaled_(job.scaled != 0),
        fast_accumulation_(job.fast_accumulation != 0) {
    const c10::InferenceMode inference;
    const c10::ScalarType type = scalar_type(job.type);
    a_ = view(job.a, {job.m, job.k}, type);
    d_ = view(job.d, {job.m, job.n}, scalar_type(job.d_type));
    for (int32_t i = 0; i < job.copies; ++i) {
      weights_.push_back(view(job.weights[i], {job.n, job.k}, type).t());
    }
    if (!scaled_) return;
    const int64_t rows = job.per_row != 0 ? job.m : 1;
    const int64_t columns = job.per_row != 0 ? job.n : 1;
    scale_a_ = view(job.scale_a, {rows, 1}, c10::ScalarType::Float);
    scale_b_ = view(job.scale_b, {1, columns}, c10::ScalarType::Float);
  }

  void launch(int32_t copy) {
    const c10::InferenceMode inference;
    const c10::cuda::CUDAStreamGuard guard(stream_);
    const at::Tensor& weight = weights_.at(static_cast<std::size_t>(copy));
    if (scaled_) {
      at::_scaled_mm_out(d_, a_, weight, scale_a_, scale_b_, std::nullopt, std::nullopt,
                         d_.scalar_type(), fast_accumulation_);
    } else {
      at::mm_out(d_, a_, weight);
    }
  }

 private:
  c10::cuda::CUDAStream stream_;
  bool scaled_;
  bool fast_accumulation_;
  at::Tensor a_;
  at::Tensor d_;
  at::Tensor scale_a_;
  at::Tensor scale_b_;
  std::vector<at::Tensor> weights_;
};

/// The first line of what PyTorch says; a C++ backtrace follows it.
void report(const std::exception& exception, char* error, size_t error_bytes) {
  if (error_bytes == 0) return;
  const std::string_view text(exception.what());
  const std::size_t length = std::min({text.find('\n'), text.size(), error_bytes - 1});
  std::memcpy(error, text.data(), length);
  error[length] = '\0';
}

void* make(const TwofourTorchJob* job, char* error, size_t error_bytes) {
  try {
    return std::make_unique<Job>(*job).release();
  } catch (const std::exception& exception) {
    report(exception, error, error_bytes);
    return nullptr;
  }
}

int32_t launch(void* job, int32_t copy, char* error, size_t error_bytes) {
  try {
    static_cast<Job*>(job)->launch(copy);
    return 0;
  } catch (const std::exception& exception) {
    report(exception, error, error_bytes);
    return 1;
  }
}

void destroy(void* job) { delete static_cast<Job*>(job); }

constexpr TwofourTorchModule kModule{TWOFOUR_TORCH_INTERFACE, TORCH_VERSION, make, launch, destroy};

}  // namespace

extern "C" __attribute__((visibility("default"))) const TwofourTorchModule* twofour_torch_module(
    void) {
  return &kModule;
}
