#include "decide/decision.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace twofour::decide {
namespace {

std::span<const double> rounds_of(const Record* r) {
  if (r == nullptr || !r->samples) return {};
  return r->samples->device_s;
}

const Point* point_at(const Layer& layer, std::int64_t tokens) {
  const auto found = std::find_if(layer.points.begin(), layer.points.end(),
                                  [&](const Point& point) { return point.tokens == tokens; });
  return found == layer.points.end() ? nullptr : &*found;
}

LayerDecision layer_decision(const Layer& layer) {
  LayerDecision decision{.layer = layer, .found = break_even(findings(layer.points))};
  double most = 0;
  for (std::size_t i = 0; i < layer.points.size(); ++i) {
    const Point& point = layer.points[i];
    if (point.state != State::kWin) continue;
    for (const std::string_view flag : doubts(point)) {
      if (std::find(decision.doubted.begin(), decision.doubted.end(), flag) ==
          decision.doubted.end()) {
        decision.doubted.push_back(flag);
      }
    }
    const auto gain = gain_s(point);
    if (!gain || (decision.best && gain->value <= most)) continue;
    most = gain->value;
    decision.best = i;
    decision.gain = gain;
  }
  // What a launch of several GEMMs was prepared with is no model's cost: copies of one matrix.
  if (!decision.best || layer.all_experts) return decision;
  decision.cost =
      cost_of(layer.points[*decision.best], static_cast<double>(layer.instances.value_or(1)));
  decision.repaid = calls_until_repaid(decision.cost, decision.gain->interval);
  return decision;
}

std::optional<double> joules_of(const Record* r) {
  return r != nullptr ? launch_joules(*r) : std::nullopt;
}

LayerTime layer_time(const Layer& layer, const TrafficClass& part, bool several, Sparsity pattern) {
  LayerTime time{.name = title(layer)};
  if (several) time.name += fmt::format(" at {} tokens", part.tokens);
  const Point* const point = point_at(layer, part.tokens);
  if (point == nullptr || !point->calls) {
    time.why_no_dense = time.why_no_sparse =
        point == nullptr ? fmt::format("not measured at {} {}", part.tokens,
                                       part.tokens == 1 ? "token" : "tokens")
                         : "the file does not say how often it runs";
    return time;
  }
  time.weight = part.share * *point->calls;
  const auto dense = rounds_of(point->dense);
  const auto sparse = rounds_of(point->sparse);
  time.dense_s.assign(dense.begin(), dense.end());
  time.sparse_s.assign(sparse.begin(), sparse.end());
  time.dense_j = joules_of(point->dense);
  time.sparse_j = joules_of(point->sparse);
  time.wins = point->state == State::kWin;
  time.why_no_dense = "dense " + point->why_no_dense;
  time.why_no_sparse = fmt::format("{} {}", to_string(pattern), point->why_no_sparse);
  return time;
}

/// Whether the layer runs in a pass at all.
bool runs(const Layer& layer, const TrafficClass& part) {
  if (layer.prefill_only && part.name == kDecode) return false;
  const Point* const point = point_at(layer, part.tokens);
  return point == nullptr || !point->calls || *point->calls > 0;
}

/// Whether both sides have so many rounds at `tokens`.
bool has_rounds(const Layer& layer, std::int64_t tokens, std::size_t least) {
  const Point* const point = point_at(layer, tokens);
  return point != nullptr && point->calls && rounds_of(point->dense).size() >= least &&
         rounds_of(point->sparse).size() >= least;
}

/// Of experts, what stands for them in sums: where both sides have an interval for all of them in
/// one launch, that, which is nearer to what engines run; else the time of one expert as often as
/// experts run, if that is known. Never both.
const Layer* counted(const Subject& subject, const Layer& one, const TrafficClass& part) {
  const Layer* const all = all_experts_of(subject, one);
  if (all == nullptr) return &one;
  if (has_rounds(*all, part.tokens, kFewestRounds)) return all;
  const bool all_alone = has_rounds(*all, part.tokens, 1) && !has_rounds(one, part.tokens, 1);
  return all_alone ? all : &one;
}

void add_weights(PassDecision& pass, const Layer& layer, bool sparse, bool dense) {
  if (!layer.instances) return;
  for (const Point& point : layer.points) {
    const bool has_both = point.dense != nullptr && point.sparse != nullptr;
    if (!has_both && !(point.dense != nullptr && !sparse)) continue;
    WeightBytes bytes;
    if (sparse) bytes += weights_of(*point.sparse);
    if (dense) bytes += weights_of(*point.dense);
    const auto count = static_cast<double>(*layer.instances);
    pass.weights += {count * bytes.values, count * bytes.metadata, count * bytes.padding};
    return;
  }
}

PassDecision pass_decision(const Subject& subject, std::vector<TrafficClass> mix) {
  PassDecision pass{.mix = std::move(mix), .pattern = subject.pattern};
  const bool several = pass.mix.size() > 1;
  std::vector<LayerTime> times;
  for (const Layer& layer : subject.layers) {
    bool wins = false;
    bool loses = false;
    bool unclear = false;
    if (one_expert_of(subject, layer) != nullptr) continue;  // counted with that
    for (const TrafficClass& part : pass.mix) {
      if (!runs(layer, part)) continue;
      const Layer& measured = *counted(subject, layer, part);
      LayerTime time = layer_time(measured, part, several, subject.pattern);
      (time.wins ? wins : loses) = true;
      const Point* const point = point_at(measured, part.tokens);
      unclear = unclear || (point != nullptr && point->state == State::kUnclear);
      const auto same = std::find_if(times.begin(), times.end(), [&](const LayerTime& other) {
        return other.name == time.name;
      });
      // Two kinds of passes of one batch size are one measurement, not two independent ones.
      if (same != times.end()) {
        same->weight += time.weight;
      } else {
        times.push_back(std::move(time));
      }
    }
    if (wins) pass.uses.push_back(title(layer));
    if (unclear) pass.unclear.push_back(title(layer));
    if (wins && loses) pass.both.push_back(title(layer));
    add_weights(pass, layer, wins, loses || !wins);
  }
  pass.totals = totals(times);
  return pass;
}

void add_whole_weights(Decision& decision) {
  for (const Layer& layer : decision.subject.layers) {
    if (one_expert_of(decision.subject, layer) != nullptr) continue;  // the same matrices
    const auto both = std::find_if(
        layer.points.begin(), layer.points.end(),
        [](const Point& point) { return point.dense != nullptr && point.sparse != nullptr; });
    if (both == layer.points.end() || !layer.instances) {
      decision.weights_missing.push_back(
          title(layer) + (layer.instances ? "" : " (the file does not say how many there are)"));
      continue;
    }
    const auto count = static_cast<double>(*layer.instances);
    const auto add = [&](WeightBytes& sum, const Record& record) {
      const WeightBytes one = weights_of(record, &decision.padding_known);
      sum += {count * one.values, count * one.metadata, count * one.padding};
    };
    add(decision.dense_weights, *both->dense);
    add(decision.sparse_weights, *both->sparse);
  }
}

std::string no_traffic_text(const std::vector<TrafficClass>& traffic,
                            const std::set<std::int64_t>& batches) {
  for (const TrafficClass& part : traffic) {
    if (!batches.contains(part.tokens)) {
      return fmt::format("'{}' has a batch size of {}, at which no layer was measured", part.name,
                         part.tokens);
    }
  }
  return {};
}

}  // namespace

std::optional<Estimate> gain_s(const Point& point) {
  const auto dense = rounds_of(point.dense);
  const auto sparse = rounds_of(point.sparse);
  if (dense.empty() || sparse.empty()) return std::nullopt;
  const Resampled drawn = resample(dense, sparse, 0);
  std::vector<double> gains(drawn.dense_draws.size());
  for (std::size_t i = 0; i < gains.size(); ++i) {
    gains[i] = drawn.dense_draws[i] - drawn.sparse_draws[i];
  }
  return Estimate{drawn.dense_s - drawn.sparse_s, middle_95(std::move(gains))};
}

Decision decide(Subject subject, const Question& question) {
  Decision decision{.subject = std::move(subject)};
  std::set<std::int64_t> batches;
  for (const Layer& layer : decision.subject.layers) {
    decision.layers.push_back(layer_decision(layer));
    for (const Point& point : layer.points) {
      if (point.tokens && point.calls) batches.insert(*point.tokens);
    }
  }
  add_whole_weights(decision);
  if (batches.empty()) {
    decision.no_passes =
        "The file does not say how often each layer runs, so nothing is known of a whole pass.";
    return decision;
  }
  for (const std::int64_t tokens : batches) {
    decision.passes.push_back(
        pass_decision(decision.subject, {{.name = {}, .tokens = tokens, .share = 1}}));
  }
  if (question.traffic.empty()) return decision;
  decision.no_traffic = no_traffic_text(question.traffic, batches);
  if (decision.no_traffic.empty()) {
    decision.traffic = pass_decision(decision.subject, question.traffic);
  }
  return decision;
}

std::vector<Decision> decisions(std::span<const Record> records, const Question& question) {
  std::vector<Decision> found;
  for (Subject& subject : leading(subjects(records))) {
    found.push_back(decide(std::move(subject), question));
  }
  return found;
}

}  // namespace twofour::decide
