// From a plan's layers to tensors: fused, split, stacked, of experts, and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "weights/model_weights.h"
#include "weights_files.h"
#include "workload/model_plan.h"

namespace twofour::weights {
namespace {

using testing::bytes;
using ::testing::ElementsAre;
using testing::Folder;
using ::testing::HasSubstr;
using testing::SafetensorsText;
using Floats = std::vector<float>;

constexpr const char* kConfig =
    R"({"model_type": "llama", "hidden_size": 8, "num_hidden_layers": 2, "intermediate_size": 12,
        "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 10)";

/// [n][k] of F32, each row of its own value: `first`, first + 1, ...
void add(SafetensorsText& text, const std::string& name, std::int64_t n, std::int64_t k,
         float first) {
  Floats values;
  for (std::int64_t i = 0; i < n * k; ++i) values.push_back(first + static_cast<float>(i / k));
  text.add(name, "F32", {n, k}, bytes(values));
}

SafetensorsText llama(const std::string& left_out = "") {
  SafetensorsText text;
  for (const int layer : {0, 1}) {
    const std::string prefix = "model.layers." + std::to_string(layer) + ".";
    const auto one = [&](const std::string& name, std::int64_t n, std::int64_t k, float first) {
      if (prefix + name != left_out) add(text, prefix + name + ".weight", n, k, first);
    };
    const auto from = static_cast<float>(1000 * layer);
    one("self_attn.q_proj", 8, 8, from + 100);
    one("self_attn.k_proj", 4, 8, from + 200);
    one("self_attn.v_proj", 4, 8, from + 300);
    one("self_attn.o_proj", 8, 8, from + 400);
    one("mlp.gate_proj", 12, 8, from + 500);
    one("mlp.up_proj", 12, 8, from + 600);
    one("mlp.down_proj", 8, 12, from + 700);
  }
  return text;
}

/// A model's folder, its plan and its weights.
class ModelFolder {
 public:
  explicit ModelFolder(const SafetensorsText& text, const std::string& more = "}") {
    folder_.write("config.json", kConfig + more);
    folder_.write("model.safetensors", text.text());
  }
  ModelWeights open(WeightsOptions options = {}) {
    options.folder = folder_.path();
    return {workload::load_model_folder(folder_.path(), {}).model, options};
  }
  std::string message() {
    try {
      open();
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "accepted";
  }

 private:
  Folder folder_;
};

/// The first value of each row.
Floats first_values(ModelWeights& model, const std::string& layer, int devices = 1) {
  const LayerWeights& weights = model.read(layer, devices, 1).weights;
  Floats row(static_cast<std::size_t>(weights.k()));
  Floats values;
  for (std::int64_t i = 0; i < weights.n(); ++i) {
    weights.row(i, row);
    values.push_back(row.front());
  }
  return values;
}

TEST(ModelWeights, FusesAsThePlanDoes) {
  ModelFolder folder(llama());
  ModelWeights model = folder.open();
  EXPECT_THAT(first_values(model, "qkv"), ElementsAre(100, 101, 102, 103, 104, 105, 106, 107, 200,
                                                      201, 202, 203, 300, 301, 302, 303));
  EXPECT_EQ(first_values(model, "gate_up").size(), 24U);
  EXPECT_EQ(first_values(model, "gate_up")[12], 600);
  EXPECT_THAT(model.text(1), HasSubstr("weights of down, TP 1: 0.00 MB of F32: model.safetensors: "
                                       "model.layers.0.mlp.down_proj.weight\n"));
}

TEST(ModelWeights, SplitsAsThePlanDoes) {
  ModelFolder folder(llama());
  ModelWeights model = folder.open();
  EXPECT_THAT(first_values(model, "qkv", 2), ElementsAre(100, 101, 102, 103, 200, 201, 300, 301));
  // Of four devices each has a query head, and one of the two key-value heads whole.
  EXPECT_THAT(first_values(model, "qkv", 4), ElementsAre(100, 101, 200, 201, 300, 301));
  EXPECT_THAT(first_values(model, "gate_up", 4), ElementsAre(500, 501, 502, 600, 601, 602));
  const LayerSource* down = model.source("down", 2);
  ASSERT_NE(down, nullptr);
  EXPECT_EQ(down->k, 6);
  EXPECT_EQ(down->n, 8);
  EXPECT_EQ(down->bytes(), 8 * 6 * 4);
  EXPECT_THAT(down->tensors(), ElementsAre("model.safetensors: "
                                           "model.layers.0.mlp.down_proj.weight, columns 0 to 5"));
  EXPECT_THAT(model.source("qkv", 2)->tensors()[1], HasSubstr("k_proj.weight, rows 0 to 1"));
}

TEST(ModelWeights, AreOfTheDecoderLayerThatIsAskedFor) {
  ModelFolder folder(llama());
  ModelWeights second = folder.open({.decoder_layer = 1});
  EXPECT_EQ(first_values(second, "down")[0], 1700);
  ModelWeights beyond = folder.open({.decoder_layer = 2});
  EXPECT_EQ(beyond.refusal("down", 1), "decoder layer 2 has no down; the first that has it is 0");
}

constexpr ScaleScheme kByChannel{ScaleGranularity::kVector, ScaleGranularity::kVector};

/// How often it was told of.
int survey(ModelWeights& model, double seconds, int most = 100) {
  int told = 0;
  model.survey({.scales = kByChannel, .threads = 1, .seconds = seconds},
               [&](const SurveyProgress& progress) {
                 EXPECT_EQ(progress.done, ++told);
                 EXPECT_EQ(progress.of, 8) << "four layers of two decoder layers";
                 return told < most;
               });
  return told;
}

RealWeights facts_of(ModelWeights& model, const std::string& layer, Sparsity sparsity) {
  return model.facts(layer, 1, DataType::kInt8, kByChannel, sparsity, 1);
}

TEST(Survey, HasTheNumbersOfEachDecoderLayer) {
  ModelFolder folder(llama());
  ModelWeights model = folder.open();
  EXPECT_EQ(survey(model, 100), 8);
  const RealWeights facts = facts_of(model, "down", Sparsity::kTwoFour);
  EXPECT_EQ(facts.decoder_layers, 2);
  ASSERT_EQ(facts.survey.size(), 2U);
  for (const std::int64_t layer : {0, 1}) {
    ModelWeights alone = folder.open({.decoder_layer = layer});
    const RealWeights expected = facts_of(alone, "down", Sparsity::kTwoFour);
    const SurveyedLayer& seen = facts.survey[static_cast<std::size_t>(layer)];
    EXPECT_EQ(seen.decoder_layer, layer);
    EXPECT_EQ(seen.retained_energy, expected.retained_energy);
    EXPECT_EQ(seen.pruning_error, expected.pruning_error);
    EXPECT_EQ(seen.quantisation_error, expected.quantisation_error);
    EXPECT_EQ(seen.reason, "");
  }
  EXPECT_NE(facts.survey[0].pruning_error, facts.survey[1].pruning_error);
  EXPECT_TRUE(facts_of(model, "down", Sparsity::kDense).survey.empty());
}

TEST(Survey, EndsWithItsTimeOrWhenItIsTold) {
  ModelFolder folder(llama());
  ModelWeights model = folder.open();
  EXPECT_EQ(survey(model, 0), 1) << "one is always looked at";
  ModelWeights told = folder.open();
  EXPECT_EQ(survey(told, 100, 3), 3);
}

TEST(Survey, SaysWhatCannotBeRead) {
  SafetensorsText text = llama("model.layers.1.mlp.down_proj");
  add(text, "model.layers.1.mlp.down_proj.weight", 8, 12, NAN);
  ModelFolder folder(text);
  ModelWeights model = folder.open();
  EXPECT_EQ(survey(model, 100), 8);
  const RealWeights facts = facts_of(model, "down", Sparsity::kTwoFour);
  ASSERT_EQ(facts.survey.size(), 2U);
  EXPECT_EQ(facts.survey[0].reason, "");
  EXPECT_FALSE(facts.survey[1].retained_energy.has_value());
  EXPECT_THAT(facts.survey[1].reason, HasSubstr("down_proj.weight: [0][0] is NaN"));
}

TEST(Survey, GoesThroughLayersSpreadOverAllOfThem) {
  EXPECT_THAT(spread_order(6), ElementsAre(0, 4, 2, 1, 5, 3));
  EXPECT_THAT(spread_order(1), ElementsAre(0));
  EXPECT_TRUE(spread_order(0).empty());
}

TEST(ModelWeights, NameTheTensorThatIsMissing) {
  const Folder folder;
  folder.write("config.json", std::string(kConfig) + "}");
  folder.write("model.safetensors", llama("model.layers.0.self_attn.k_proj").text());
  // The plan of config.json alone wants it.
  const workload::ModelPlan plan = workload::load_model_config(folder.path() / "config.json", {});
  ModelWeights model(plan.model, {.folder = folder.path()});
  EXPECT_EQ(model.refusal("qkv", 1), "layer 0 has no tensor for k or qkv");
  EXPECT_EQ(model.source("qkv", 1), nullptr);
  EXPECT_EQ(model.refusal("o", 1), "");
  EXPECT_THAT(model.text(1), HasSubstr("weights of qkv, TP 1: none: layer 0 has no tensor"));
}

TEST(ModelWeights, OfATensorThatIsFusedAlready) {
  SafetensorsText text;
  for (const int layer : {0, 1}) {
    const std::string prefix = "model.layers." + std::to_string(layer) + ".";
    add(text, prefix + "self_attn.qkv_proj.weight", 16, 8, 0);
    add(text, prefix + "self_attn.o_proj.weight", 8, 8, 0);
    add(text, prefix + "mlp.gate_up_proj.weight", 24, 8, 0);
    add(text, prefix + "mlp.down_proj.weight", 8, 12, 0);
  }
  ModelFolder folder(text);
  ModelWeights model = folder.open();
  EXPECT_THAT(first_values(model, "qkv", 2), ElementsAre(0, 1, 2, 3, 8, 9, 12, 13));
  EXPECT_THAT(first_values(model, "gate_up", 4), ElementsAre(0, 1, 2, 12, 13, 14));
}

TEST(ModelWeights, OfExpertsAreThoseOfTheFirst) {
  SafetensorsText text;
  for (const int layer : {0, 1}) {
    const std::string prefix = "model.layers." + std::to_string(layer) + ".";
    add(text, prefix + "self_attn.q_proj.weight", 8, 8, 0);
    for (const int expert : {0, 1}) {
      const std::string of = prefix + "block_sparse_moe.experts." + std::to_string(expert) + ".";
      const auto from = static_cast<float>(100 * (expert + 1));
      add(text, of + "w1.weight", 12, 8, from);
      add(text, of + "w3.weight", 12, 8, from + 20);
      add(text, of + "w2.weight", 8, 12, from + 40);
    }
  }
  const Folder folder;
  folder.write("config.json", std::string(kConfig) +
                                  R"(, "model_type": "mixtral", "num_local_experts": 2,
                                       "num_experts_per_tok": 1})");
  const std::string config = R"({"model_type": "mixtral", "hidden_size": 8, "num_hidden_layers": 2,
      "intermediate_size": 12, "num_attention_heads": 4, "vocab_size": 10, "num_local_experts": 2,
      "num_experts_per_tok": 1})";
  folder.write("config.json", config);
  folder.write("model.safetensors", text.text());
  ModelWeights model(workload::load_model_config(folder.path() / "config.json", {}).model,
                     {.folder = folder.path()});
  EXPECT_EQ(first_values(model, "expert_gate_up")[0], 100);
  EXPECT_EQ(first_values(model, "expert_gate_up")[12], 120);
  EXPECT_EQ(first_values(model, "expert_down")[0], 140);
}

TEST(ModelWeights, OfEncodersInTheStyleOfBert) {
  SafetensorsText text;
  const std::string prefix = "encoder.layer.0.";
  add(text, prefix + "attention.self.query.weight", 8, 8, 100);
  add(text, prefix + "attention.self.key.weight", 8, 8, 200);
  add(text, prefix + "attention.self.value.weight", 8, 8, 300);
  add(text, prefix + "attention.output.dense.weight", 8, 8, 400);
  add(text, prefix + "intermediate.dense.weight", 12, 8, 500);
  add(text, prefix + "output.dense.weight", 8, 12, 600);
  const Folder folder;
  folder.write("config.json", R"({"model_type": "bert", "hidden_size": 8, "num_hidden_layers": 1,
      "intermediate_size": 12, "num_attention_heads": 2, "vocab_size": 10})");
  folder.write("model.safetensors", text.text());
  ModelWeights model(workload::load_model_folder(folder.path(), {}).model,
                     {.folder = folder.path()});
  EXPECT_EQ(first_values(model, "qkv")[8], 200);
  EXPECT_EQ(first_values(model, "o")[0], 400);
  EXPECT_EQ(first_values(model, "up")[0], 500);
  EXPECT_EQ(first_values(model, "down")[0], 600);
}

TEST(ModelWeights, OfFormsThatAreNotReadAreRefusedByName) {
  const auto message = [](const std::string& more) {
    return ModelFolder(llama(), ", " + more + "}").message();
  };
  EXPECT_THAT(message(R"("quantization_config": {"quant_method": "mxfp4"})"),
              HasSubstr("quantization_config.quant_method is \"mxfp4\", whose weights are not "
                        "read; allowed: fp8, fbgemm_fp8, compressed-tensors"));
  EXPECT_THAT(message(R"("quantization_config": {"quant_method": "compressed-tensors",
                                                 "format": "marlin-24"})"),
              HasSubstr("quantization_config.format is \"marlin-24\""));
  EXPECT_THAT(message(R"("quantization_config": {"format": "dense",
                          "sparsity_config": {"format": "sparse-bitmask"}})"),
              HasSubstr("sparsity_config.format is \"sparse-bitmask\""));
  EXPECT_EQ(message(R"("compression_config": {"sparsity_config":
                                              {"format": "sparse-24-bitmask"}})"),
            "accepted");
}

TEST(ModelWeights, OfMxfp4AreRefusedByName) {
  SafetensorsText text;
  text.add("model.layers.0.mlp.experts.down_proj_blocks", "U8", {2, 8, 1, 16},
           std::string(2UL * 8 * 16, '\0'));
  const Folder folder;
  folder.write("model.safetensors", text.text());
  workload::Model model{.name = "m", .source = "", .heads = std::nullopt, .layers = {}};
  model.layers = {{.name = "expert_down",
                   .k = 32,
                   .n = 8,
                   .split = 'k',
                   .count = 1,
                   .experts = workload::Experts{2, 1},
                   .parts = {{"expert_down", "expert_down", 8, std::nullopt}},
                   .decoder_layers = {0}}};
  ModelWeights weights(model, {.folder = folder.path()});
  EXPECT_THAT(weights.refusal("expert_down", 1),
              HasSubstr("down_proj_blocks: it is MXFP4, which is not read"));
}

}  // namespace
}  // namespace twofour::weights
