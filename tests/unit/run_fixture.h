// One case on a fake device, with kernels that behave as the test says.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "run/runner.h"
#include "support/fake_device.h"
#include "support/fake_provider.h"

namespace twofour::run {

/// An int8 kernel of the fake provider.
inline testing::FakeKernel fake_kernel(std::string name, Sparsity sparsity, double launch_s,
                                       testing::FakeFault fault = testing::FakeFault::kNone) {
  testing::FakeKernel kernel;
  kernel.info.name = std::move(name);
  kernel.info.sparsity = sparsity;
  kernel.launch_s = launch_s;
  kernel.fault = fault;
  return kernel;
}

inline testing::FakeKernel dense_kernel(std::string name, double launch_s,
                                        testing::FakeFault fault = testing::FakeFault::kNone) {
  return fake_kernel(std::move(name), Sparsity::kDense, launch_s, fault);
}

inline testing::FakeKernel sparse_kernel(std::string name, double launch_s,
                                         testing::FakeFault fault = testing::FakeFault::kNone) {
  return fake_kernel(std::move(name), Sparsity::kTwoFour, launch_s, fault);
}

inline testing::FakeKernel bf16_kernel(std::string name, double launch_s) {
  testing::FakeKernel kernel = dense_kernel(std::move(name), launch_s);
  kernel.info.a = DataType::kBf16;
  kernel.info.b = DataType::kBf16;
  kernel.info.scaled = false;
  return kernel;
}

/// Remembers what was in hand last.
class KeptAttempts final : public Attempts {
 public:
  int describe(const Record& row) override {
    rows_.push_back(row);
    return static_cast<int>(rows_.size());
  }
  void enter(int row) override { try_algorithm(row, {}, {}); }
  void try_algorithm(int row, const std::string& algorithm,
                     const providers::SearchScope& scope) override {
    in_hand_ = {rows_.at(static_cast<std::size_t>(row - 1)), algorithm, scope};
    ++entered_;
  }
  void leave() override { in_hand_.reset(); }

  [[nodiscard]] const std::optional<Attempt>& in_hand() const { return in_hand_; }
  [[nodiscard]] int entered() const { return entered_; }

 private:
  std::vector<Record> rows_;
  std::optional<Attempt> in_hand_;
  int entered_ = 0;
};

class RunTest : public ::testing::Test {
 protected:
  RunTest() {
    setenv("TWOFOUR_TUNING_FILE", "", 1);  // what this user's searches found is no part of a test
    config.mode = BenchMode::kSquare;
    config.repro_line = [](const workload::Case& one) { return "measure " + mkn(one.shape); };
    config.measure.max_time_s = 0.5;
    config.measure.min_time_s = 0;
    c.shape = {.m = 4, .n = 8, .k = 16};
  }

  std::vector<Record> run(std::vector<testing::FakeKernel> kernels) {
    auto provider = std::make_unique<testing::FakeProvider>(std::move(kernels), device);
    fake = provider.get();
    instances.clear();
    instances.push_back({.row = {.name = "fake", .device_kind = DeviceKind::kCpu}});
    instances.back().provider = std::move(provider);
    auto selected = select_kernels(instances, config.dtype, std::nullopt);
    for (SelectedKernel& kernel : selected) kernel.avoid = avoid;
    return run_case(config, c, selected, device, roofs, attempts, stop.get_token());
  }

  /// The only record of `kernel` in `mode`.
  static const Record& of(const std::vector<Record>& records, std::string_view kernel,
                          CacheMode mode = CacheMode::kCold) {
    const Record* found = nullptr;
    for (const Record& record : records) {
      if (record.kernel != kernel || record.cache.mode != mode) continue;
      EXPECT_EQ(found, nullptr) << "two records of " << kernel;
      found = &record;
    }
    if (found == nullptr) throw std::logic_error("no record of " + std::string(kernel));
    return *found;
  }

  RunConfig config;
  workload::Case c;
  testing::FakeDevice device;
  Roofs roofs;
  KeptAttempts attempts;
  std::vector<std::string> avoid;  ///< by every kernel
  std::stop_source stop;
  std::vector<ProviderInstance> instances;
  testing::FakeProvider* fake = nullptr;
};

}  // namespace twofour::run
