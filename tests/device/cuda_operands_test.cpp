// The GPU makes the bits that the host makes.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "device/cuda/cuda_stream.h"
#include "device/cuda/kernels.h"
#include "gpu_fixture.h"
#include "operands/host_operands.h"
#include "operands/two_four.h"

namespace twofour::operands {
namespace {

using CudaOperandsTest = twofour::testing::GpuTest;

Buffer host_buffer(std::size_t bytes) {
  return {std::aligned_alloc(64, (bytes + 63) / 64 * 64), bytes, [](void* p) { std::free(p); }};
}

// An object, because an Allocator refers to one.
constexpr auto allocate = [](std::size_t bytes) { return host_buffer(bytes); };

constexpr DataType kTypes[] = {DataType::kInt8, DataType::kFp8E4m3, DataType::kBf16,
                               DataType::kFp16};
constexpr GemmShape kShapes[] = {{1, 64, 64}, {5, 33, 128}, {3, 7, 61}, {2, 300, 1030}};

std::vector<unsigned char> bytes_on(device::Device& device, const Buffer& buffer) {
  std::vector<unsigned char> bytes(buffer.bytes());
  device.memory().copy_to_host(bytes.data(), buffer.data(), bytes.size());
  return bytes;
}

std::vector<unsigned char> bytes_of(const Buffer& buffer) {
  return {buffer.as<unsigned char>(), buffer.as<unsigned char>() + buffer.bytes()};
}

TEST_F(CudaOperandsTest, HaveTheHostsBits) {
  for (const DataType type : kTypes) {
    for (const GemmShape& shape : kShapes) {
      const OperandSpec spec{.shape = shape,
                             .type = type,
                             .scales = {ScaleGranularity::kVector, ScaleGranularity::kVector},
                             .seed = 77};
      SCOPED_TRACE(std::string(info(type).cli_name) + " " + mkn(shape));
      const Operands host = make_host_operands(spec, 1, allocate);
      const Operands gpu = device().operands().make_operands(spec);
      EXPECT_EQ(bytes_on(device(), gpu.a), bytes_of(host.a));
      EXPECT_EQ(bytes_on(device(), gpu.b), bytes_of(host.b));
      EXPECT_EQ(bytes_on(device(), gpu.scale_a), bytes_of(host.scale_a));
      EXPECT_EQ(bytes_on(device(), gpu.scale_b), bytes_of(host.scale_b));
      EXPECT_EQ(bytes_on(device(), gpu.bias_bf16), bytes_of(host.bias_bf16));
      EXPECT_EQ(bytes_on(device(), gpu.bias_fp16), bytes_of(host.bias_fp16));
    }
  }
}

TEST_F(CudaOperandsTest, CompressToTheHostsBits) {
  for (const DataType type : kTypes) {
    for (const GemmShape& shape : kShapes) {
      SCOPED_TRACE(std::string(info(type).cli_name) + " " + mkn(shape));
      const OperandSpec spec{.shape = shape, .type = type, .seed = 78};
      const Operands host = make_host_operands(spec, 1, allocate);
      const Operands gpu = device().operands().make_operands(spec);
      const auto rows = static_cast<std::size_t>(shape.n);
      const std::size_t value_bytes = rows * bytes_of(type, values_per_row(shape.k));
      const std::size_t metadata_bytes =
          rows * static_cast<std::size_t>(metadata_bytes_per_row(shape.k));
      const Buffer host_values = host_buffer(value_bytes);
      const Buffer host_metadata = host_buffer(metadata_bytes);
      compress_two_four(type, host.b.data(), shape.n, shape.k, host_values.data(),
                        host_metadata.as<std::uint8_t>(), 1);
      const Buffer values = device().memory().allocate(value_bytes);
      const Buffer metadata = device().memory().allocate(metadata_bytes);
      device::cuda::compress_two_four(type, gpu.b.data(), shape.n, shape.k, values.data(),
                                      metadata.as<std::uint8_t>(), stream_of(device()));
      EXPECT_EQ(bytes_on(device(), values), bytes_of(host_values));
      EXPECT_EQ(bytes_on(device(), metadata), bytes_of(host_metadata));
    }
  }
}

}  // namespace
}  // namespace twofour::operands
