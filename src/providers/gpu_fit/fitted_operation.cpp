#include "providers/gpu_fit/fitted_operation.h"

#include <cuda_runtime_api.h>

#include <cstddef>
#include <string>
#include <utility>

#include "core/buffer.h"
#include "device/cuda/cuda_stream.h"
#include "operands/operands.h"
#include "providers/gpu_fit/reshape.h"

namespace twofour::providers {
namespace {

/// The same memory, which somebody else owns.
Buffer view(const Buffer& buffer) {
  return {buffer.data(), buffer.bytes(), [](void*) {}};
}

/// `vector` with zeros behind it, `bytes` long.
Buffer padded(device::Device& device, const Buffer& vector, std::size_t bytes) {
  Buffer longer = device.memory().allocate(bytes);
  device.memory().fill_bytes(longer.data(), 0, bytes);
  device.memory().copy(longer.data(), vector.data(), vector.bytes());
  return longer;
}

class FittedOperation final : public Operation {
 public:
  FittedOperation(const Fit& fit, std::unique_ptr<Operation> library)
      : fit_(fit), library_(std::move(library)) {}

  void prepare(const PrepareArgs& args) override {
    stream_ = device::stream_of(args.device);
    a_ = args.operands.a.data();
    d_ = args.d;
    make_operands(args);
    void* d = args.d;
    if (fit_.copies_output()) {
      output_ = args.device.memory().allocate(fit_bytes(fit_).output);
      d = output_.data();
    }
    library_->prepare(
        {.device = args.device, .operands = operands_, .d = d, .threads = args.threads});
  }

  void plan(const PlanArgs& args) override {
    // A search is to multiply what launches will: zeros take less power.
    copy_activations();
    args.device.memory().synchronize();
    library_->plan(args);
  }

  void launch(WeightCopy weights) override {
    copy_activations();
    library_->launch(weights);
    if (!fit_.copies_output()) return;
    const auto row_bytes = [&](const GemmProblem& p) { return bytes_of(p.d, p.shape.n); };
    copy_rows(output_.data(), row_bytes(fit_.given), d_, row_bytes(fit_.asked), fit_.asked.shape.m,
              stream_);
  }

  [[nodiscard]] std::string algorithm() const override { return library_->algorithm(); }
  [[nodiscard]] std::string architecture() const override { return library_->architecture(); }
  [[nodiscard]] std::string remark() const override {
    return fit_.expands() ? std::string(kSixEightRemark) : library_->remark();
  }
  [[nodiscard]] GemmShape executed() const override { return library_->executed(); }
  [[nodiscard]] std::string copies() const override { return copies_of(fit_); }

 private:
  /// What the library multiplies, but for B, which it has packed.
  void make_operands(const PrepareArgs& args) {
    const operands::Operands& from = args.operands;
    device::Device& device = args.device;
    operands_.spec = from.spec;
    operands_.spec.shape = fit_.given.shape;
    operands_.a = view(from.a);
    if (fit_.copies_activations()) {
      const std::size_t bytes = fit_bytes(fit_).activations;
      operands_.a = device.memory().allocate(bytes);
      device.memory().fill_bytes(operands_.a.data(), 0, bytes);
    }
    operands_.scale_a = view(from.scale_a);
    operands_.scale_b = view(from.scale_b);
    operands_.bias_bf16 = view(from.bias_bf16);
    operands_.bias_fp16 = view(from.bias_fp16);
    if (!fit_.copies_output()) return;
    const auto n = static_cast<std::size_t>(fit_.given.shape.n);
    if (from.spec.scales.b == ScaleGranularity::kVector) {
      operands_.scale_b = padded(device, from.scale_b, n * sizeof(float));
    }
    operands_.bias_bf16 = padded(device, from.bias_bf16, n * 2);
    operands_.bias_fp16 = padded(device, from.bias_fp16, n * 2);
  }

  void copy_activations() const {
    if (!fit_.copies_activations()) return;
    const GemmShape& asked = fit_.asked.shape;
    const std::int64_t columns = fit_.given.shape.k;
    const DataType type = fit_.asked.a;
    if (fit_.expands()) {
      expand_activations(type, a_, asked.m, asked.k, operands_.a.data(), columns, stream_);
    } else {
      copy_rows(a_, bytes_of(type, asked.k), operands_.a.data(), bytes_of(type, columns), asked.m,
                stream_);
    }
  }

  Fit fit_;
  cudaStream_t stream_ = nullptr;
  const void* a_ = nullptr;  ///< [M][K], as asked
  void* d_ = nullptr;        ///< [M][N], as asked
  // The library's operation refers to what stands above it.
  operands::Operands operands_;
  Buffer output_;
  std::unique_ptr<Operation> library_;
};

}  // namespace

void pack_fitted(const Fit& fit, const PackTask& task, FunctionRef<void(const PackTask&)> pack) {
  if (!fit.changes()) return pack(task);
  device::Memory& memory = task.device.memory();
  cudaStream_t stream = device::stream_of(task.device);
  const DataType type = fit.given.b;
  const GemmShape& asked = fit.asked.shape;
  const GemmShape& given = fit.given.shape;
  const Buffer weights = memory.allocate(fit_bytes(fit).weights);
  const std::size_t written = bytes_of(type, asked.n * given.k);
  memory.fill_bytes(weights.as<std::byte>() + written, 0, weights.bytes() - written);
  if (fit.expands()) {
    expand_weights(type, task.weights.data(), asked.n, asked.k, weights.data(), given.k, stream);
  } else {
    copy_rows(task.weights.data(), bytes_of(type, asked.k), weights.data(), bytes_of(type, given.k),
              asked.n, stream);
  }
  pack({.device = task.device, .weights = weights, .packed = task.packed, .threads = task.threads});
  memory.synchronize();  // before the copy goes
}

std::unique_ptr<Operation> fitted(const Fit& fit, std::unique_ptr<Operation> library) {
  if (!fit.changes()) return library;
  return std::make_unique<FittedOperation>(fit, std::move(library));
}

}  // namespace twofour::providers
