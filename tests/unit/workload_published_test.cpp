// Plans of published config.json files. The folder that holds them, named OWNER--NAME.json, is told
// by the variable TWOFOUR_CONFIGS_DIR; a file that is not there is skipped.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "workload/model_plan.h"

namespace twofour::workload {
namespace {

struct Published {
  const char* file;
  double parameters;   ///< of the text part
  const char* source;  ///< who says so
};

// Where a card counts a vision tower in, it is taken off, as said.
constexpr Published kPublished[] = {
    {"MiniMaxAI--MiniMax-M2.5", 229e9, "the card: 230B; 229B of the hub's count of its tensors"},
    {"Qwen--Qwen3-30B-A3B", 30.5e9, "the card: 30.5B"},
    {"Qwen--Qwen3-8B", 8.2e9, "the card: 8.2B"},
    {"Qwen--Qwen3-VL-8B-Instruct", 8.2e9, "its text model is Qwen3-8B: 8.2B"},
    {"Qwen--Qwen3.5-27B", 27e9, "the name and the card: 27B"},
    {"XiaomiMiMo--MiMo-V2-Flash", 309e9, "the card: 309B"},
    {"deepseek-ai--DeepSeek-V3", 671e9, "the card: 671B without the module for further tokens"},
    {"google--gemma-4-26B-A4B", 25.2e9, "the card: 25.2B"},
    {"meta-llama--Llama-4-Scout-17B-16E-Instruct", 107.8e9,
     "the card: 109B, 108.64B of the hub's count, with a vision tower of 0.87B"},
    {"meta-llama--Meta-Llama-3.1-70B", 70.6e9, "the card: 70B; 70.6B of the hub's count"},
    {"meta-llama--Meta-Llama-3.1-8B", 8.03e9, "the card: 8B; 8.03B of the hub's count"},
    {"mistralai--Mixtral-8x7B-v0.1", 46.7e9, "the announcement: 46.7B"},
    {"moonshotai--Kimi-K2-Instruct", 1.03e12, "the card: 1T; 1.03T of the hub's count"},
    {"nvidia--Llama-3_3-Nemotron-Super-49B-v1", 49.9e9, "the card: 49B; 49.9B of the hub's count"},
    {"nvidia--Nemotron-H-56B-Base-8K", 56e9, "the card: 56B"},
    {"openai--gpt-oss-120b", 116.8e9, "the card: 116.83B"},
    {"zai-org--GLM-5", 744e9, "the card: 744B"},
};

std::optional<ModelPlan> plan_of(const std::string& name, const PlanOptions& options = {}) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing sets variables here
  const char* folder = std::getenv("TWOFOUR_CONFIGS_DIR");
  if (folder == nullptr) return std::nullopt;
  const auto file = std::filesystem::path(folder) / (name + ".json");
  if (!std::filesystem::exists(file)) return std::nullopt;
  return load_model_config(file, options);
}

std::string shapes(const ModelPlan& plan) {
  std::string text;
  for (const Layer& layer : plan.model.layers) {
    text += layer.name + " " + std::to_string(layer.k) + "x" + std::to_string(layer.n) + "/" +
            layer.split + " " + std::to_string(layer.count.value_or(0)) + "; ";
  }
  return text;
}

class PublishedConfig : public ::testing::TestWithParam<Published> {};

TEST_P(PublishedConfig, HasThePublishedNumberOfParameters) {
  const auto plan = plan_of(GetParam().file);
  if (!plan) GTEST_SKIP() << "no such file in TWOFOUR_CONFIGS_DIR";
  EXPECT_NEAR(plan->text_parameters() / GetParam().parameters, 1, 0.01) << GetParam().source << "\n"
                                                                        << plan_text(*plan);
  EXPECT_TRUE(plan->skipped.empty()) << plan_text(*plan);
  EXPECT_THAT(plan_text(*plan), ::testing::Not(::testing::HasSubstr("were not read")));
}

INSTANTIATE_TEST_SUITE_P(All, PublishedConfig, ::testing::ValuesIn(kPublished),
                         [](const auto& published) {
                           std::string name = published.param.file;
                           std::replace_if(
                               name.begin(), name.end(),
                               [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); },
                               '_');
                           return name;
                         });

// By hand: see docs/models.md for what K and N are.
TEST(PublishedConfigs, HaveTheShapesThatWereWorkedOutByHand) {
  const std::vector<std::pair<std::string, std::string>> expected{
      {"meta-llama--Meta-Llama-3.1-8B",
       "qkv 4096x6144/n 32; o 4096x4096/k 32; gate_up 4096x28672/n 32; down 14336x4096/k 32; "},
      {"deepseek-ai--DeepSeek-V3",
       "q_a_kv_a 7168x2112/- 61; q_b 1536x24576/n 61; kv_b 512x32768/n 61; o 16384x7168/k 61; "
       "gate_up 7168x36864/n 3; down 18432x7168/k 3; expert_gate_up 7168x4096/n 58; expert_down "
       "2048x7168/k 58; shared_gate_up 7168x4096/n 58; shared_down 2048x7168/k 58; "},
      {"google--gemma-4-26B-A4B",
       "qkv_2816x8192 2816x8192/n 25; o_4096x2816 4096x2816/k 25; gate_up 2816x4224/n 30; down "
       "2112x2816/k 30; expert_gate_up 2816x1408/n 30; expert_down 704x2816/k 30; qkv_2816x9216 "
       "2816x9216/n 5; o_8192x2816 8192x2816/k 5; "},
      {"Qwen--Qwen3.5-27B",
       "linear_qkvz 5120x16384/n 48; linear_ba 5120x96/n 48; linear_out 6144x5120/k 48; gate_up "
       "5120x34816/n 64; down 17408x5120/k 64; qkv 5120x14336/n 16; o 6144x5120/k 16; "},
      {"nvidia--Nemotron-H-56B-Base-8K",
       "mamba_in 8192x37120/n 54; mamba_out 16384x8192/k 54; up 8192x32768/n 54; down "
       "32768x8192/k 54; qkv 8192x10240/n 10; o 8192x8192/k 10; "},
      {"XiaomiMiMo--MiMo-V2-Flash",
       "qkv_4096x13568 4096x13568/n 9; o 8192x4096/k 48; gate_up 4096x32768/n 1; down "
       "16384x4096/k 1; qkv_4096x14848 4096x14848/n 39; expert_gate_up 4096x4096/n 47; expert_down "
       "2048x4096/k 47; "}};
  bool any = false;
  for (const auto& [name, by_hand] : expected) {
    const auto plan = plan_of(name);
    if (!plan) continue;
    any = true;
    EXPECT_EQ(shapes(*plan), by_hand) << name;
  }
  if (!any) GTEST_SKIP() << "no such files in TWOFOUR_CONFIGS_DIR";
}

TEST(PublishedConfigs, MixersHaveTheirShareOfNemotronH) {
  const auto plan = plan_of("nvidia--Nemotron-H-56B-Base-8K");
  if (!plan) GTEST_SKIP() << "no such file in TWOFOUR_CONFIGS_DIR";
  double mixers = 0;
  for (const Layer& layer : plan->model.layers) {
    if (!layer.name.starts_with("mamba")) continue;
    mixers += static_cast<double>(layer.k) * static_cast<double>(layer.n) *
              static_cast<double>(layer.count.value_or(0));
  }
  EXPECT_NEAR(mixers / plan->measured_parameters(), 0.437, 0.0005);
}

}  // namespace
}  // namespace twofour::workload
