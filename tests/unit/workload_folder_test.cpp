// Folders of a model with safetensors headers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "workload/decoder.h"
#include "workload/model_plan.h"

namespace twofour::workload {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kConfig =
    R"({"model_type": "llama", "hidden_size": 8, "num_hidden_layers": 1, "intermediate_size": 12,
        "num_attention_heads": 2, "vocab_size": 10, "tie_word_embeddings": false})";

/// A model's folder that goes when the object does.
class Folder {
 public:
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "twofour-model-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  Folder(Folder&&) = delete;
  Folder& operator=(Folder&&) = delete;

  [[nodiscard]] const fs::path& path() const { return path_; }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
  }

 private:
  fs::path path_;
};

using Shape = std::vector<std::int64_t>;
using Tensors = std::vector<std::pair<std::string, Shape>>;

/// A file of zeros; `type` has one byte or two.
std::string safetensors(const Tensors& tensors, const std::string& type = "U8") {
  nlohmann::json header = nlohmann::json::object();
  std::int64_t at = 0;
  for (const auto& [name, shape] : tensors) {
    std::int64_t bytes = type == "BF16" ? 2 : 1;
    for (const std::int64_t size : shape) bytes *= size;
    header[name] = {{"dtype", type}, {"shape", shape}, {"data_offsets", {at, at + bytes}}};
    at += bytes;
  }
  const std::string text = header.dump();
  std::string file;
  for (unsigned i = 0; i < 8; ++i) file += static_cast<char>(text.size() >> (8 * i) & 255);
  file += text;
  file.resize(file.size() + static_cast<std::size_t>(at));
  return file;
}

Tensors small_model() {
  const std::string layer = "model.layers.0.";
  return {{"model.embed_tokens.weight", {10, 8}},      {layer + "self_attn.q_proj.weight", {8, 8}},
          {layer + "self_attn.k_proj.weight", {8, 8}}, {layer + "self_attn.v_proj.weight", {8, 8}},
          {layer + "self_attn.o_proj.weight", {8, 8}}, {layer + "mlp.gate_proj.weight", {12, 8}},
          {layer + "mlp.up_proj.weight", {12, 8}},     {layer + "mlp.down_proj.weight", {8, 12}},
          {layer + "input_layernorm.weight", {8}},     {"lm_head.weight", {10, 8}}};
}

ModelPlan plan_of(const Folder& folder) { return load_model_folder(folder.path(), {}); }

std::string shapes(const ModelPlan& plan) {
  std::string text;
  for (const Layer& layer : plan.model.layers) {
    text += layer.name + " " + std::to_string(layer.k) + "x" + std::to_string(layer.n) + "; ";
  }
  return text;
}

std::string message_of(const Folder& folder) {
  try {
    plan_of(folder);
  } catch (const std::runtime_error& error) {
    std::string text = error.what();
    const std::string path = folder.path().string() + "/";
    return text.starts_with(path) ? text.substr(path.size()) : text;
  }
  return "accepted";
}

TEST(ModelFolder, WithoutHeadersIsItsConfiguration) {
  const Folder folder;
  EXPECT_EQ(message_of(folder), "config.json: cannot be read: No such file or directory");
  folder.write("config.json", kConfig);
  const ModelPlan plan = plan_of(folder);
  EXPECT_EQ(shapes(plan), "qkv 8x24; o 8x8; gate_up 8x24; down 12x8; ");
  EXPECT_THAT(plan.notes, Contains(HasSubstr("no safetensors headers")));
  EXPECT_EQ(plan.model.name, folder.path().filename().string());
}

TEST(ModelFolder, HeadersThatAgreeChangeNothing) {
  const Folder folder;
  folder.write("config.json", kConfig);
  folder.write("model.safetensors", safetensors(small_model(), "BF16"));
  const ModelPlan plan = plan_of(folder);
  EXPECT_EQ(shapes(plan), "qkv 8x24; o 8x8; gate_up 8x24; down 12x8; ");
  EXPECT_TRUE(plan.notes.empty()) << plan_text(plan);
  EXPECT_EQ(plan.text_parameters(), 2 * 80 + 4 * 64 + 3 * 96);
}

// What config.json leaves open, and what an encoder has behind its layers.
TEST(ModelFolder, HeadersTellOfAnHeadAndOfAPooler) {
  const Folder folder;
  std::string config = kConfig;
  const std::string said = R"(, "tie_word_embeddings": false)";
  config.erase(config.find(said), said.size());
  folder.write("config.json", config);
  EXPECT_THAT(plan_of(folder).notes, Contains(HasSubstr("lm_head is taken to have weights")));
  Tensors tensors = small_model();
  tensors.back() = {"pooler.dense.weight", {8, 8}};
  folder.write("model.safetensors", safetensors(tensors, "BF16"));
  const ModelPlan plan = plan_of(folder);
  EXPECT_TRUE(plan.notes.empty()) << plan_text(plan);
  EXPECT_THAT(plan_text(plan), HasSubstr("pooler"));
  EXPECT_THAT(plan_text(plan), ::testing::Not(HasSubstr("lm_head")));
}

TEST(ModelFolder, HeadersDecide) {
  const Folder folder;
  folder.write("config.json", kConfig);
  Tensors tensors = small_model();
  tensors[1].second = {16, 8};         // q is wider
  tensors.erase(tensors.begin() + 5);  // no gate
  tensors.emplace_back("model.layers.0.mlp.shared_expert.down_proj.weight", Shape{8, 4});
  tensors.emplace_back("vision_tower.layers.0.fc.weight", Shape{3, 5});
  folder.write("model.safetensors", safetensors(tensors, "BF16"));
  const ModelPlan plan = plan_of(folder);
  EXPECT_EQ(shapes(plan), "qkv 8x32; o 8x8; gate_up 8x12; down 12x8; shared_down 4x8; ");
  EXPECT_THAT(plan.notes, Contains(HasSubstr("the first: layer 0 q 8 x 16, not 8 x 8")));
  EXPECT_THAT(plan.notes, Contains(HasSubstr("left out; the first: layer 0 gate 8 x 12")));
  EXPECT_THAT(plan.notes, Contains(HasSubstr("put in; the first: layer 0 shared_down 4 x 8")));
  EXPECT_THAT(plan_text(plan), HasSubstr("(15; in no share)"));
}

TEST(ModelFolder, FilesTellWhatNoFieldSays) {
  const Folder folder;
  folder.write("config.json",
               std::string(kConfig).replace(std::string(kConfig).find("llama"), 5, "fresh"));
  folder.write("model.safetensors", safetensors(small_model(), "BF16"));
  const ModelPlan plan = plan_of(folder);
  EXPECT_EQ(shapes(plan), "qkv 8x24; o 8x8; down 12x8; gate_up 8x24; ");
  EXPECT_TRUE(plan.skipped.empty()) << plan_text(plan);
}

TEST(ModelFolder, AnIndexNamesTheFiles) {
  const Folder folder;
  folder.write("config.json", kConfig);
  const Tensors tensors = small_model();
  folder.write("a.safetensors", safetensors({tensors.begin(), tensors.begin() + 5}, "BF16"));
  folder.write("blob", safetensors({tensors.begin() + 5, tensors.end()}, "BF16"));
  fs::create_symlink("blob", folder.path() / "b.safetensors");  // as in the hub's cache
  std::string map;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    map += (i == 0 ? "\"" : ",\"") + tensors[i].first +
           (i < 5 ? R"(":"a.safetensors")" : R"(":"b.safetensors")");
  }
  folder.write("model.safetensors.index.json", R"({"weight_map":{)" + map + "}}");
  EXPECT_TRUE(plan_of(folder).notes.empty()) << plan_text(plan_of(folder));

  fs::remove(folder.path() / "b.safetensors");
  const ModelPlan plan = plan_of(folder);
  EXPECT_EQ(shapes(plan), "qkv 8x24; o 8x8; gate_up 8x24; down 12x8; ");
  EXPECT_THAT(plan.notes, Contains(HasSubstr("1 files of the index are not there, the first: "
                                             "b.safetensors")));

  folder.write("b.safetensors", safetensors({tensors.begin() + 5, tensors.end() - 1}, "BF16"));
  EXPECT_EQ(message_of(folder),
            "b.safetensors: has no tensor lm_head.weight, which "
            "model.safetensors.index.json says is in it");
  folder.write("model.safetensors.index.json", R"({"weight_map":{"a":"../a.safetensors"}})");
  EXPECT_EQ(message_of(folder),
            "model.safetensors.index.json: weight_map: the tensor \"a\" is \"../a.safetensors\"; "
            "allowed: the name of a .safetensors file in the same folder, without '/' and '..'");
}

TEST(ModelFolder, PackedWeightsAreNotGuessed) {
  const Folder folder;
  folder.write("config.json", kConfig);
  Tensors tensors = small_model();
  tensors[1].second = {8, 4};
  folder.write("model.safetensors", safetensors(tensors, "U8"));
  const ModelPlan plan = plan_of(folder);
  EXPECT_EQ(shapes(plan), "qkv 8x24; o 8x8; gate_up 8x24; down 12x8; ");
  EXPECT_THAT(plan.notes, Contains(HasSubstr("tensors are not understood, the first: "
                                             "model.layers.0.self_attn.q_proj.weight")));
}

constexpr const char* kExperts =
    R"({"model_type": "qwen3_moe", "hidden_size": 8, "num_hidden_layers": 1, "num_experts": 3,
        "moe_intermediate_size": 6, "num_experts_per_tok": 2, "num_attention_heads": 2,
        "vocab_size": 10, "tie_word_embeddings": true})";

TEST(ModelFolder, ExpertsOneByOneAndStacked) {
  const std::string layer = "model.layers.0.mlp.";
  Tensors attention = small_model();
  attention.erase(attention.begin() + 5, attention.end());
  attention.emplace_back(layer + "gate.weight", Shape{3, 8});
  Tensors single = attention;
  for (const char* expert : {"0", "1", "2"}) {
    for (const char* name : {"gate_proj", "up_proj"}) {
      single.emplace_back(layer + "experts." + expert + "." + name + ".weight", Shape{6, 8});
    }
    single.emplace_back(layer + "experts." + expert + ".down_proj.weight", Shape{8, 6});
  }
  Tensors in_first = attention;
  in_first.emplace_back(layer + "experts.gate_up_proj", Shape{3, 8, 12});
  in_first.emplace_back(layer + "experts.down_proj", Shape{3, 6, 8});
  Tensors out_first = attention;
  out_first.emplace_back(layer + "experts.gate_up_proj", Shape{3, 12, 8});
  out_first.emplace_back(layer + "experts.down_proj", Shape{3, 8, 6});
  for (const Tensors& tensors : {single, in_first, out_first}) {
    const Folder folder;
    folder.write("config.json", kExperts);
    folder.write("model.safetensors", safetensors(tensors, "BF16"));
    const ModelPlan plan = plan_of(folder);
    EXPECT_EQ(shapes(plan), "qkv 8x24; o 8x8; expert_gate_up 8x12; expert_down 6x8; ");
    EXPECT_THAT(plan.notes, Not(Contains(HasSubstr("safetensors")))) << plan_text(plan);
    EXPECT_EQ(plan.text_parameters(), 80 + 4 * 64 + 24 + 3 * 3 * 48);
  }
  single.pop_back();
  const Folder folder;
  folder.write("config.json", kExperts);
  folder.write("model.safetensors", safetensors(single, "BF16"));
  EXPECT_THAT(plan_of(folder).notes,
              Contains(HasSubstr("layer 0 expert_down 6 x 8, not 6 x 8, of 2 experts, not 3")));
}

TEST(ModelFolder, NamesComeFromTheHubsCache) {
  EXPECT_EQ(model_name_of("/c/models--o--n/snapshots/abc/config.json"), "o/n");
  EXPECT_EQ(model_name_of("/c/my model/config.json"), "my_model");
  EXPECT_EQ(model_name_of("/c/o--n.json"), "o/n");
}

}  // namespace
}  // namespace twofour::workload
