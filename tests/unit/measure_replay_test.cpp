// The stopping rule on samples that a GPU gave: what it stops at says what all of the recorded
// samples say. Those of tests/support/recorded are of a rule that asked for more than today's,
// those of results/h200 of today's.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "measure/statistics.h"
#include "measure/stopping.h"

namespace twofour::measure {
namespace {

constexpr double kPrecision = 0.01;

/// The rows of one case, as contenders with all that was recorded of them.
struct RecordedCase {
  std::vector<Contender> contenders;
  std::vector<Samples> recorded;
};

std::vector<RecordedCase> cases_of(const std::string& file) {
  std::ifstream input(std::string(TWOFOUR_SOURCE_DIR) + "/" + file);
  std::map<int, std::vector<nlohmann::json>> rows;
  for (std::string line; std::getline(input, line);) {
    nlohmann::json row = nlohmann::json::parse(line);
    if (row["type"] != "record" || row["samples"].is_null() || row.contains("twin_of")) continue;
    rows[row["case_index"]].push_back(std::move(row));
  }
  std::vector<RecordedCase> cases;
  for (const auto& [index, records] : rows) {
    RecordedCase& one = cases.emplace_back();
    std::map<std::string, int> groups;
    for (const nlohmann::json& row : records) {
      const nlohmann::json& problem = row["problem"];
      const std::string key = problem["a_type"].dump() + problem["d_type"].dump() +
                              problem["bias"].dump() + problem["scales"].dump();
      const int next = static_cast<int>(groups.size());
      one.contenders.push_back({.group = groups.try_emplace(key, next).first->second,
                                .dense = problem["sparsity"] == "dense"});
      one.recorded.push_back({.device_s = row["samples"]["device_s"],
                              .host_s = {},
                              .launches_per_sample = row["samples"]["launches_per_sample"],
                              .rest_share = row["samples"].value("rest_share", 0.0)});
    }
  }
  return cases;
}

/// Gives the rule round after round, and returns the samples that it has asked for. A contender
/// stops also where no more was recorded.
std::vector<Samples> replay(const RecordedCase& one) {
  const std::size_t count = one.contenders.size();
  StoppingRule rule(one.contenders, {.max_time_s = 1});
  std::vector<Samples> samples(count);
  std::vector<double> spent_s(count);
  double elapsed_s = 0;
  bool more = true;
  for (std::size_t round = 0; more; ++round) {
    more = false;
    for (std::size_t i = 0; i < count; ++i) {
      const Samples& recorded = one.recorded[i];
      if (rule.left(i) || round >= recorded.device_s.size()) continue;
      more = true;
      samples[i].device_s.push_back(recorded.device_s[round]);
      const double wall_s = recorded.device_s[round] *
                            static_cast<double>(recorded.launches_per_sample) *
                            (1 + recorded.rest_share);
      spent_s[i] += wall_s;
      elapsed_s += wall_s;
    }
    if (more) rule.look(static_cast<std::int64_t>(round) + 1, elapsed_s, samples, spent_s);
  }
  return samples;
}

/// Of each sparse contender that has a dense one in its group.
std::vector<Ratio> ratios_of(const RecordedCase& one, std::span<const Samples> samples) {
  std::vector<Ratio> ratios;
  for (std::size_t i = 0; i < one.contenders.size(); ++i) {
    if (one.contenders[i].dense) continue;
    std::vector<std::span<const double>> dense;
    for (std::size_t j = 0; j < one.contenders.size(); ++j) {
      if (!one.contenders[j].dense || one.contenders[j].group != one.contenders[i].group) continue;
      dense.emplace_back(samples[j].device_s);
    }
    const std::optional<std::size_t> best = fastest_of(dense);
    if (best) ratios.push_back(compare(dense[*best], samples[i].device_s));
  }
  return ratios;
}

struct Shares {
  double count = 0;
  double precise_now = 0;       ///< interval within the precision, as the rule stopped
  double precise_recorded = 0;  ///< likewise, of all that was recorded
  double moved = 0;             ///< the two ratios differ by more than the precision
  double asked = 0;             ///< samples, over those that were recorded
};

Shares shares_of(const std::string& file) {
  Shares shares;
  double asked = 0;
  double recorded = 0;
  for (const RecordedCase& one : cases_of(file)) {
    const std::vector<Samples> samples = replay(one);
    const std::vector<Ratio> now = ratios_of(one, samples);
    const std::vector<Ratio> full = ratios_of(one, one.recorded);
    const auto is_precise = [](const Ratio& ratio) {
      return (ratio.interval.high - ratio.interval.low) / 2 <= kPrecision * ratio.value;
    };
    for (std::size_t i = 0; i < now.size(); ++i) {
      ++shares.count;
      shares.precise_now += is_precise(now[i]) ? 1 : 0;
      shares.precise_recorded += is_precise(full[i]) ? 1 : 0;
      shares.moved += std::abs(now[i].value / full[i].value - 1) > kPrecision ? 1 : 0;
    }
    for (std::size_t i = 0; i < samples.size(); ++i) {
      asked += static_cast<double>(samples[i].device_s.size());
      recorded += static_cast<double>(one.recorded[i].device_s.size());
    }
  }
  for (double* share : {&shares.precise_now, &shares.precise_recorded, &shares.moved}) {
    *share /= shares.count;
  }
  shares.asked = asked / recorded;
  return shares;
}

class Replay : public ::testing::TestWithParam<std::string> {};

TEST_P(Replay, StopsAtWhatAllRecordedSamplesSay) {
  const Shares shares = shares_of(GetParam());
  RecordProperty("asked", std::to_string(shares.asked));
  std::printf(
      "%s: %.0f ratios; asked for %.1f %% of the samples; within 1 %%: %.1f %% (of all "
      "samples %.1f %%); moved by more than 1 %%: %.2f %%\n",
      GetParam().c_str(), shares.count, 100 * shares.asked, 100 * shares.precise_now,
      100 * shares.precise_recorded, 100 * shares.moved);
  EXPECT_GE(shares.count, 80);
  EXPECT_GE(shares.precise_now, std::min(0.97, shares.precise_recorded) - 0.005);
  EXPECT_LE(shares.moved, 0.01);
}

INSTANTIATE_TEST_SUITE_P(
    Results, Replay,
    ::testing::Values("tests/support/recorded/h200-fp8.jsonl", "results/h200/llama-fp8.jsonl",
                      "results/h200/llama-int8.jsonl", "results/h200/llama-bf16.jsonl"),
    [](const auto& test) {
      const std::size_t begin = test.param.rfind('/') + 1;
      std::string name = test.param.substr(begin, test.param.find('.') - begin);
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

}  // namespace
}  // namespace twofour::measure
