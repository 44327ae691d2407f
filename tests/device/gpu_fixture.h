// A GPU for a test, or the reason to skip it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>

#include "device/cuda/cuda_device.h"

namespace twofour::testing {

class GpuTest : public ::testing::Test {
 protected:
  void SetUp() override {
    try {
      device_ = device::make_cuda_device(0);
    } catch (const std::runtime_error& error) {
      GTEST_SKIP() << error.what();
    }
  }

  [[nodiscard]] device::Device& device() { return *device_; }

 private:
  std::unique_ptr<device::Device> device_;
};

}  // namespace twofour::testing
