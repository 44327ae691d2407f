// What every kernel of every provider owes its caller (providers/provider.h), as a function that
// lists what was broken.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "core/problem.h"
#include "device/device.h"
#include "operands/operands.h"
#include "providers/provider.h"
#include "verify/verify.h"

namespace twofour::contract {

/// Operands and the sums that every kernel on them must arrive at.
struct Workload {
  operands::Operands operands;
  verify::Reference reference;
};

/// Makes each workload once.
class Workloads {
 public:
  explicit Workloads(device::Device& device) : device_(device) {}
  /// What `problem` multiplies. An unscaled problem has the operands of a scaled one.
  const Workload& get(const GemmProblem& problem);

 private:
  using Key = std::tuple<DataType, std::int64_t, std::int64_t, std::int64_t, std::string>;
  device::Device& device_;
  std::map<Key, std::unique_ptr<Workload>> made_;
};

struct Finding {
  bool supported = false;
  std::vector<std::string> violations;
};

struct Circumstances {
  int threads = 1;
  /// False for a provider that computes nothing when launched and so has no packed weights.
  bool packs_weights = true;
};

/// Asks `provider` whether it supports `problem`; if so prepares two copies of the weights,
/// launches both, the first one twice, and looks at everything a caller relies on.
Finding examine(const providers::Provider& provider, const providers::KernelInfo& kernel,
                const GemmProblem& problem, Workloads& workloads, device::Device& device,
                const Circumstances& circumstances);

/// D with guard bytes on both sides, poisoned on request.
class OutputArea {
 public:
  OutputArea(const GemmProblem& problem, device::Device& device);
  [[nodiscard]] unsigned char* d() const;
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  void poison();
  /// Whether the bytes around D are as poison() left them.
  [[nodiscard]] bool guards_intact() const;
  [[nodiscard]] std::vector<unsigned char> copy() const { return {d(), d() + bytes_}; }

 private:
  std::size_t bytes_;
  Buffer buffer_;
};

/// A deep copy in memory of `device`.
operands::Operands clone(const operands::Operands& operands, device::Device& device);

/// The problem that `kernel` is given at `shape`: its own types and bias; `scales` if it has any.
GemmProblem problem_of(const providers::KernelInfo& kernel, const GemmShape& shape,
                       ScaleScheme scales);

}  // namespace twofour::contract
