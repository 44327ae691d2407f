// Small configurations of our own, one for each family of fields.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "workload/model_plan.h"

namespace twofour::workload {
namespace {

using ::testing::HasSubstr;

ModelPlan plan_of(const std::string& fields, bool unfused = false) {
  return plan_of_config("{" + fields + "}", "c.json", "small", {.unfused = unfused});
}

std::string message_of(const std::string& text) {
  try {
    plan_of_config(text, "c.json", "small", {});
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "accepted";
}

std::string shapes(const ModelPlan& plan) {
  std::string text;
  for (const Layer& layer : plan.model.layers) {
    text += layer.name + " " + std::to_string(layer.k) + "x" + std::to_string(layer.n) + "/" +
            layer.split + " " + std::to_string(layer.count.value_or(0));
    if (layer.experts) {
      text += " of " + std::to_string(layer.experts->total) + " top " +
              std::to_string(layer.experts->per_token);
    }
    text += "; ";
  }
  return text;
}

std::string reasons(const ModelPlan& plan) {
  std::string text;
  for (const SkippedLayers& one : plan.skipped) text += one.name + ": " + one.reason + "; ";
  return text;
}

const UnmeasuredWeights* unmeasured(const ModelPlan& plan, std::string_view name) {
  for (const UnmeasuredWeights& one : plan.unmeasured) {
    if (one.name == name) return &one;
  }
  return nullptr;
}

const std::string kDense =
    R"("model_type": "llama", "hidden_size": 16, "num_hidden_layers": 3, "intermediate_size": 40,
       "num_attention_heads": 4, "vocab_size": 100)";

TEST(ModelConfig, ADenseModel) {
  const ModelPlan plan = plan_of(kDense + R"(, "num_key_value_heads": 2)");
  EXPECT_EQ(shapes(plan), "qkv 16x32/n 3; o 16x16/k 3; gate_up 16x80/n 3; down 40x16/k 3; ");
  EXPECT_EQ(plan.measured_parameters(), 3 * (16 * 32 + 16 * 16 + 16 * 80 + 40 * 16));
  EXPECT_EQ(plan.text_parameters(), plan.measured_parameters() + 2 * 1600);
  EXPECT_EQ(reasons(plan), "");
  EXPECT_THAT(plan.notes, ::testing::ElementsAre(HasSubstr("tie_word_embeddings is missing")));
}

TEST(ModelConfig, UnfusedProjectionsStandAlone) {
  EXPECT_EQ(shapes(plan_of(kDense + R"(, "num_key_value_heads": 2)", true)),
            "q 16x16/n 3; k 16x8/n 3; v 16x8/n 3; o 16x16/k 3; gate 16x40/n 3; up 16x40/n 3; down "
            "40x16/k 3; ");
}

TEST(ModelConfig, HeadsThatAreNotGivenAreAllAndShareTheHiddenSize) {
  EXPECT_THAT(shapes(plan_of(kDense + R"(, "num_key_value_heads": null)")),
              HasSubstr("qkv 16x48/n 3; o 16x16/k 3;"));
  EXPECT_THAT(shapes(plan_of(kDense + R"(, "head_dim": 8)")),
              HasSubstr("qkv 16x96/n 3; o 32x16/k 3;"));
  EXPECT_THAT(shapes(plan_of(kDense + R"(, "attention_head_dim": 6, "v_head_dim": 2)")),
              HasSubstr("qkv 16x56/n 3; o 8x16/k 3;"));
}

TEST(ModelConfig, HeadsAreDealtOutWhole) {
  const ModelPlan plan = plan_of(kDense + R"(, "num_key_value_heads": 2)");
  const auto cases = model_cases({plan.model}, {5}, {4, 8});
  EXPECT_EQ(cases[0].shape.n, 1 * 4 + 1 * (4 + 4));
  EXPECT_EQ(cases[0].calls, 3);
  EXPECT_EQ(cases[4].skip_reason, "small qkv: 4 attention heads do not divide by the TP size 8");
}

TEST(ModelConfig, TiedEmbeddingsCountOnce) {
  const ModelPlan plan = plan_of(kDense + R"(, "tie_word_embeddings": true)");
  EXPECT_EQ(unmeasured(plan, "lm_head"), nullptr);
  EXPECT_EQ(unmeasured(plan, "embeddings")->parameters, 1600);
}

TEST(ModelConfig, TheDecoderMayStandBesideOtherParts) {
  const ModelPlan plan =
      plan_of(R"("text_config": {)" + kDense + R"(}, "vision_config": {"depth": 2})");
  EXPECT_EQ(shapes(plan), "qkv 16x48/n 3; o 16x16/k 3; gate_up 16x80/n 3; down 40x16/k 3; ");
  ASSERT_NE(unmeasured(plan, "vision"), nullptr);
  EXPECT_EQ(unmeasured(plan, "vision")->parameters, std::nullopt);
  EXPECT_FALSE(unmeasured(plan, "vision")->in_text_part);
  EXPECT_EQ(shapes(plan_of(R"("llm_config": {)" + kDense + "}")), shapes(plan));
}

TEST(ModelConfig, KindsOfAttentionHaveTheirOwnHeads) {
  // As in Gemma: over all tokens heads are wider, fewer, and values are the keys.
  EXPECT_THAT(shapes(plan_of(kDense + R"(, "layer_types": ["sliding_attention", "full_attention",
      "sliding_attention"], "global_head_dim": 8, "num_global_key_value_heads": 1,
      "attention_k_eq_v": true)")),
              HasSubstr("qkv_16x48 16x48/n 2; o_16x16 16x16/k 2;"));
  EXPECT_THAT(shapes(plan_of(kDense + R"(, "layer_types": ["sliding_attention", "full_attention",
      "sliding_attention"], "global_head_dim": 8, "num_global_key_value_heads": 1,
      "attention_k_eq_v": true)")),
              HasSubstr("qkv_16x40 16x40/n 1; o_32x16 32x16/k 1;"));
  // As in MiMo: those over a window have fields of their own.
  EXPECT_THAT(shapes(plan_of(kDense + R"(, "num_key_value_heads": 1, "hybrid_layer_pattern":
      [0, 1, 1], "swa_num_key_value_heads": 2)")),
              HasSubstr("qkv_16x24 16x24/n 1; o 16x16/k 3;"));
}

TEST(ModelConfig, QueriesMayHaveGates) {
  EXPECT_THAT(shapes(plan_of(kDense + R"(, "num_key_value_heads": 2, "attn_output_gate": true)")),
              HasSubstr("qkv 16x48/n 3; o 16x16/k 3;"));
}

TEST(ModelConfig, LatentAttention) {
  const std::string latent =
      kDense +
      R"(, "kv_lora_rank": 12, "qk_nope_head_dim": 4, "qk_rope_head_dim": 2, "v_head_dim": 3)";
  const ModelPlan plan = plan_of(latent + R"(, "q_lora_rank": 10)");
  EXPECT_THAT(shapes(plan), HasSubstr("q_a_kv_a 16x24/- 3; q_b 10x24/n 3; kv_b 12x28/n 3; o "
                                      "12x16/k 3;"));
  for (const Layer& layer : plan.model.layers) {
    EXPECT_EQ(layer.prefill_only, layer.name == "kv_b") << layer.name;
  }
  EXPECT_THAT(shapes(plan_of(latent + R"(, "q_lora_rank": null)")),
              HasSubstr("q 16x24/n 3; kv_a 16x14/- 3; kv_b 12x28/n 3;"));
  const ModelPlan indexed =
      plan_of(latent + R"(, "q_lora_rank": 10, "index_n_heads": 2, "index_head_dim": 8)");
  EXPECT_EQ(unmeasured(indexed, "indexer")->parameters, 3 * (10 * 16 + 16 * 8 + 16 * 2));
  EXPECT_THAT(plan_text(plan), HasSubstr("in prefill only"));
}

const std::string kExperts = kDense + R"(, "num_experts": 8, "num_experts_per_tok": 2)";

TEST(ModelConfig, ExpertsAndTheFirstDenseLayers) {
  const ModelPlan plan = plan_of(kExperts + R"(, "moe_intermediate_size": 6,
      "first_k_dense_replace": 1, "n_shared_experts": 2)");
  EXPECT_THAT(shapes(plan),
              HasSubstr("gate_up 16x80/n 1; down 40x16/k 1; expert_gate_up 16x12/n 2 of 8 top 2; "
                        "expert_down 6x16/k 2 of 8 top 2; shared_gate_up 16x24/n 2; shared_down "
                        "12x16/k 2; "));
  EXPECT_EQ(unmeasured(plan, "router")->parameters, 2 * 16 * 8);
  const auto cases = model_cases({plan.model}, {64}, {1});
  for (const Case& c : cases) {
    if (!c.layer.starts_with("expert")) continue;
    EXPECT_EQ(c.shape.m, 16);
    EXPECT_EQ(c.tokens, 64);
    EXPECT_EQ(c.instances, 16);
    EXPECT_EQ(c.calls, c.experts ? 2 : 16);
  }
  EXPECT_THAT(plan_text(plan), HasSubstr("8 experts, 2 for each token"));
}

TEST(ModelConfig, WhichLayersHaveExperts) {
  const auto dense = [](const std::string& fields) {
    std::int64_t count = 0;
    for (const Layer& layer :
         plan_of(kExperts + R"(, "moe_intermediate_size": 6, )" + fields).model.layers) {
      if (layer.name == "down") count = *layer.count;
    }
    return count;
  };
  EXPECT_EQ(dense(R"("decoder_sparse_step": 1)"), 0);
  EXPECT_EQ(dense(R"("decoder_sparse_step": 2)"), 2);
  EXPECT_EQ(dense(R"("mlp_only_layers": [0, 1])"), 2);
  EXPECT_EQ(dense(R"("moe_layer_freq": [0, 1, 1])"), 1);
  EXPECT_EQ(dense(R"("moe_layer_freq": 2)"), 1);
  EXPECT_EQ(dense(R"("interleave_moe_layer_step": 3)"), 2);
  EXPECT_EQ(dense(R"("moe_layers": [2])"), 2);
  EXPECT_EQ(dense(R"("mlp_layer_types": ["dense", "sparse", "sparse"])"), 1);
  EXPECT_EQ(dense(R"("enable_moe_block": true)"), 3);
  EXPECT_EQ(dense(R"("enable_moe_block": false)"), 3);
}

TEST(ModelConfig, WhatNoFieldSaysIsByModelType) {
  // The experts' width, and a shared expert.
  EXPECT_THAT(shapes(plan_of(R"("model_type": "llama4_text", "hidden_size": 16,
      "num_hidden_layers": 2, "intermediate_size": 40, "intermediate_size_mlp": 60,
      "num_attention_heads": 4, "vocab_size": 100, "num_local_experts": 4, "num_experts_per_tok": 1,
      "interleave_moe_layer_step": 2)")),
              HasSubstr("gate_up 16x120/n 1; down 60x16/k 1; expert_gate_up 16x80/n 1 of 4 top 1; "
                        "expert_down 40x16/k 1 of 4 top 1; shared_gate_up 16x80/n 1; shared_down "
                        "40x16/k 1; "));
  const ModelPlan unknown = plan_of(R"("model_type": "new", "hidden_size": 16,
      "num_hidden_layers": 2, "intermediate_size": 40, "num_attention_heads": 4, "vocab_size": 9)");
  EXPECT_EQ(shapes(unknown), "qkv 16x48/n 2; o 16x16/k 2; ");
  EXPECT_EQ(reasons(unknown),
            "feed-forward: model_type is \"new\", and no field says whether its feed-forward "
            "networks have a gate; ");
  EXPECT_THAT(reasons(plan_of(kExperts)),
              HasSubstr("feed-forward: c.json: moe_intermediate_size is missing"));
}

TEST(ModelConfig, StateSpaceLayersBesideOthers) {
  const ModelPlan plan = plan_of(R"("model_type": "nemotron_h", "hidden_size": 16,
      "num_hidden_layers": 4, "hybrid_override_pattern": "M-*M", "intermediate_size": 40,
      "num_attention_heads": 4, "attention_head_dim": 8, "num_key_value_heads": 1,
      "mamba_num_heads": 6, "mamba_head_dim": 4, "n_groups": 2, "ssm_state_size": 5,
      "conv_kernel": 4, "vocab_size": 100, "time_step_limit": [0.0, Infinity])");
  EXPECT_EQ(shapes(plan),
            "mamba_in 16x74/n 2; mamba_out 24x16/k 2; up 16x40/n 1; down 40x16/k 1; qkv 16x48/n 1; "
            "o 32x16/k 1; ");
  EXPECT_EQ(unmeasured(plan, "convolution")->parameters, 2 * 4 * (24 + 20));
  EXPECT_EQ(reasons(plan), "");
  const auto halves = model_cases({plan.model}, {1}, {2});
  EXPECT_EQ(halves[0].shape.n, 37);
  EXPECT_EQ(halves[1].shape.k, 12);
}

TEST(ModelConfig, LinearAttentionBesideFull) {
  const std::string fields = R"("model_type": "qwen3_next", "hidden_size": 16,
      "num_hidden_layers": 2, "intermediate_size": 40, "num_attention_heads": 4, "vocab_size": 100,
      "linear_num_key_heads": 2, "linear_num_value_heads": 4, "linear_key_head_dim": 3,
      "linear_value_head_dim": 5, "full_attention_interval": 2)";
  EXPECT_EQ(shapes(plan_of(fields)),
            "linear_qkvz 16x52/n 1; linear_ba 16x8/n 1; linear_out 20x16/k 1; gate_up 16x80/n 2; "
            "down 40x16/k 2; qkv 16x48/n 1; o 16x16/k 1; ");
  EXPECT_THAT(shapes(plan_of(fields, true)),
              HasSubstr("linear_qkv 16x32/n 1; linear_z 16x20/n 1; linear_b 16x4/n 1; linear_a "
                        "16x4/n 1;"));
}

TEST(ModelConfig, BlocksHaveWidthsOfTheirOwn) {
  const auto plan = [](const std::string& blocks) {
    return plan_of(R"("model_type": "nemotron-nas", "hidden_size": 768, "num_hidden_layers": 2,
        "num_attention_heads": 4, "num_key_value_heads": null, "intermediate_size": null,
        "vocab_size": 10, "block_configs": [)" +
                   blocks + "]");
  };
  EXPECT_EQ(
      shapes(plan(
          R"({"attention": {"n_heads_in_group": 2, "no_op": false}, "ffn": {"ffn_mult": 1.25}},
             {"attention": {"no_op": true}, "ffn": {"ffn_mult": 2.0}})")),
      "qkv 768x1536/n 1; o 768x768/k 1; gate_up_768x1536 768x1536/n 1; down_768x768 768x768/k 1; "
      "gate_up_768x2048 768x2048/n 1; down_1024x768 1024x768/k 1; ");
  EXPECT_EQ(reasons(plan(
                R"({"attention": {"replace_with_linear": true}, "ffn": {"ffn_mult": 1.0}},
             {"attention": {"no_op": true}, "ffn": {"sparsify": 2}})")),
            "attention: block_configs has attention with replace_with_linear; feed-forward: "
            "block_configs has an entry whose ffn is not understood; ");
}

TEST(ModelConfig, WhatIsNotUnderstoodIsNamedAndSkipped) {
  const auto reason = [](const std::string& fields) { return reasons(plan_of(kDense + fields)); };
  EXPECT_EQ(reason(R"(, "layer_types": ["full_attention", "conv", "full_attention"])"),
            "attention: layer_types has \"conv\", which is not understood; ");
  EXPECT_EQ(reason(R"(, "attn_layer_period": 2)"),
            "attention: attn_layer_period is not understood; ");
  EXPECT_EQ(reason(R"(, "num_kv_shared_layers": 1)"),
            "attention: num_kv_shared_layers is 1: layers that share keys and values are not "
            "understood; ");
  EXPECT_EQ(reason(R"(, "num_key_value_heads": 3)"),
            "attention: c.json: num_key_value_heads is 3; allowed: a divisor of 4, the attention "
            "heads; ");
  EXPECT_EQ(reason(R"(, "head_dim": "wide")"),
            "attention: c.json: head_dim is \"wide\"; allowed: a whole number from 1 to "
            "268435456; ");
  EXPECT_EQ(reason(R"(, "use_double_wide_mlp": true)"),
            "feed-forward: use_double_wide_mlp is not understood; ");
  EXPECT_EQ(reason(R"(, "head_dim": 268435456)"),
            "q: K x N = 16 x 1073741824 is beyond 268435456; k: K x N = 16 x 1073741824 is beyond "
            "268435456; v: K x N = 16 x 1073741824 is beyond 268435456; o: K x N = 1073741824 x 16 "
            "is beyond 268435456; ");
  EXPECT_EQ(reason(R"(, "head_dim": 67108864)"), "qkv: N = 805306368 is beyond 268435456; ");
  EXPECT_THAT(plan_text(plan_of(kDense + R"(, "extra_mlp_layers": 3)")),
              HasSubstr("fields that were not read, and that shapes may depend on: "
                        "extra_mlp_layers"));
}

TEST(ModelConfig, AFileThatTellsNoModelIsRefused) {
  EXPECT_THAT(message_of("{"), ::testing::StartsWith("c.json: not JSON: "));
  EXPECT_EQ(message_of("[]"), "c.json: the file is not an object of fields");
  EXPECT_EQ(message_of("{}"),
            "c.json: num_hidden_layers is missing; allowed: a whole number from 1 to 268435456");
  EXPECT_EQ(message_of(R"({"num_hidden_layers": 2001, "hidden_size": 4})"),
            "c.json: num_hidden_layers is 2001; allowed: a whole number from 1 to 2000");
  EXPECT_EQ(message_of(R"({"num_hidden_layers": 1, "hidden_size": 18446744073709551615})"),
            "c.json: hidden_size is 18446744073709551615; allowed: a whole number from 1 to "
            "268435456");
  EXPECT_EQ(message_of(R"({"a": 1, "a": 2})"), "c.json: an object has the member \"a\" twice");
}

TEST(ModelConfig, IsNamedAfterItsFolderOrItself) {
  const auto name = [](const char* file) {
    try {
      return load_model_config(file, {}).model.name;
    } catch (const std::runtime_error& error) {
      return std::string(error.what());
    }
  };
  EXPECT_EQ(name("/nonexistent/config.json"),
            "/nonexistent/config.json: cannot be read: No such file or directory");
}

}  // namespace
}  // namespace twofour::workload
