// Operands of stored weights: which codes and scales a kernel is given.
#include "run/real_operands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "operands/fill.h"
#include "support/fake_device.h"
#include "weights_files.h"

namespace twofour::run {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Floats = std::vector<float>;
constexpr ScaleScheme kVectors{ScaleGranularity::kVector, ScaleGranularity::kVector};

/// A layer "down" of 2 x 4, whose activations are captured.
class RealOperands : public ::testing::Test {
 protected:
  void write(const Floats& w) {
    using testing::bytes;
    folder_.write("model.safetensors",
                  testing::SafetensorsText()
                      .add("model.layers.0.mlp.down_proj.weight", "F32", {2, 4}, bytes(w))
                      .text());
    folder_.write("x.safetensors",
                  testing::SafetensorsText()
                      .add("down", "F32", {2, 4}, bytes(Floats{1, 2, 4, -127, 0, 0, 0, 0}))
                      .text());
    workload::Model model{.name = "m", .source = "", .heads = std::nullopt, .layers = {}};
    model.layers = {{.name = "down",
                     .k = 4,
                     .n = 2,
                     .parts = {{"down", "down", 2, std::nullopt}},
                     .decoder_layers = {0}}};
    model_.emplace(model, weights::WeightsOptions{.folder = folder_.path(),
                                                  .activations = folder_.path() / "x.safetensors"});
  }
  operands::Operands make(DataType type, ScaleScheme scales, Sparsity sparsity) {
    return make_real_operands(
        {.shape = {.m = 3, .n = 2, .k = 4}, .type = type, .scales = scales, .seed = 0},
        model_->read("down", 1, 1), sparsity, device_, 2);
  }
  template <class Code>
  static std::vector<Code> codes(const Buffer& buffer) {
    return {buffer.as<Code>(), buffer.as<Code>() + buffer.bytes() / sizeof(Code)};
  }

  testing::Folder folder_;
  testing::FakeDevice device_;
  std::optional<weights::ModelWeights> model_;
};

TEST_F(RealOperands, AreDenseOrPrunedAsTheKernelIs) {
  write({127, 1, -2, 3, 254, 0, 2, 4});
  const auto dense = make(DataType::kInt8, kVectors, Sparsity::kDense);
  EXPECT_THAT(codes<std::int8_t>(dense.b), ElementsAre(127, 1, -2, 3, 127, 0, 1, 2));
  EXPECT_THAT(codes<float>(dense.scale_b), ElementsAre(1, 2));
  const auto sparse = make(DataType::kInt8, kVectors, Sparsity::kTwoFour);
  EXPECT_THAT(codes<std::int8_t>(sparse.b), ElementsAre(127, 0, 0, 3, 127, 0, 0, 2));
  EXPECT_THAT(codes<float>(sparse.scale_b), ElementsAre(1, 2));
  // Two rows were captured; the third is the first again. A row of zeros has a scale of 1.
  EXPECT_THAT(codes<std::int8_t>(dense.a), ElementsAre(1, 2, 4, -127, 0, 0, 0, 0, 1, 2, 4, -127));
  EXPECT_THAT(codes<float>(dense.scale_a), ElementsAre(1, 1, 1));
}

TEST_F(RealOperands, HaveOneScaleWhereThatIsAskedFor) {
  write({127, 1, -2, 3, 254, 0, 2, 4});
  const auto made = make(DataType::kInt8, {}, Sparsity::kDense);
  EXPECT_THAT(codes<float>(made.scale_b), ElementsAre(2));
  EXPECT_THAT(codes<std::int8_t>(made.b), ElementsAre(64, 0, -1, 2, 127, 0, 1, 2));
}

TEST_F(RealOperands, AreRoundedTo16Bits) {
  write({1, 2, 3, 4, 257, 0, 0, 0});
  const auto made = make(DataType::kBf16, kVectors, Sparsity::kDense);
  EXPECT_THAT(codes<float>(made.scale_b), ElementsAre(1, 1));
  EXPECT_EQ(operands::bf16_to_float(codes<std::uint16_t>(made.b)[4]), 256);
}

TEST_F(RealOperands, ThatFp16DoesNotHoldAreRefused) {
  write({1, 2, 3, 4, 70000, 0, 0, 0});
  try {
    make(DataType::kFp16, kVectors, Sparsity::kDense);
    FAIL() << "accepted";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("down_proj.weight: row 1 reaches 70000, which fp16 does "
                                        "not hold"));
  }
}

}  // namespace
}  // namespace twofour::run
