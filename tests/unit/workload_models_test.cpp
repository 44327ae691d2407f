#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "workload/builtin_models.h"
#include "workload/model_plan.h"
#include "workload/workload.h"

namespace twofour::workload {
namespace {

std::string message_of(std::string_view text) {
  try {
    parse_models(text, "f.json");
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "accepted";
}

std::string shapes(const Model& model) {
  std::string text;
  for (const Layer& layer : model.layers) {
    text += layer.name + " " + std::to_string(layer.k) + "," + std::to_string(layer.n) + "/" +
            layer.split + " ";
  }
  return text;
}

TEST(BuiltinModels, TheDefaultOnesHaveTheShapesOfSparseBenchmarks) {
  const std::vector<std::pair<std::string, std::string>> expected{
      {"mistralai/Mistral-7B-v0.1",
       "qkv 4096,6144/n o 4096,4096/k gate_up 4096,28672/n down 14336,4096/k "},
      {"meta-llama/Llama-2-7b-hf",
       "qkv 4096,12288/n o 4096,4096/k gate_up 4096,22016/n down 11008,4096/k "},
      {"meta-llama/Llama-3-8b",
       "qkv 4096,6144/n o 4096,4096/k gate_up 4096,28672/n down 14336,4096/k "},
      {"meta-llama/Llama-2-13b-hf",
       "qkv 5120,15360/n o 5120,5120/k gate_up 5120,27648/n down 13824,5120/k "},
      {"meta-llama/Llama-2-70b-hf",
       "qkv 8192,10240/n o 8192,8192/k gate_up 8192,57344/n down 28672,8192/k "}};
  std::vector<std::pair<std::string, std::string>> actual;
  for (const Model& model : builtin_models()) {
    if (model.by_default) actual.emplace_back(model.name, shapes(model));
  }
  EXPECT_EQ(actual, expected);
}

// The configurations were copied from the models' config.json; the layers must follow from them.
TEST(BuiltinModels, LayersFollowFromTheConfigurations) {
  const auto document = nlohmann::json::parse(kBuiltinModels);
  ASSERT_EQ(document["models"].size(), builtin_models().size());
  for (std::size_t i = 0; i < builtin_models().size(); ++i) {
    const Model& model = builtin_models()[i];
    const ModelPlan plan =
        plan_of_config(document["models"][i]["config"].dump(), model.name, model.name, {});
    EXPECT_EQ(shapes(model), shapes(plan.model)) << model.name;
    ASSERT_EQ(model.layers.size(), plan.model.layers.size());
    for (std::size_t j = 0; j < model.layers.size(); ++j) {
      const Layer& layer = model.layers[j];
      const Layer& planned = plan.model.layers[j];
      EXPECT_EQ(layer.count, planned.count) << model.name << layer.name;
      EXPECT_EQ(layer.prefill_only, planned.prefill_only) << model.name << layer.name;
      ASSERT_EQ(layer.experts.has_value(), planned.experts.has_value()) << model.name;
      if (!layer.experts) continue;
      EXPECT_EQ(layer.experts->total, planned.experts->total) << model.name;
      EXPECT_EQ(layer.experts->per_token, planned.experts->per_token) << model.name;
    }
    EXPECT_FALSE(model.source.empty()) << model.name;
  }
}

bool has_four_layers(const Model& model) {
  std::string names;
  for (const Layer& layer : model.layers) names += layer.name + " ";
  return names == "qkv o gate_up down ";
}

TEST(BuiltinModels, AreThoseOfTheDocumentation) {
  std::ostringstream page;
  page << std::ifstream(TWOFOUR_SOURCE_DIR "/docs/models.md").rdbuf();
  for (const Model& model : builtin_models()) {
    std::ostringstream row;
    if (has_four_layers(model)) {
      row << "| `" << model.name << "` | " << (model.by_default ? "yes" : "") << " |";
      for (const Layer& layer : model.layers) row << " " << layer.k << " x " << layer.n << " |";
      row << " " << *model.layers.front().count << " |";
      EXPECT_THAT(page.str(), ::testing::HasSubstr(row.str()));
      continue;
    }
    for (const Layer& layer : model.layers) {
      row.str("");
      row << "| `" << model.name << "` | `" << layer.name << "` | " << layer.k << " x " << layer.n
          << " | " << *layer.count;
      if (layer.experts) row << " x " << layer.experts->total;
      row << " |";
      EXPECT_THAT(page.str(), ::testing::HasSubstr(row.str()));
    }
  }
}

TEST(ParseModels, SaysWhatIsWrongAndWhere) {
  EXPECT_THAT(message_of("{"), ::testing::StartsWith("f.json: not JSON: "));
  EXPECT_EQ(message_of("[]"), "f.json: the file is not an object {models}");
  EXPECT_EQ(
      message_of("{}"),
      "f.json: models is missing; allowed: a list of at least one model {name, source, layers}");
  EXPECT_EQ(message_of(R"({"models": []})"),
            "f.json: models is []; allowed: a list of at least one model {name, source, layers}");
  EXPECT_EQ(message_of(R"({"models": [{"name": ""}]})"),
            "f.json: models[0].name is \"\"; allowed: a text of at least one character, without "
            "spaces");
  EXPECT_EQ(message_of(R"({"models": [{"name": "x", "source": "s"}]})"),
            "f.json: models[0].layers is missing; allowed: a list of at least one layer {name, k, "
            "n, split}");
  EXPECT_EQ(message_of(R"({"models": [7]})"), "f.json: models[0] is 7; allowed: an object");
}

TEST(ParseModels, SaysWhichLayerIsWrong) {
  const auto layer = [](const std::string& text) {
    return message_of(R"({"models": [{"name": "x", "source": "s", "layers": [)" + text + "]}]}");
  };
  EXPECT_EQ(layer(R"({"name": "l", "k": 0, "n": 4, "split": "n"})"),
            "f.json: models[0].layers[0].k is 0; allowed: a whole number from 1 to 268435456");
  EXPECT_EQ(layer(R"({"name": "l", "k": 4, "n": 4.5, "split": "n"})"),
            "f.json: models[0].layers[0].n is 4.5; allowed: a whole number from 1 to 268435456");
  EXPECT_EQ(layer(R"({"name": "l", "k": 4, "n": 4, "split": 1})"),
            "f.json: models[0].layers[0].split is 1; allowed: \"k\" or \"n\", the dimension that "
            "tensor parallelism splits, or \"none\"");
  EXPECT_EQ(layer(R"({"name": "l", "k": 4, "n": 4, "split": "k"})"), "accepted");
  EXPECT_EQ(layer(R"({"name": "l", "k": 4, "n": 4, "split": "none", "count": 0})"),
            "f.json: models[0].layers[0].count is 0; allowed: a whole number from 1 to 268435456");
  EXPECT_EQ(layer(R"({"name": "l", "k": 4, "n": 4, "split": "k", "experts": 4})"),
            "f.json: models[0].layers[0].experts_per_token is missing; allowed: a whole number "
            "from 1 to 268435456");
  EXPECT_EQ(
      layer(R"({"name": "l", "k": 4, "n": 4, "split": "k", "experts": 4, "experts_per_token": 5})"),
      "f.json: models[0].layers[0].experts_per_token is 5; allowed: at most 4, the experts");
}

TEST(ParseModels, RefusesTheSameNameTwice) {
  const std::string model =
      R"({"name": "x", "source": "s", "layers": [{"name": "l", "k": 4, "n": 4, "split": "k"}]})";
  EXPECT_EQ(message_of(R"({"models": [)" + model + "," + model + "]}"),
            "f.json: models[1].name is \"x\"; allowed: a name that no earlier model has");
}

TEST(LoadModels, NamesAFileThatCannotBeRead) {
  try {
    load_models("/nonexistent/models.json");
    FAIL() << "no exception";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(),
                 "/nonexistent/models.json: cannot be read: No such file or directory");
  }
}

const Model& built_in(std::string_view name) {
  const auto found = std::find_if(builtin_models().begin(), builtin_models().end(),
                                  [&](const Model& model) { return model.name == name; });
  if (found == builtin_models().end()) throw std::logic_error("no such model");
  return *found;
}

TEST(BuiltinModels, KnowTheirHeads) {
  for (const Model& model : builtin_models()) EXPECT_TRUE(model.heads) << model.name;
  const auto llama = model_cases({built_in("meta-llama/Llama-3-8b")}, {1}, {16});
  EXPECT_EQ(llama[0].shape, (GemmShape{1, 512, 4096}));
  EXPECT_EQ(llama[1].shape, (GemmShape{1, 4096, 256}));
  const auto latent = model_cases({built_in("deepseek-ai/DeepSeek-V3")}, {1}, {128, 256});
  EXPECT_EQ(latent[1].shape, (GemmShape{1, 192, 1536})) << "q_b: a head";
  EXPECT_EQ(latent[2].shape, (GemmShape{1, 256, 512})) << "kv_b: a head";
  const auto uneven = std::find_if(latent.begin(), latent.end(), [](const Case& c) {
    return c.layer == "q_b" && c.tensor_parallel == 256;
  });
  EXPECT_EQ(uneven->skip_reason,
            "deepseek-ai/DeepSeek-V3 q_b: 128 attention heads do not divide by the TP size 256");
  const auto qwen = model_cases({built_in("Qwen/Qwen2.5-7B")}, {1}, {8});
  EXPECT_EQ(qwen[0].skip_reason,
            "Qwen/Qwen2.5-7B qkv: 28 attention heads do not divide by the TP size 8");
  EXPECT_TRUE(qwen[1].skip_reason);
  EXPECT_EQ(qwen[2].shape, (GemmShape{1, 37888 / 8, 3584}));
  EXPECT_EQ(qwen[3].shape, (GemmShape{1, 3584, 18944 / 8}));
}

std::string with_config(const std::string& config, std::int64_t qkv_n = 64) {
  return R"({"models": [{"name": "x", "source": "s", "config": )" + config +
         R"(, "layers": [{"name": "qkv", "k": 4, "n": )" + std::to_string(qkv_n) +
         R"(, "split": "n"}]}]})";
}

TEST(ParseModels, ReadsHeadCountsAsConfigJsonHasThem) {
  const auto heads = [](const std::string& config, std::int64_t qkv_n = 64) {
    return parse_models(with_config(config, qkv_n), "f.json").front().heads;
  };
  EXPECT_FALSE(heads("{}"));
  EXPECT_FALSE(heads(R"({"hidden_size": 4})"));
  const auto grouped =
      heads(R"({"num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8})");
  ASSERT_TRUE(grouped);
  EXPECT_EQ(grouped->key_value, 2);
  EXPECT_EQ(grouped->value_size, 8);
  const auto plain =
      heads(R"({"num_attention_heads": 4, "hidden_size": 32, "head_dim": null})", 96);
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->key_value, 4);
  EXPECT_EQ(plain->size, 8);
}

TEST(ParseModels, SaysWhatIsWrongWithHeadCounts) {
  EXPECT_EQ(message_of(with_config("7")), "f.json: models[0].config is 7; allowed: an object");
  EXPECT_EQ(message_of(with_config(R"({"num_attention_heads": 0})")),
            "f.json: models[0].config.num_attention_heads is 0; allowed: a whole number from 1 to "
            "268435456");
  EXPECT_EQ(message_of(with_config(R"({"num_attention_heads": 4})")),
            "f.json: models[0].config.head_dim is missing; allowed: a whole number from 1 to "
            "268435456");
  EXPECT_EQ(message_of(with_config(
                R"({"num_attention_heads": 4, "num_key_value_heads": 3, "head_dim": 8})")),
            "f.json: models[0].config.num_key_value_heads is 3; allowed: a divisor of 4, the "
            "attention heads");
  EXPECT_EQ(message_of(with_config(
                R"({"num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 4})")),
            "f.json: models[0].layers[0].n is 64; allowed: 32, which follows from the head counts "
            "in the model's config");
}

}  // namespace
}  // namespace twofour::workload
