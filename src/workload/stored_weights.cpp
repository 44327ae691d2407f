#include "workload/stored_weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

namespace twofour::workload {
namespace {

/// What a weight is that config.json does not tell of.
struct UsualPart {
  std::string_view name;
  std::string_view group;
  char split;
  bool prefill_only = false;
};

constexpr std::array kUsual{
    UsualPart{"q", "qkv", 'n'},
    UsualPart{"k", "qkv", 'n'},
    UsualPart{"v", "qkv", 'n'},
    UsualPart{"qkv", "qkv", 'n'},
    UsualPart{"o", "o", 'k'},
    UsualPart{"q_a", "q_a_kv_a", '-'},
    UsualPart{"kv_a", "q_a_kv_a", '-'},
    UsualPart{"q_b", "q_b", 'n'},
    UsualPart{"kv_b", "kv_b", 'n', true},
    UsualPart{"mamba_in", "mamba_in", 'n'},
    UsualPart{"mamba_out", "mamba_out", 'k'},
    UsualPart{"linear_qkvz", "linear_qkvz", 'n'},
    UsualPart{"linear_qkv", "linear_qkvz", 'n'},
    UsualPart{"linear_z", "linear_qkvz", 'n'},
    UsualPart{"linear_ba", "linear_ba", 'n'},
    UsualPart{"linear_b", "linear_ba", 'n'},
    UsualPart{"linear_a", "linear_ba", 'n'},
    UsualPart{"linear_out", "linear_out", 'k'},
    UsualPart{"gate", "gate_up", 'n'},
    UsualPart{"up", "gate_up", 'n'},
    UsualPart{"gate_up", "gate_up", 'n'},
    UsualPart{"down", "down", 'k'},
    UsualPart{"shared_gate", "shared_gate_up", 'n'},
    UsualPart{"shared_up", "shared_gate_up", 'n'},
    UsualPart{"shared_gate_up", "shared_gate_up", 'n'},
    UsualPart{"shared_down", "shared_down", 'k'},
    UsualPart{"expert_gate", "expert_gate_up", 'n'},
    UsualPart{"expert_up", "expert_gate_up", 'n'},
    UsualPart{"expert_gate_up", "expert_gate_up", 'n'},
    UsualPart{"expert_down", "expert_down", 'k'},
};

struct Told {
  TensorRole role;
  std::string_view name;
  std::string_view why;
  bool in_text_part;
};

constexpr std::array kUnmeasured{
    Told{TensorRole::kEmbeddings, "embeddings", "rows of it are looked up", true},
    Told{TensorRole::kHead, "lm_head", "engines keep it dense", true},
    Told{TensorRole::kRouter, "router", "engines keep it dense", true},
    Told{TensorRole::kPooler, "pooler", "it runs for one token of a sequence", true},
    Told{TensorRole::kIndexer, "indexer", "it chooses the tokens that attention reads", true},
    Told{TensorRole::kConvolution, "convolution", "no product of matrices", true},
    Told{TensorRole::kVision, "vision", "no part of the text model", false},
    Told{TensorRole::kAudio, "audio", "no part of the text model", false},
    Told{TensorRole::kFurtherTokens, "mtp", "predicts further tokens, and may stay off", false},
};

/// Types that hold one value in each element; others are packed.
bool is_plain(std::string_view type) {
  return type.starts_with('F') || type.starts_with("BF") || type == "I8";
}

}  // namespace

/// Notes of one kind: how many there are, and the first.
class Correction {
 public:
  Correction(const StoredWeights& stored, Decoder& decoder) : stored_(stored), decoder_(decoder) {}

  void run() {
    std::vector<Part> kept;
    for (Part& part : decoder_.parts) {
      if (check(part)) kept.push_back(std::move(part));
    }
    decoder_.parts = std::move(kept);
    for (const auto& [place, weight] : stored_.weights_) {
      if (!used_.contains(place)) put_in(place, weight);
    }
    std::stable_sort(decoder_.parts.begin(), decoder_.parts.end(),
                     [](const Part& a, const Part& b) { return a.layer < b.layer; });
    tell(changed_, "weights have another shape in the safetensors files, which counts");
    tell(taken_out_, "weights of config.json are not in the safetensors files, and are left out");
    tell(put_in_, "weights are in the safetensors files only, and are put in");
    if (!stored_.complete()) return;
    std::erase_if(decoder_.skipped, [](const SkippedLayers& one) {
      return one.name == "attention" || one.name == "mixers" || one.name == "feed-forward";
    });
  }

 private:
  using Place = StoredWeights::Place;
  using Weight = StoredWeights::Weight;

  struct Notes {
    int count = 0;
    std::string first;
    void add(const std::string& text) {
      if (count++ == 0) first = text;
    }
  };

  void tell(const Notes& notes, std::string_view what) {
    if (notes.count == 0) return;
    decoder_.notes.push_back(fmt::format("{} {}; the first: {}", notes.count, what, notes.first));
  }

  const Weight* find(const Place& place) {
    const auto found = stored_.weights_.find(place);
    if (found == stored_.weights_.end()) return nullptr;
    used_.insert(place);
    return &found->second;
  }

  /// False: the part is to be left out.
  bool check(Part& part) {
    if (const Weight* weight = find({part.layer, part.name})) {
      take(part, *weight, part.n);
      return true;
    }
    if (const Weight* weight = find({part.layer, part.group})) {
      check_fused(part, *weight);
      return true;
    }
    if (!stored_.complete()) return true;
    taken_out_.add(fmt::format("layer {} {} {} x {}", part.layer, part.name, part.k, part.n));
    return false;
  }

  /// One tensor holds all parts of the group: what N differs by falls to the first of them.
  void check_fused(Part& part, const Weight& weight) {
    const Place place{part.layer, part.group};
    const bool first = fused_.try_emplace(place, 0).second;
    std::int64_t& wanted = fused_[place];
    if (first) {
      wanted = weight.n;
      for (const Part& other : decoder_.parts) {
        if (other.layer == part.layer && other.group == part.group) wanted -= other.n;
      }
      wanted += part.n;
      take(part, {weight.k, std::max<std::int64_t>(wanted, 1), weight.experts}, part.n);
    } else {
      part.k = weight.k;
    }
  }

  void take(Part& part, const Weight& weight, std::int64_t n) {
    const std::int64_t experts = part.experts ? part.experts->total : 0;
    if (part.k == weight.k && n == weight.n && experts == weight.experts) return;
    changed_.add(fmt::format(
        "layer {} {} {} x {}, not {} x {}{}", part.layer, part.name, weight.k, weight.n, part.k, n,
        experts == weight.experts
            ? std::string()
            : fmt::format(", of {} experts, not {}", weight.experts, experts)));
    part.k = weight.k;
    part.n = weight.n;
    if (part.heads && part.heads->width() != (part.split == 'k' ? part.k : part.n)) {
      part.heads.reset();
    }
    if (part.experts && weight.experts > 0) {
      part.experts->total = weight.experts;
      part.experts->per_token = std::min(part.experts->per_token, weight.experts);
    }
  }

  void put_in(const Place& place, const Weight& weight) {
    const auto usual = std::find_if(kUsual.begin(), kUsual.end(),
                                    [&](const UsualPart& one) { return one.name == place.second; });
    if (usual == kUsual.end()) return;
    std::optional<Experts> experts;
    if (weight.experts > 0) {
      const auto other = std::find_if(decoder_.parts.begin(), decoder_.parts.end(),
                                      [](const Part& part) { return part.experts.has_value(); });
      if (other == decoder_.parts.end()) {
        return decoder_.skip("experts", "no field says how many experts a token is sent to");
      }
      experts = Experts{weight.experts, std::min(other->experts->per_token, weight.experts)};
    }
    put_in_.add(fmt::format("layer {} {} {} x {}", place.first, place.second, weight.k, weight.n));
    decoder_.parts.push_back({.layer = place.first,
                              .name = place.second,
                              .group = group_of(*usual, place.first),
                              .k = weight.k,
                              .n = weight.n,
                              .split = usual->split,
                              .experts = experts,
                              .prefill_only = usual->prefill_only});
  }

  /// Up projections without a gate are called so.
  std::string group_of(const UsualPart& usual, std::int64_t layer) {
    if (!usual.name.ends_with("up") || usual.name.ends_with("gate_up")) {
      return std::string(usual.group);
    }
    std::string gate(usual.name);
    gate.replace(gate.size() - 2, 2, "gate");
    return std::string(stored_.weights_.contains({layer, gate}) ? usual.group : usual.name);
  }

  const StoredWeights& stored_;
  Decoder& decoder_;
  std::set<Place> used_;
  std::map<Place, std::int64_t> fused_;
  Notes changed_, taken_out_, put_in_;
};

void StoredWeights::add(const input::Tensor& tensor) {
  const TensorPlace place = place_of(tensor.name, layers_);
  const bool matrix = tensor.shape.size() >= 2;
  if (place.role == TensorRole::kSmall) return;
  if (place.role == TensorRole::kNotUnderstood || place.role == TensorRole::kPart) {
    if (!matrix && !place.compressed) return;  // a norm
    const bool usable = place.role == TensorRole::kPart && (place.blocks || is_plain(tensor.type));
    if (!usable) {
      not_understood_.push_back(tensor.name);
    } else {
      add_part(tensor, place);
    }
    return;
  }
  parameters_[place.role] += static_cast<double>(tensor.elements);
}

void StoredWeights::add_part(const input::Tensor& tensor, const TensorPlace& place) {
  const std::vector<std::int64_t>& shape = tensor.shape;
  const bool too_large = std::any_of(shape.begin(), shape.end(), [&](std::int64_t size) {
    return size < 1 || size > kMaxDimension / (place.compressed ? 2 : 1);
  });
  const std::size_t dimensions = place.blocks                       ? 4
                                 : place.expert || place.compressed ? 2
                                                                    : shape.size();
  if (too_large || shape.size() != dimensions || dimensions > 4 ||
      (dimensions == 4 && !place.blocks)) {
    not_understood_.push_back(tensor.name);
    return;
  }
  const Place key{place.layer, place.part};
  if (place.blocks) {
    const std::int64_t k = shape[2] * shape[3];
    if (k > kMaxDimension / 2) return not_understood_.push_back(tensor.name);
    weights_[key] = {.k = 2 * k, .n = shape[1], .experts = shape[0]};
  } else if (dimensions == 3) {
    open_[key] = shape;
  } else {
    Weight& weight = weights_[key];
    const std::int64_t experts = place.expert ? weight.experts + 1 : 0;
    weight = {.k = (place.compressed ? 2 : 1) * shape[1], .n = shape[0], .experts = experts};
  }
}

void StoredWeights::correct(Decoder& decoder) const {
  if (weights_.empty() && open_.empty() && missing_files_.empty() && not_understood_.empty()) {
    decoder.notes.emplace_back(
        "there are no safetensors headers: shapes are those of config.json alone");
    return;
  }
  StoredWeights all = *this;
  // Some models store stacked experts as [E, K, N], others as [E, N, K]: the hidden size tells.
  for (const auto& [place, shape] : open_) {
    const bool down = place.second.ends_with("down");
    const bool k_first = (shape[1] == decoder.hidden) != down;
    const std::int64_t k = k_first ? shape[1] : shape[2];
    all.weights_[place] = {.k = k, .n = k_first ? shape[2] : shape[1], .experts = shape[0]};
  }
  if (!missing_files_.empty()) {
    decoder.notes.push_back(fmt::format(
        "{} files of the index are not there, the first: {}; what they hold is not checked",
        missing_files_.size(), missing_files_.front()));
  }
  if (!not_understood_.empty()) {
    const std::string first = not_understood_.front().substr(0, 100);
    decoder.notes.push_back(
        not_understood_.size() == 1
            ? fmt::format("a tensor is not understood, {}; what it holds is not checked", first)
            : fmt::format("{} tensors are not understood, the first: {}; what they hold is not "
                          "checked",
                          not_understood_.size(), first));
  }
  Correction(all, decoder).run();
  if (!missing_files_.empty()) return;
  // The files tell whether there is an lm_head.
  std::erase(decoder.notes, kHeadTaken);
  for (const Told& told : kUnmeasured) {
    const auto found = all.parameters_.find(told.role);
    const auto same = std::find_if(decoder.unmeasured.begin(), decoder.unmeasured.end(),
                                   [&](const auto& one) { return one.name == told.name; });
    if (found == all.parameters_.end()) {
      if (same != decoder.unmeasured.end()) decoder.unmeasured.erase(same);
    } else if (same != decoder.unmeasured.end()) {
      same->parameters = found->second;
    } else {
      decoder.unmeasured.push_back({.name = std::string(told.name),
                                    .why = std::string(told.why),
                                    .parameters = found->second,
                                    .in_text_part = told.in_text_part});
    }
  }
}

}  // namespace twofour::workload
