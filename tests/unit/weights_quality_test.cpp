// Pruning, quantising and their errors, against numbers that were worked out by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "weights/model_weights.h"
#include "weights_files.h"

namespace twofour::weights {
namespace {

using testing::bytes;
using ::testing::ElementsAre;
using testing::Folder;
using ::testing::HasSubstr;
using testing::SafetensorsText;
using Floats = std::vector<float>;

constexpr ScaleScheme kVectors{ScaleGranularity::kVector, ScaleGranularity::kVector};

Floats pruned(Floats row) {
  prune_row(row);
  return row;
}

TEST(PruneRow, KeepsTheTwoLargestOfFourAndOfEqualOnesTheFirst) {
  EXPECT_THAT(pruned({3, 1, -2, 0}), ElementsAre(3, 0, -2, 0));
  EXPECT_THAT(pruned({1, 1, 1, 1}), ElementsAre(1, 1, 0, 0));
  EXPECT_THAT(pruned({1, 2, -2, 2}), ElementsAre(0, 2, -2, 0));
  EXPECT_THAT(pruned({0, 0, 0, 5, 1, 2, 3}), ElementsAre(0, 0, 0, 5, 0, 2, 3));
  EXPECT_FALSE(std::signbit(pruned({1, 2, 3, -0.0F})[3]));
}

TEST(ScaleFor, MakesTheLargestMagnitudeTheLargestCode) {
  EXPECT_EQ(scale_for(DataType::kInt8, 254), 2);
  EXPECT_EQ(scale_for(DataType::kFp8E4m3, 896), 2);
  EXPECT_EQ(scale_for(DataType::kBf16, 896), 1);
  EXPECT_EQ(scale_for(DataType::kInt8, 0), 1);
  EXPECT_EQ(scale_for(DataType::kInt8, 1e-40F), 1) << "no scale below the normal numbers";
}

/// A folder with one layer "down" of K x N, and activations of the same name.
class OneLayer {
 public:
  OneLayer(std::int64_t n, std::int64_t k, const Floats& w) {
    model_.name = "model";
    model_.layers = {{.name = "down",
                      .k = k,
                      .n = n,
                      .split = 'k',
                      .count = 1,
                      .parts = {{"down", "down", n, std::nullopt}},
                      .decoder_layers = {0}}};
    folder_.write("model.safetensors",
                  SafetensorsText()
                      .add("model.layers.0.mlp.down_proj.weight", "F32", {n, k}, bytes(w))
                      .text());
  }
  void capture(const Floats& x, std::vector<std::int64_t> shape) {
    folder_.write("x.safetensors",
                  SafetensorsText().add("down", "F32", std::move(shape), bytes(x)).text());
    options_.activations = folder_.path() / "x.safetensors";
  }
  ModelWeights open() {
    options_.folder = folder_.path();
    return {model_, options_};
  }
  RealWeights facts(DataType type, Sparsity sparsity) {
    return open().facts("down", 1, type, kVectors, sparsity, 2);
  }

 private:
  Folder folder_;
  workload::Model model_;
  WeightsOptions options_;
};

TEST(Quality, IsWhatAHandComputes) {
  OneLayer layer(1, 4, {3, 1, 2, 0});
  layer.capture({1, 1, 1, 1}, {1, 4});
  // X W = 6; with 3 and 2 alone it is 5.
  const RealWeights bf16 = layer.facts(DataType::kBf16, Sparsity::kTwoFour);
  EXPECT_EQ(bf16.mask, WeightMask::kMagnitude);
  EXPECT_DOUBLE_EQ(*bf16.retained_energy, 13.0 / 14);
  EXPECT_DOUBLE_EQ(*bf16.pruning_error, 1.0 / 6);
  EXPECT_EQ(*bf16.quantisation_error, 0) << "bf16 holds them all";
  EXPECT_EQ(bf16.rows, 1);
  EXPECT_EQ(bf16.columns_share, 1);
  EXPECT_THAT(bf16.tensors, ElementsAre("model.safetensors: model.layers.0.mlp.down_proj.weight"));
  EXPECT_EQ(bf16.activations, "x.safetensors: down");
  // Codes 127 and 85 of a scale of 3 / 127: 212 x 3 / 127 in the place of 5.
  const RealWeights int8 = layer.facts(DataType::kInt8, Sparsity::kTwoFour);
  EXPECT_NEAR(*int8.quantisation_error, (212 * 3.0 / 127 - 5) / 6, 1e-7);
  EXPECT_DOUBLE_EQ(*int8.pruning_error, 1.0 / 6);
  // Dense: 127, 42 and 85.
  const RealWeights dense = layer.facts(DataType::kInt8, Sparsity::kDense);
  EXPECT_NEAR(*dense.quantisation_error, std::fabs(254 * 3.0 / 127 - 6) / 6, 1e-7);
  EXPECT_EQ(dense.mask, WeightMask::kNone);
  EXPECT_FALSE(dense.retained_energy);
  EXPECT_FALSE(dense.pruning_error);
}

TEST(Quality, IsANormOverAllOutputs) {
  OneLayer layer(2, 4, {3, 1, 2, 0, 1, 1, 1, 1});
  layer.capture({1, 1, 1, 1, 1, -1, 0, 0}, {2, 4});
  const RealWeights facts = layer.facts(DataType::kBf16, Sparsity::kTwoFour);
  // X W = [6 4; 2 0], X Wp = [5 2; 3 0].
  EXPECT_DOUBLE_EQ(*facts.pruning_error, std::sqrt(6.0 / 56));
  EXPECT_DOUBLE_EQ(*facts.retained_energy, 15.0 / 18);
}

TEST(Quality, OfDrawnActivationsIsTheRootOfTheEnergyThatIsLost) {
  constexpr std::int64_t kN = 64;
  constexpr std::int64_t kK = 256;
  Floats w;
  for (std::int64_t i = 0; i < kN * kK; ++i) w.push_back(static_cast<float>(i * 7919 % 1009 - 504));
  OneLayer layer(kN, kK, w);
  const RealWeights facts = layer.facts(DataType::kBf16, Sparsity::kTwoFour);
  EXPECT_EQ(facts.rows, kQualityRows);
  EXPECT_EQ(facts.activations, "normal(0, 1), seed 0");
  EXPECT_NEAR(*facts.pruning_error, std::sqrt(1 - *facts.retained_energy), 0.05);
}

TEST(Quality, LeavesColumnsOutEvenlyAndIsTheSameForAnyNumberOfThreads) {
  Floats w;
  for (int i = 0; i < 64 * 16; ++i) w.push_back(static_cast<float>(i % 13 - 6));
  OneLayer layer(64, 16, w);
  ModelWeights model = layer.open();
  const ReadLayer& read = model.read("down", 1, 1);
  const auto of = [&](int threads, std::int64_t budget) {
    return quality_of(read.weights, read.inspection, read.activations, DataType::kInt8, kVectors,
                      threads, budget);
  };
  EXPECT_EQ(of(1, kQualityBudget).columns_share, 1);
  const Quality part = of(1, 4 * 64 * 16 * 8);
  EXPECT_EQ(part.columns_share, 8.0 / 64);
  EXPECT_EQ(of(3, 4 * 64 * 16 * 8).sparse_quantisation, part.sparse_quantisation);
}

TEST(Quality, OfWeightsThatAreTwoFourLosesNothing) {
  OneLayer layer(1, 8, {0, 3, 0, 1, 0, 0, 0, 2});
  const RealWeights facts = layer.facts(DataType::kBf16, Sparsity::kTwoFour);
  EXPECT_EQ(facts.mask, WeightMask::kStored);
  EXPECT_EQ(facts.stored, "F32, 2:4");
  EXPECT_EQ(*facts.retained_energy, 1);
  EXPECT_EQ(*facts.pruning_error, 0);
  // Half are zeros, but not two of each four.
  OneLayer other(1, 8, {4, 3, 2, 1, 0, 0, 0, 0});
  EXPECT_EQ(other.facts(DataType::kBf16, Sparsity::kTwoFour).mask, WeightMask::kMagnitude);
}

TEST(Inspect, NamesTheTensorThatIsNotANumber) {
  const auto message = [](float value) {
    OneLayer layer(2, 4, {0, 0, 0, 0, 0, 0, value, 0});
    try {
      layer.facts(DataType::kBf16, Sparsity::kDense);
    } catch (const std::runtime_error& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  EXPECT_EQ(message(1), "accepted");
  EXPECT_THAT(message(NAN), HasSubstr("model.safetensors: model.layers.0.mlp.down_proj.weight: "
                                      "[1][2] is NaN or infinite; allowed: numbers"));
  EXPECT_THAT(message(INFINITY), HasSubstr("[1][2] is NaN or infinite"));
}

TEST(Activations, AreTakenByTheNameOfTheLayerOrOfItsModule) {
  OneLayer layer(1, 4, {3, 1, 2, 0});
  layer.capture({1, 1, 1, 1}, {4});
  EXPECT_THAT(layer.open().refusal("down", 1), HasSubstr("its shape is [4]; allowed: [rows, 4]"));
  layer.capture({1, 1, 1}, {1, 3});
  EXPECT_THAT(layer.open().refusal("down", 1), HasSubstr("its shape is [1, 3]"));
  layer.capture({1, 1, 1, NAN}, {1, 1, 4});
  EXPECT_THAT(layer.open().refusal("down", 1), HasSubstr("row 0 has nan; allowed: numbers"));
  layer.capture({1, 1, 1, 1, 2, 2, 2, 2}, {1, 2, 4});
  ModelWeights model = layer.open();
  const ReadLayer& read = model.read("down", 1, 1);
  EXPECT_EQ(read.activations.rows(), 2);
  Floats row(4);
  read.activations.row(3, row);
  EXPECT_THAT(row, ElementsAre(2, 2, 2, 2));
}

}  // namespace
}  // namespace twofour::weights
