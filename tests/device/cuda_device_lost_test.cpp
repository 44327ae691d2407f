// A sticky error is told apart from one that passes.
#include <gtest/gtest.h>

#include "device/cuda/cuda_stream.h"
#include "gpu_fixture.h"
#include "test_kernels.h"

namespace twofour::device {
namespace {

using CudaDeviceLostTest = twofour::testing::GpuTest;

TEST_F(CudaDeviceLostTest, AnIllegalAddressLosesTheDevice) {
  twofour::testing::write_out_of_bounds(stream_of(device()));
  EXPECT_THROW(device().synchronize(), DeviceLost);
  EXPECT_THROW(device().allocate(1024), DeviceLost);
}

}  // namespace
}  // namespace twofour::device
