// A run with the stored weights of a model's folder.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "program.h"

namespace twofour::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kConfig =
    R"({"model_type": "llama", "hidden_size": 32, "num_hidden_layers": 1, "intermediate_size": 64,
        "num_attention_heads": 2, "vocab_size": 10)";

struct Weight {
  std::string name;
  std::int64_t n = 0;
  std::int64_t k = 0;
  float bad = 0;  ///< stands at [1][2], where it is not 0
};

std::vector<Weight> small_llama() {
  const std::string layer = "model.layers.0.";
  return {{layer + "self_attn.q_proj", 32, 32}, {layer + "self_attn.k_proj", 32, 32},
          {layer + "self_attn.v_proj", 32, 32}, {layer + "self_attn.o_proj", 32, 32},
          {layer + "mlp.gate_proj", 64, 32},    {layer + "mlp.up_proj", 64, 32},
          {layer + "mlp.down_proj", 32, 64}};
}

/// A folder DIR with config.json and model.safetensors of F32.
std::string write_model(const Folder& folder, const std::vector<Weight>& weights,
                        const std::string& more = "}") {
  const std::filesystem::path dir = folder.path() / "DIR";
  std::filesystem::create_directory(dir);
  std::ofstream(dir / "config.json") << kConfig << more;
  nlohmann::json header = nlohmann::json::object();
  std::string data;
  for (const Weight& weight : weights) {
    const std::size_t begin = data.size();
    for (std::int64_t i = 0; i < weight.n * weight.k; ++i) {
      float value = static_cast<float>(i * 7919 % 101 - 50) / 64;
      if (weight.bad != 0 && i == weight.k + 2) value = weight.bad;
      data.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    header[weight.name + ".weight"] = {
        {"dtype", "F32"}, {"shape", {weight.n, weight.k}}, {"data_offsets", {begin, data.size()}}};
  }
  const std::string text = header.dump();
  std::string length;
  for (unsigned i = 0; i < 8; ++i) length += static_cast<char>(text.size() >> (8 * i) & 255);
  std::ofstream(dir / "model.safetensors", std::ios::binary) << length << text << data;
  return dir.string();
}

std::vector<std::string> weights_run(const std::string& dir,
                                     const std::vector<std::string>& more = {}) {
  std::vector<std::string> line{
      "--dtype",       "int8",      "--device",    "cpu",        "--providers",
      "mock",          "--threads", "1",           "--max-time", "0.05",
      "--precision",   "0.5",       "model_bench", "--weights",  dir,
      "--batch-sizes", "4"};
  line.insert(line.end(), more.begin(), more.end());
  return line;
}

const Record* find(const Results& results, const std::string& layer, Sparsity sparsity) {
  const auto found =
      std::find_if(results.records.begin(), results.records.end(), [&](const Record& r) {
        return r.layer == layer && r.problem.sparsity == sparsity && r.problem.a == r.dtype &&
               !r.problem.bias;
      });
  return found == results.records.end() ? nullptr : &*found;
}

TEST(Weights, AreMultipliedAndTheirErrorsShown) {
  const Folder folder;
  const std::string page = (folder.path() / "page.html").string();
  const Finished finished =
      run(folder, weights_run(write_model(folder, small_llama()), {"--html", page}));
  ASSERT_EQ(finished.code, 0) << finished.err << finished.out;
  EXPECT_THAT(finished.out, HasSubstr("real weights, worst first"));
  EXPECT_THAT(finished.out, HasSubstr("They are not accuracy on any task"));
  EXPECT_THAT(finished.err, HasSubstr("decoder layers: 4 of 4 weights looked at in"));
  EXPECT_THAT(read_file(page), HasSubstr("Real weights: what pruning costs the layers"));
  EXPECT_THAT(read_file(page), HasSubstr("error by pruning in each decoder layer"));
  const Results results = read_results(folder.only(".jsonl"));
  for (const char* layer : {"qkv", "o", "gate_up", "down"}) {
    const Record* sparse = find(results, layer, Sparsity::kTwoFour);
    const Record* dense = find(results, layer, Sparsity::kDense);
    ASSERT_TRUE(sparse != nullptr && sparse->real_weights) << layer;
    ASSERT_TRUE(dense != nullptr && dense->real_weights) << layer;
    EXPECT_EQ(to_string(sparse->problem.scales), "token-channel");
    EXPECT_EQ(sparse->real_weights->mask, WeightMask::kMagnitude);
    EXPECT_GT(sparse->real_weights->retained_energy.value_or(0), 0.5);
    EXPECT_LT(sparse->real_weights->retained_energy.value_or(1), 1);
    EXPECT_GT(sparse->real_weights->pruning_error.value_or(0), 0.1);
    EXPECT_LT(sparse->real_weights->quantisation_error.value_or(1), 0.05);
    // D is rounded to bf16: 2^-9 at most, and less in the mean.
    EXPECT_GT(sparse->real_weights->arithmetic_error.value_or(0), 1e-4);
    EXPECT_LT(sparse->real_weights->arithmetic_error.value_or(1), 4e-3);
    EXPECT_EQ(sparse->real_weights->decoder_layers, 1);
    ASSERT_EQ(sparse->real_weights->survey.size(), 1U);
    EXPECT_EQ(sparse->real_weights->survey[0].pruning_error, sparse->real_weights->pruning_error);
    EXPECT_THAT(sparse->repro, HasSubstr(" model_bench --weights "));
    EXPECT_THAT(sparse->repro, HasSubstr(" --batch-sizes 4 --tp-sizes 1"));
    EXPECT_EQ(dense->real_weights->mask, WeightMask::kNone);
    EXPECT_FALSE(dense->real_weights->pruning_error);
  }
  EXPECT_EQ(find(results, "qkv", Sparsity::kDense)->real_weights->tensors.size(), 3U);
  EXPECT_THAT(results.environment.operand_distribution, HasSubstr("B the weights of"));
  const Finished report = run(folder, {"report", folder.only(".jsonl").string(), "--format", "md"});
  EXPECT_THAT(report.out, HasSubstr("| real weights, worst first |"));
}

TEST(Weights, OfALayerThatCannotBeReadCostThatLayer) {
  const Folder folder;
  std::vector<Weight> weights = small_llama();
  weights[3].n = 16;  // o
  weights.back().bad = NAN;
  const std::string dir = write_model(folder, weights);
  const Finished finished = run(folder, weights_run(dir, {"--model-config", dir + "/config.json"}));
  const Results results = read_results(folder.only(".jsonl"));
  EXPECT_EQ(finished.code, 1) << finished.err;
  const Record* o = find(results, "o", Sparsity::kTwoFour);
  ASSERT_NE(o, nullptr);
  EXPECT_EQ(o->outcome.kind, OutcomeKind::kSkipped);
  EXPECT_THAT(o->outcome.reason, HasSubstr("model.safetensors: model.layers.0.self_attn.o_proj."
                                           "weight: its shape is [16, 32]; allowed: [32, 32]"));
  const Record* down = find(results, "down", Sparsity::kTwoFour);
  ASSERT_NE(down, nullptr);
  EXPECT_EQ(down->outcome.kind, OutcomeKind::kFailed);
  EXPECT_THAT(down->outcome.reason, HasSubstr("down_proj.weight: [1][2] is NaN or infinite"));
  EXPECT_TRUE(find(results, "qkv", Sparsity::kTwoFour)->outcome.measured());
}

TEST(Weights, ThatNoLayerHasOrThatAreNotReadEndWithCode2) {
  const auto refused = [](const std::vector<Weight>& weights, const std::string& config,
                          const std::vector<std::string>& more, const std::string& message) {
    const Folder folder;
    const Finished finished = run(folder, weights_run(write_model(folder, weights, config), more));
    EXPECT_EQ(finished.code, 2) << finished.err;
    EXPECT_THAT(finished.err, HasSubstr(message));
    EXPECT_TRUE(folder.only(".jsonl").empty());
  };
  refused(small_llama(), R"(, "quantization_config": {"format": "marlin-24"}})", {}, "--weights: ");
  refused(small_llama(), R"(, "quantization_config": {"format": "marlin-24"}})", {},
          "quantization_config.format is \"marlin-24\", whose weights are not read");
  refused(small_llama(), "}", {"--weights-layer", "3"},
          "no layer has weights that can be read; the first, ");
  refused(small_llama(), "}", {"--models", "meta-llama/Llama-3-8b"},
          "has the weights of one model; allowed beside it");
  refused(small_llama(), "}", {"--activations", "none.safetensors"},
          "none.safetensors: cannot be read");
  refused(small_llama(), "}", {"--pattern", "6:8"},
          "--pattern: '6:8' is not possible with --weights: real weights are pruned to 2:4");
  const Folder folder;
  const Finished alone = run(folder, {"--dtype", "int8", "model_bench", "--activations", "x"});
  EXPECT_EQ(alone.code, 2);
  EXPECT_THAT(alone.err, HasSubstr("--activations: is given without --weights DIR"));
  std::filesystem::resize_file(
      std::filesystem::path(write_model(folder, small_llama())) / "model.safetensors", 4000);
  const Finished cut = run(folder, weights_run((folder.path() / "DIR").string()));
  EXPECT_EQ(cut.code, 2);
  EXPECT_THAT(cut.err, HasSubstr("the tensors end at"));
}

TEST(Weights, AreNamedByADryRun) {
  const Folder folder;
  const std::string dir = write_model(folder, small_llama());
  const Finished finished = run(folder, weights_run(dir, {"--dry-run", "--tp-sizes", "2"}));
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(finished.out, HasSubstr("  weights of down, TP 2: 0.00 MB of F32: model.safetensors: "
                                      "model.layers.0.mlp.down_proj.weight, columns 0 to 31\n"));
  EXPECT_THAT(finished.out, HasSubstr("self_attn.k_proj.weight, rows 0 to 15"));
}

}  // namespace
}  // namespace twofour::cli
