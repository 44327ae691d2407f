#include "weights/layer_weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "workload/tensor_names.h"

namespace twofour::weights {
namespace {

/// Without the leaf that says what of the module a tensor is.
std::string module_of(const std::string& name) {
  for (const std::string_view leaf : {".weight", ".compressed"}) {
    if (name.ends_with(leaf)) return name.substr(0, name.size() - leaf.size());
  }
  return name;
}

/// The rows of a part that falls to the first device.
std::int64_t rows_of(const workload::Layer& layer, const workload::LayerPart& part, int devices) {
  if (layer.split != 'n') return part.n;
  // The layer goes by whole heads only where all of its parts do.
  std::string reason;
  const auto rows = workload::width_on_device(layer.heads ? part.heads : std::nullopt, part.n,
                                              devices, "N", reason);
  if (!rows) throw std::runtime_error(fmt::format("{}: {}", part.name, reason));
  return *rows;
}

class Finder {
 public:
  Finder(TensorFiles& files, const ModuleNames& names, const workload::Layer& layer,
         std::int64_t decoder_layer)
      : files_(files), names_(names), layer_(layer), decoder_layer_(decoder_layer) {}

  [[nodiscard]] LayerSource run(int devices) {
    std::string reason;
    source_.k = layer_.k;
    if (layer_.split == 'k') {
      const auto k = workload::width_on_device(layer_.heads, layer_.k, devices, "K", reason);
      if (!k) throw std::runtime_error(reason);
      source_.k = *k;
    }
    std::int64_t before = 0;  // rows of the parts before, in a tensor that holds all
    for (const workload::LayerPart& part : layer_.parts) {
      add(part, rows_of(layer_, part, devices), before);
      before += part.n;
    }
    return std::move(source_);
  }

 private:
  void add(const workload::LayerPart& part, std::int64_t rows, std::int64_t before) {
    const std::optional<std::int64_t> expert =
        layer_.experts ? std::optional<std::int64_t>(0) : std::nullopt;
    const std::string* module = names_.find(decoder_layer_, part.name);
    const bool fused = module == nullptr;
    if (fused) module = names_.find(decoder_layer_, part.group);
    if (module == nullptr) {
      throw std::runtime_error(
          fmt::format("layer {} has no tensor for {}{}", decoder_layer_, part.name,
                      part.name == part.group ? std::string() : " or " + part.group));
    }
    const std::int64_t n = fused ? layer_.n : part.n;
    source_.pieces.push_back(
        {WeightHeader::find(files_, *module, n, layer_.k, expert), fused ? before : 0, rows});
    source_.modules.push_back(*module);
    source_.n += rows;
  }

  TensorFiles& files_;
  const ModuleNames& names_;
  const workload::Layer& layer_;
  std::int64_t decoder_layer_;
  LayerSource source_;
};

}  // namespace

ModuleNames::ModuleNames(const TensorFiles& files, std::int64_t layers) {
  for (const auto& [name, stored] : files.all()) {
    const workload::TensorPlace place = workload::place_of(name, layers);
    if (place.role != workload::TensorRole::kPart || place.expert.value_or(0) != 0) continue;
    if (stored.tensor.shape.size() < 2 && !name.ends_with(".compressed")) continue;  // a norm
    modules_.try_emplace({place.layer, place.part}, module_of(name));
  }
}

const std::string* ModuleNames::find(std::int64_t layer, const std::string& part) const {
  const auto found = modules_.find({layer, part});
  return found == modules_.end() ? nullptr : &found->second;
}

LayerSource LayerSource::find(TensorFiles& files, const ModuleNames& names,
                              const workload::Layer& layer, int tensor_parallel,
                              std::int64_t decoder_layer) {
  if (layer.parts.empty()) {
    throw std::runtime_error("it is not known which tensors the layer is made of");
  }
  return Finder(files, names, layer, decoder_layer).run(tensor_parallel);
}

std::vector<std::string> LayerSource::tensors() const {
  std::vector<std::string> texts;
  for (const Piece& piece : pieces) {
    const WeightHeader& header = piece.header;
    std::string text = header.values->text();
    if (header.stacked) text += fmt::format(", expert {}", header.expert);
    if (piece.rows != header.n) {
      text += fmt::format(", rows {} to {}", piece.row_begin, piece.row_begin + piece.rows - 1);
    }
    if (k != header.k) text += fmt::format(", columns 0 to {}", k - 1);
    texts.push_back(std::move(text));
  }
  return texts;
}

std::string LayerSource::form() const {
  std::string text;
  for (const Piece& piece : pieces) {
    const std::string one = piece.header.form();
    if (text.find(one) == std::string::npos) text += (text.empty() ? "" : ", ") + one;
  }
  return text;
}

double LayerSource::bytes() const {
  double sum = 0;
  for (const Piece& piece : pieces) {
    const WeightHeader& header = piece.header;
    sum += static_cast<double>(header.bytes()) * static_cast<double>(piece.rows) /
           static_cast<double>(header.n) * static_cast<double>(k) / static_cast<double>(header.k);
  }
  return sum;
}

LayerWeights::LayerWeights(TensorFiles& files, LayerSource source) : source_(std::move(source)) {
  matrices_.reserve(source_.pieces.size());
  for (const LayerSource::Piece& piece : source_.pieces)
    matrices_.emplace_back(files, piece.header);
}

std::pair<std::size_t, std::int64_t> LayerWeights::place(std::int64_t row) const {
  std::size_t i = 0;
  while (row >= source_.pieces[i].rows) row -= source_.pieces[i++].rows;
  return {i, source_.pieces[i].row_begin + row};
}

void LayerWeights::row(std::int64_t row, std::span<float> out) const {
  const auto [piece, row_there] = place(row);
  matrices_[piece].row(row_there, 0, out);
}

std::optional<float> LayerWeights::scale_of_row(std::int64_t row, DataType type) const {
  const auto [piece, row_there] = place(row);
  if (matrices_[piece].header().type != type) return std::nullopt;
  return matrices_[piece].scale_of_row(row_there);
}

void LayerWeights::refuse(std::int64_t row, std::optional<std::int64_t> k,
                          const std::string& why) const {
  const auto [piece, row_there] = place(row);
  source_.pieces[piece].header.values->refuse(k ? fmt::format("[{}][{}] {}", row_there, *k, why)
                                                : fmt::format("row {} {}", row_there, why));
}

}  // namespace twofour::weights
