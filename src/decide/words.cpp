#include "decide/words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "decide/kinds.h"
#include "report/numbers.h"
#include "report/pattern_text.h"

namespace twofour::decide {
namespace {

struct Unit {
  double size;
  std::string_view name;
};

Unit time_unit(double seconds) {
  if (seconds >= 1) return {1, "s"};
  if (seconds >= 1e-3) return {1e-3, "ms"};
  return {1e-6, "us"};
}

std::string digits(double value) { return report::short_number(value); }

std::string count_text(double count) {
  constexpr double kWhole = 1e6;
  return count < kWhole ? fmt::format("{:.0f}", std::ceil(count)) : fmt::format("{:.2g}", count);
}

std::string tokens_text(std::int64_t tokens) {
  return fmt::format("{} {}", tokens, tokens == 1 ? "token" : "tokens");
}

std::string shares_of(const std::vector<TrafficClass>& mix) {
  std::vector<std::string> parts;
  parts.reserve(mix.size());
  for (const TrafficClass& part : mix) {
    parts.push_back(fmt::format("{} ({}, {})", part.name, tokens_text(part.tokens),
                                report::percent(part.share)));
  }
  return fmt::format("{}", fmt::join(parts, " and "));
}

bool is_mix(const PassDecision& pass) { return !pass.mix.front().name.empty(); }

/// "a forward pass of 64 tokens"
std::string pass_title(const PassDecision& pass) {
  if (is_mix(pass)) return "a forward pass of the mix " + shares_of(pass.mix);
  return "a forward pass of " + tokens_text(pass.mix.front().tokens);
}

std::string advice_of(const PassDecision& pass) {
  const Totals& t = pass.totals;
  std::string text = fmt::format("In {}, ", pass_title(pass));
  if (pass.uses.empty()) {
    text += report::of_pattern("2:4 wins in no layer for certain", pass.pattern);
    if (!pass.unclear.empty()) {
      text += fmt::format(" (it is unclear in {})", fmt::join(pass.unclear, ", "));
    }
    return text + ": use dense, which takes " + total_text(t.dense) + ".";
  }
  const bool all = pass.uses.size() == t.savings.size() && t.dense.known() && t.sparse.known() &&
                   pass.both.empty();
  text += all ? fmt::format("use {} in every layer", to_string(pass.pattern))
              : fmt::format("use {} in {}", to_string(pass.pattern), fmt::join(pass.uses, ", "));
  if (!pass.both.empty() && pass.both == pass.uses) {
    text += " at the sizes at which it wins, and dense at the others";
  } else if (!pass.both.empty()) {
    text += fmt::format(" (and dense at some of its sizes in {})", fmt::join(pass.both, ", "));
  }
  text += fmt::format(": that saves {}", time_text(t.saved_s));
  if (t.speed_up) {
    text += fmt::format(" of {} in linear layers, {}", time_text(t.dense.seconds.value),
                        ratio_text(*t.speed_up));
  } else {
    text += "; what all layers take is not known";
  }
  return text + ".";
}

/// What 2:4 where it wins gains over dense; 1 where that is nothing.
double gain_of(const PassDecision& pass) {
  const Totals& t = pass.totals;
  if (t.speed_up) return t.speed_up->value;
  const double dense = t.dense.seconds.value;
  return dense > t.saved_s.value ? dense / (dense - t.saved_s.value) : 1;
}

void add_missing(std::vector<std::string>& lines, const PassDecision& pass) {
  const auto tell = [&](const Total& total, std::string_view what) {
    if (total.missing.empty()) return;
    lines.push_back(fmt::format("{} is {} for {}: no answer of {}.", what,
                                total.counted > 0 ? "a lower bound" : "not known", pass_title(pass),
                                fmt::join(total.missing, ", ")));
  };
  tell(pass.totals.dense, "Dense everywhere");
  tell(pass.totals.sparse, report::of_pattern("2:4 everywhere", pass.pattern));
  if (pass.totals.mixed.missing != pass.totals.dense.missing) {
    tell(pass.totals.mixed, report::of_pattern("2:4 where it wins", pass.pattern));
  }
}

/// The program's own words about the pattern of the decision.
std::string named(std::string_view words, const Decision& decision) {
  return report::of_pattern(words, decision.subject.pattern);
}

bool same_grid(const Decision& decision) {
  return std::all_of(decision.layers.begin(), decision.layers.end(),
                     [&](const LayerDecision& layer) {
                       return layer.found.grid == decision.layers.front().found.grid;
                     });
}

report::Grid::Row weights_row(std::string what, const WeightBytes& bytes, bool padding_known,
                              double dense_total) {
  return {.cells = {std::move(what), bytes_text(bytes.values), bytes_text(bytes.metadata),
                    padding_known ? bytes_text(bytes.padding) : "not known",
                    bytes_text(bytes.total()),
                    dense_total > 0 ? report::percent(bytes.total() / dense_total) : ""}};
}

}  // namespace

std::string time_text(double seconds) {
  const Unit unit = time_unit(std::abs(seconds));
  return fmt::format("{} {}", digits(seconds / unit.size), unit.name);
}

std::string time_text(const Estimate& seconds) {
  const Unit unit = time_unit(std::abs(seconds.value));
  std::string text = fmt::format("{} {}", digits(seconds.value / unit.size), unit.name);
  if (seconds.interval) {
    text += fmt::format(" [{}, {}]", digits(seconds.interval->low / unit.size),
                        digits(seconds.interval->high / unit.size));
  }
  return text;
}

std::string ratio_text(const Estimate& ratio) {
  std::string text = report::times(ratio.value);
  if (ratio.interval) {
    text += fmt::format(" [{:.3f}, {:.3f}]", ratio.interval->low, ratio.interval->high);
  }
  return text;
}

std::string total_text(const Total& total) {
  if (total.counted == 0) return "not known";
  return (total.known() ? "" : "at least ") + time_text(total.seconds);
}

std::string bytes_text(double bytes) {
  constexpr double kGib = 1 << 30;
  constexpr double kMib = 1 << 20;
  constexpr double kKib = 1 << 10;
  if (bytes >= kGib) return fmt::format("{:.2f} GiB", bytes / kGib);
  if (bytes >= kMib) return fmt::format("{:.2f} MiB", bytes / kMib);
  return bytes > 0 ? fmt::format("{:.2f} KiB", bytes / kKib) : "0";
}

std::string repaid_text(const std::optional<Repaid>& repaid) {
  if (!repaid) return "never";
  if (!repaid->high) return fmt::format("at least {}, perhaps never", count_text(repaid->low));
  const std::string low = count_text(repaid->low);
  const std::string high = count_text(*repaid->high);
  return low == high ? low : fmt::format("{} to {}", low, high);
}

std::string pass_name(const PassDecision& pass) {
  if (!is_mix(pass)) return fmt::format("{}", pass.mix.front().tokens);
  std::vector<std::string> names;
  names.reserve(pass.mix.size());
  for (const TrafficClass& part : pass.mix) {
    names.push_back(fmt::format("{}:{}x{}", part.name, part.tokens, part.share));
  }
  return fmt::format("{}", fmt::join(names, ","));
}

std::string title(const Subject& subject) {
  return fmt::format(
      "{}, TP {}, {} on {}, weights {}, D {}{}{}", subject.model, subject.tensor_parallel,
      info(subject.dtype).cli_name,
      subject.device.name.empty() ? to_string(subject.device.kind) : subject.device.name.view(),
      to_string(subject.cache), info(subject.d).cli_name, subject.bias ? ", with bias" : "",
      subject.pattern == Sparsity::kTwoFour
          ? std::string()
          : fmt::format(", pattern {}", to_string(subject.pattern)));
}

std::vector<const PassDecision*> passes_of(const Decision& decision) {
  std::vector<const PassDecision*> passes;
  passes.reserve(decision.passes.size() + 1);
  for (const PassDecision& pass : decision.passes) passes.push_back(&pass);
  if (decision.traffic) passes.push_back(&*decision.traffic);
  return passes;
}

std::vector<std::string> advice(const Decision& decision) {
  std::vector<std::string> lines;
  if (decision.traffic) lines.push_back(advice_of(*decision.traffic));
  if (!decision.no_traffic.empty()) {
    lines.push_back(fmt::format("Of the mix nothing is known: {}.", decision.no_traffic));
  }
  if (!decision.no_passes.empty()) lines.push_back(decision.no_passes);
  const PassDecision* best = nullptr;
  std::vector<std::string> without;
  for (const PassDecision& pass : decision.passes) {
    if (pass.uses.empty()) without.push_back(pass_name(pass));
    if (best == nullptr || gain_of(pass) > gain_of(*best)) best = &pass;
  }
  if (best == nullptr) return lines;
  if (without.size() == decision.passes.size()) {
    lines.push_back(
        fmt::format("{} wins in no layer for certain, measured at {} tokens: use dense.",
                    to_string(best->pattern), fmt::join(without, ", ")));
    return lines;
  }
  lines.push_back(advice_of(*best));
  if (decision.passes.size() > 1) {
    lines.back() += " That is the most; the table has the others.";
  }
  if (!without.empty()) {
    lines.push_back(fmt::format("At {} tokens {} wins in no layer for certain.",
                                fmt::join(without, ", "), to_string(best->pattern)));
  }
  return lines;
}

std::vector<std::string> cautions(const Decision& decision) {
  std::vector<std::string> lines;
  std::map<std::string_view, std::vector<std::string>> doubted;
  for (const LayerDecision& layer : decision.layers) {
    for (const std::string_view flag : layer.doubted) doubted[flag].push_back(layer.layer.name);
  }
  lines.reserve(doubted.size());
  for (const auto& [flag, layers] : doubted) {
    lines.push_back(
        fmt::format("Careful: wins of {} are flagged {}.", fmt::join(layers, ", "), flag));
  }
  for (const PassDecision* pass : passes_of(decision)) add_missing(lines, *pass);
  std::vector<std::string> only;
  for (const LayerDecision& layer : decision.layers) {
    if (layer.layer.prefill_only) only.push_back(title(layer.layer));
  }
  if (!only.empty() && !decision.passes.empty()) {
    lines.push_back(fmt::format(
        "{} {} in the sums, and a decoding step does not run {}: a class of --traffic that is "
        "called {} leaves {} out.",
        fmt::join(only, ", "), only.size() == 1 ? "is" : "are", only.size() == 1 ? "it" : "them",
        kDecode, only.size() == 1 ? "it" : "them"));
  }
  add_kinds(lines, decision);
  if (!decision.weights_missing.empty() && !decision.passes.empty()) {
    lines.push_back(
        fmt::format("Memory is without {}.", fmt::join(decision.weights_missing, ", ")));
  }
  const auto few = [](const PassDecision* pass) {
    return pass->totals.dense.counted > 0 && !pass->totals.dense.seconds.interval;
  };
  const auto passes = passes_of(decision);
  if (std::any_of(passes.begin(), passes.end(), few)) {
    lines.push_back(fmt::format(
        "A total without an interval has a layer with fewer than {} rounds; more --max-time "
        "helps.",
        kFewestRounds));
  }
  if (!decision.layers.empty() && same_grid(decision)) {
    lines.push_back(fmt::format(
        "Measured at M = {}; ranges join neighbours that agree, and between them nothing was "
        "measured.",
        fmt::join(decision.layers.front().found.grid, ", ")));
  } else {
    lines.emplace_back(
        "Ranges join neighbouring measured M that agree; between them nothing was measured.");
  }
  return lines;
}

std::vector<std::string> not_known(const Decision& decision, const Question& question) {
  std::vector<std::string> lines{fmt::format(
      "Not in these numbers: attention, norms, activations, communication between devices, and "
      "every layer that has no rows (embedding, lm_head, router). Layers run one after the "
      "other, each as it was measured alone. {} What pruning costs in accuracy was not measured "
      "either.",
      energy_grid(decision).rows.empty()
          ? "Energy was not measured."
          : "Joules are those of sustained load, of a CPU those of ordinary rounds, idle power "
            "included, of the kernels that were measured so.")};
  if (decision.no_passes.empty() && !question.linear_share) {
    lines.emplace_back(
        "How much a whole forward pass gains follows from the share S of its time that is linear "
        "layers with dense weights, 1 / (1 - S + S / speed-up), if nothing else changes; "
        "--linear-share S says it.");
  }
  return lines;
}

std::vector<std::string> deciders(const Decision& decision) {
  std::vector<std::string> lines;
  for (const PassDecision* pass : passes_of(decision)) {
    std::vector<std::string> parts;
    for (const Saving& saving : deciding(pass->totals)) {
      parts.push_back(fmt::format("{} ({})", saving.layer, time_text(saving.seconds)));
    }
    if (parts.empty()) continue;
    lines.push_back(
        fmt::format("In {}, most is saved in {}.", pass_title(*pass), fmt::join(parts, ", ")));
  }
  return lines;
}

report::Grid ranges_grid(const Decision& decision) {
  const bool grids_differ = !same_grid(decision);
  report::Grid grid;
  grid.headings = {{.text = "layer KxN", .cut = true},
                   {.text = named("2:4 wins at M", decision), .cut = true},
                   {.text = "loses at M", .cut = true},
                   {.text = "unclear at M", .drop = 2, .cut = true},
                   {.text = "breaks even", .drop = 1}};
  if (grids_differ) grid.headings.push_back({.text = "measured at M", .drop = 3});
  for (const LayerDecision& layer : decision.layers) {
    std::string unclear = ranges_text(layer.found, State::kUnclear);
    if (const std::string none = ranges_text(layer.found, State::kUnknown); !none.empty()) {
      unclear += fmt::format("{}{} (no answer)", unclear.empty() ? "" : ", ", none);
    }
    report::Grid::Row row{.cells = {title(layer.layer), ranges_text(layer.found, State::kWin),
                                    ranges_text(layer.found, State::kLoss), std::move(unclear),
                                    edges_text(layer.found)}};
    if (grids_differ) row.cells.push_back(fmt::format("{}", fmt::join(layer.found.grid, " ")));
    grid.rows.push_back(std::move(row));
  }
  return grid;
}

report::Grid totals_grid(const Decision& decision) {
  report::Grid grid;
  grid.headings = {{.text = "tokens", .align = report::Align::kRight, .cut = true},
                   {.text = "dense everywhere", .drop = 1},
                   {.text = named("2:4 everywhere", decision), .drop = 2},
                   {.text = named("2:4 where it wins", decision)},
                   {.text = "saved", .drop = 3},
                   {.text = "speed-up [95% CI]"},
                   {.text = "weights", .align = report::Align::kRight, .drop = 4}};
  for (const PassDecision* pass : passes_of(decision)) {
    const Totals& t = pass->totals;
    report::Grid::Row row{.cells = {pass_name(*pass), total_text(t.dense), total_text(t.sparse),
                                    total_text(t.mixed),
                                    pass->uses.empty() ? "nothing" : time_text(t.saved_s),
                                    t.speed_up ? ratio_text(*t.speed_up) : "not known",
                                    bytes_text(pass->weights.total())}};
    grid.rows.push_back(std::move(row));
  }
  return grid;
}

report::Grid energy_grid(const Decision& decision) {
  report::Grid grid;
  const auto passes = passes_of(decision);
  if (std::none_of(passes.begin(), passes.end(),
                   [](const PassDecision* pass) { return pass->totals.energy.any; })) {
    return grid;
  }
  grid.headings = {
      {.text = "joules of a pass, tokens", .align = report::Align::kRight, .cut = true},
      {.text = "dense everywhere", .align = report::Align::kRight, .drop = 1},
      {.text = named("2:4 everywhere", decision), .align = report::Align::kRight, .drop = 2},
      {.text = named("2:4 where it wins", decision), .align = report::Align::kRight}};
  const auto text = [](const std::optional<double>& joules) {
    return joules ? digits(*joules) + " J" : std::string("unknown");
  };
  for (const PassDecision* pass : passes) {
    const Energy& energy = pass->totals.energy;
    grid.rows.push_back(
        {.cells = {pass_name(*pass), text(energy.dense), text(energy.sparse), text(energy.mixed)}});
  }
  return grid;
}

report::Grid weights_grid(const Decision& decision) {
  report::Grid grid;
  grid.headings = {{.text = "weights in memory", .cut = true},
                   {.text = "values", .align = report::Align::kRight, .drop = 2},
                   {.text = "metadata", .align = report::Align::kRight, .drop = 3},
                   {.text = "padding", .align = report::Align::kRight, .drop = 4},
                   {.text = "in all", .align = report::Align::kRight},
                   {.text = "of dense", .align = report::Align::kRight}};
  const double dense = decision.dense_weights.total();
  if (!(dense > 0)) return grid;
  grid.rows.push_back(
      weights_row("dense everywhere", decision.dense_weights, decision.padding_known, dense));
  grid.rows.push_back(weights_row(named("2:4 everywhere", decision), decision.sparse_weights,
                                  decision.padding_known, dense));
  for (const PassDecision* pass : passes_of(decision)) {
    grid.rows.push_back(
        weights_row(named("2:4 where it wins, ", decision) +
                        (is_mix(*pass) ? pass_name(*pass) : tokens_text(pass->mix.front().tokens)),
                    pass->weights, decision.padding_known, dense));
  }
  return grid;
}

report::Grid costs_grid(const Decision& decision) {
  report::Grid grid;
  grid.headings = {{.text = "layer KxN", .cut = true},
                   {.text = "matrices", .align = report::Align::kRight, .drop = 5},
                   {.text = "prune, at most", .align = report::Align::kRight, .drop = 3},
                   {.text = "compress and pack", .align = report::Align::kRight, .drop = 2},
                   {.text = "search", .align = report::Align::kRight, .drop = 4},
                   {.text = "gain of a call [95% CI]"},
                   {.text = "repaid after calls"},
                   {.text = "after passes", .drop = 1}};
  for (const LayerDecision& layer : decision.layers) {
    if (layer.layer.all_experts) continue;
    report::Grid::Row row{.cells = {title(layer.layer)}};
    row.cells.push_back(layer.layer.instances ? fmt::format("{}", *layer.layer.instances) : "1");
    if (!layer.best) {
      const bool loses =
          std::all_of(layer.found.ranges.begin(), layer.found.ranges.end(),
                      [](const Range& range) { return range.state == State::kLoss; });
      const char* const repaid = loses ? "never" : "not known";
      const std::string gain =
          named(loses ? "none: 2:4 loses" : "not clear: 2:4 wins nowhere", decision);
      row.cells.insert(row.cells.end(), {"", "", "", gain, repaid, repaid});
      grid.rows.push_back(std::move(row));
      continue;
    }
    const Point& point = layer.layer.points[*layer.best];
    const auto per_pass = [&]() -> std::string {
      if (!layer.repaid) return "never";
      if (!point.calls || !(*point.calls > 0)) return "";
      Repaid passes{layer.repaid->low / *point.calls, layer.repaid->high};
      if (passes.high) *passes.high /= *point.calls;
      return repaid_text(passes);
    };
    row.cells.push_back(time_text(layer.cost.prune_at_most_s));
    row.cells.push_back(time_text(layer.cost.pack_s));
    row.cells.push_back(time_text(layer.cost.search_s));
    row.cells.push_back(fmt::format("{} at M = {}", time_text(*layer.gain), point.m));
    row.cells.push_back(layer.gain->interval ? repaid_text(layer.repaid)
                                             : "not known: too few rounds");
    row.cells.push_back(layer.gain->interval ? per_pass() : "");
    grid.rows.push_back(std::move(row));
  }
  return grid;
}

report::Grid end_to_end_grid(const Decision& decision, const Question& question) {
  report::Grid grid;
  std::vector<double> shares{0.5, 0.7, 0.8, 0.9, 1};
  if (question.linear_share) shares = {*question.linear_share};
  grid.headings = {{.text = "tokens", .align = report::Align::kRight, .cut = true}};
  int drop = 0;  // on a narrow terminal the larger shares go first, since they promise more
  for (const double share : shares) {
    grid.headings.push_back({.text = fmt::format("whole pass, S = {}", share), .drop = drop++});
  }
  for (const PassDecision* pass : passes_of(decision)) {
    if (!pass->totals.speed_up || pass->uses.empty()) continue;
    report::Grid::Row row{.cells = {pass_name(*pass)}};
    for (const double share : shares) {
      row.cells.push_back(ratio_text(end_to_end(*pass->totals.speed_up, share)));
    }
    grid.rows.push_back(std::move(row));
  }
  return grid;
}

}  // namespace twofour::decide
