// The C interface of libtwofour_torch.so, the only code here that is compiled against PyTorch.
// Everything that is not a pointer has a fixed size, so that compilers may differ.
#pragma once

#include <stddef.h>
#include <stdint.h>

#if defined(__cplusplus)
extern "C" {
#endif

/// Raised when anything below changes.
#define TWOFOUR_TORCH_INTERFACE 1

enum TwofourTorchType {
  kTwofourTorchFp8E4m3 = 1,
  kTwofourTorchBf16 = 2,
  kTwofourTorchFp16 = 3,
};

/// One product, D[m][n] = scale_a * scale_b * A[m][k] x W[n][k]^T. All matrices are row-major, and
/// all memory is of the current GPU and outlives the job.
struct TwofourTorchJob {
  int64_t m;
  int64_t n;
  int64_t k;
  int32_t type;    ///< TwofourTorchType of A and W
  int32_t d_type;  ///< TwofourTorchType of D
  int32_t scaled;  ///< 0: mm, the scales are not read; 1: _scaled_mm
  int32_t fast_accumulation;
  const void* a;
  const void* const* weights;  ///< `copies` addresses; read while the job is made
  int32_t copies;
  int32_t per_row;  ///< 1: scale_a is float32 [m] and scale_b [n]; 0: both are [1]
  const void* scale_a;
  const void* scale_b;
  void* d;
  void* stream;  ///< cudaStream_t
};

/// Each call that can fail returns null or a non-zero value and writes the reason, cut to
/// `error_bytes` with its final zero, to `error`.
struct TwofourTorchModule {
  int32_t interface;    ///< TWOFOUR_TORCH_INTERFACE
  const char* version;  ///< of PyTorch
  void* (*make)(const struct TwofourTorchJob* job, char* error, size_t error_bytes);
  /// Enqueues the product with weights `copy` on the job's stream; does not wait.
  int32_t (*launch)(void* job, int32_t copy, char* error, size_t error_bytes);
  void (*destroy)(void* job);
};

/// The only symbol of the library.
const struct TwofourTorchModule* twofour_torch_module(void);

#if defined(__cplusplus)
}
#endif
