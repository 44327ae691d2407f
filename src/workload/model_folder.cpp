// A model's folder: config.json, and the headers of its safetensors files.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>

#include "input/safetensors.h"
#include "input/text_file.h"
#include "workload/decoder.h"
#include "workload/stored_weights.h"

namespace twofour::workload {
namespace {

namespace fs = std::filesystem;

constexpr const char* kIndex = "model.safetensors.index.json";
constexpr const char* kSingle = "model.safetensors";

/// A file that the index names must have the tensors that are said to be in it.
void read_file(const fs::path& file, const std::set<std::string>& expected, StoredWeights& stored) {
  std::set<std::string> missing = expected;
  for (const input::Tensor& tensor : input::read_safetensors_header(file).tensors) {
    missing.erase(tensor.name);
    stored.add(tensor);
  }
  if (!missing.empty()) {
    throw std::runtime_error(fmt::format("{}: has no tensor {}, which {} says is in it",
                                         file.string(), *missing.begin(), kIndex));
  }
}

StoredWeights read_weights(const fs::path& folder, std::int64_t layers) {
  StoredWeights stored(layers);
  std::error_code ignored;
  const fs::path index = folder / kIndex;
  if (!fs::exists(index, ignored)) {
    if (fs::exists(folder / kSingle, ignored)) read_file(folder / kSingle, {}, stored);
    return stored;
  }
  std::map<std::string, std::set<std::string>> tensors_of;
  try {
    for (const auto& [tensor, file] :
         input::parse_safetensors_index(input::read_text_file(index))) {
      tensors_of[file].insert(tensor);
    }
  } catch (const std::invalid_argument& error) {
    throw std::runtime_error(fmt::format("{}: {}", index.string(), error.what()));
  }
  for (const auto& [file, tensors] : tensors_of) {
    if (fs::exists(folder / file, ignored)) {
      read_file(folder / file, tensors, stored);
    } else {
      stored.miss(file);
    }
  }
  return stored;
}

}  // namespace

ModelPlan load_model_folder(const fs::path& folder, const PlanOptions& options) {
  const fs::path config = folder / "config.json";
  Decoder decoder = decoder_of_config(input::read_text_file(config), config.string());
  read_weights(folder, decoder.layers).correct(decoder);
  return plan_of_decoder(std::move(decoder), model_name_of(config), folder.string(), options);
}

}  // namespace twofour::workload
