// From rows to a decision: what is summed, what is lacking, what it costs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "decide/decision.h"
#include "decide/formats.h"
#include "decide/words.h"
#include "decisions.h"

namespace twofour::decide {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// Rows with the decision that is made of them.
struct Made {
  report::Run run;
  std::vector<Decision> found;

  explicit Made(report::Run rows, const Question& question = {})
      : run(std::move(rows)), found(decisions(run.records, question)) {}
  [[nodiscard]] const Decision& decision() const { return found.at(0); }
  [[nodiscard]] const Totals& totals(std::size_t pass) const {
    return found.at(0).passes.at(pass).totals;
  }
};

double median_of(const Made& made, std::size_t row) {
  return made.run.records.at(row).summary->median_s;
}

TEST(Decision, SumsTheLayersTimesTheirCounts) {
  const Made made(golden::decision_run());
  ASSERT_EQ(made.decision().passes.size(), 3U);
  double dense = 0;
  double sparse = 0;
  for (const std::size_t layer : {0U, 1U, 2U, 3U}) {
    dense += 32 * median_of(made, 2 * layer);
    sparse += 32 * median_of(made, 2 * layer) / made.run.records[2 * layer + 1].vs_dense->value;
  }
  EXPECT_NEAR(made.totals(0).dense.seconds.value, dense, 1e-12);
  EXPECT_NEAR(made.totals(0).sparse.seconds.value, sparse, 1e-12);
  EXPECT_NEAR(made.totals(0).mixed.seconds.value, sparse, 1e-12);
  EXPECT_NEAR(made.totals(0).saved_s.value, dense - sparse, 1e-12);
  EXPECT_NEAR(made.totals(0).speed_up->value, dense / sparse, 1e-12);
}

TEST(Decision, UsesDenseWhereTwoFourDoesNotWin) {
  const Made made(golden::decision_run());
  EXPECT_THAT(made.decision().passes[1].uses, ElementsAre("qkv 4096x6144", "gate_up 4096x28672"));
  const Totals& totals = made.totals(1);
  EXPECT_LT(totals.mixed.seconds.value, totals.dense.seconds.value);
  EXPECT_LT(totals.mixed.seconds.value, totals.sparse.seconds.value);
}

TEST(Decision, PairedRoundsMakeTheRatioNarrowerThanIndependentOnesWould) {
  const Made made(golden::decision_run());
  const Totals& totals = made.totals(0);
  const auto width = [](const Estimate& e) {
    return (e.interval->high - e.interval->low) / e.value;
  };
  EXPECT_LT(width(*totals.speed_up),
            0.9 * std::hypot(width(totals.dense.seconds), width(totals.mixed.seconds)));
}

TEST(Decision, ALayerWithoutAnAnswerIsNamedAndMakesALowerBound) {
  const Made made(golden::decision_run());
  const Totals& totals = made.totals(2);
  EXPECT_TRUE(totals.dense.known());
  EXPECT_TRUE(totals.mixed.known());
  EXPECT_FALSE(totals.sparse.known());
  EXPECT_FALSE(totals.sparse_speed_up);
  EXPECT_THAT(totals.sparse.missing, ElementsAre("o 4096x4096 (2:4 unsupported: M is above 1024)"));
  EXPECT_THAT(total_text(totals.sparse), HasSubstr("at least "));
  EXPECT_THAT(cautions(made.decision()),
              ::testing::Contains(
                  AllOf(HasSubstr("2:4 everywhere is a lower bound"), HasSubstr("o 4096x4096"))));
}

TEST(Decision, ADenseRowThatFailedLeavesTheTotalOpen) {
  report::Run run = golden::decision_run();
  Record& dense = run.records.front();
  dense.outcome = {OutcomeKind::kFailed, "ended by SIGSEGV"};
  dense.summary.reset();
  dense.samples.reset();
  run.records[1].vs_dense.reset();
  const Made made(std::move(run));
  EXPECT_FALSE(made.totals(0).dense.known());
  EXPECT_FALSE(made.totals(0).speed_up);
  EXPECT_THAT(made.totals(0).dense.missing,
              ElementsAre("qkv 4096x6144 (dense failed: ended by SIGSEGV)"));
  EXPECT_EQ(made.decision().layers[0].found.ranges.front().state, State::kUnknown);
}

TEST(Decision, ALayerThatABatchSizeHasNoRowsOfIsLacking) {
  report::Run run = golden::decision_run();
  run.records.erase(run.records.begin() + 6, run.records.begin() + 8);  // down at one token
  const Made made(std::move(run));
  EXPECT_THAT(made.totals(0).dense.missing,
              ElementsAre("down 14336x4096 (not measured at 1 token)"));
}

TEST(Decision, WithoutCountsNothingIsKnownOfAPass) {
  report::Run run = golden::decision_run();
  for (Record& r : run.records) r.tokens = r.calls = r.instances = std::nullopt;
  const Made made(std::move(run));
  EXPECT_THAT(made.decision().passes, IsEmpty());
  EXPECT_THAT(advice(made.decision()),
              ElementsAre(HasSubstr("does not say how often each layer runs")));
  EXPECT_EQ(made.decision().layers[0].found.grid.size(), 4U);
}

TEST(Decision, AMixWeighsItsPassesByTheirShares) {
  const Question question{.traffic = {{"decode", 1, 0.75}, {"prefill", 64, 0.25}}};
  const Made made(golden::decision_run(), question);
  const PassDecision& mix = *made.decision().traffic;
  EXPECT_NEAR(mix.totals.dense.seconds.value,
              0.75 * made.totals(0).dense.seconds.value + 0.25 * made.totals(1).dense.seconds.value,
              1e-12);
  EXPECT_NEAR(mix.totals.mixed.seconds.value,
              0.75 * made.totals(0).mixed.seconds.value + 0.25 * made.totals(1).mixed.seconds.value,
              1e-12);
  // `o` and `down` win at one token and do not at 64: both forms of them are in memory.
  EXPECT_THAT(mix.both, ElementsAre("o 4096x4096", "down 14336x4096"));
  EXPECT_GT(mix.weights.total(), made.decision().passes[0].weights.total());
}

TEST(Decision, TwoKindsOfPassesOfOneSizeAreOneMeasurement) {
  const Question question{.traffic = {{"a", 1, 0.5}, {"b", 1, 0.5}}};
  const Made made(golden::decision_run(), question);
  const Estimate& mix = made.decision().traffic->totals.dense.seconds;
  EXPECT_NEAR(mix.value, made.totals(0).dense.seconds.value, 1e-12);
  EXPECT_NEAR(mix.interval->low, made.totals(0).dense.seconds.interval->low, 1e-9);
}

TEST(Decision, AMixOfASizeThatNothingWasMeasuredAtIsNotKnown) {
  const Made made(golden::decision_run(), {.traffic = {{"decode", 32, 1}}});
  EXPECT_FALSE(made.decision().traffic);
  EXPECT_THAT(advice(made.decision()).front(), HasSubstr("'decode' has a batch size of 32"));
}

TEST(Decision, ADecodingStepDoesNotRunWhatOnlyAPrefillRuns) {
  report::Run run = golden::decision_run();
  for (Record& r : run.records) r.prefill_only = r.layer == "down";
  const Made made(std::move(run), {.traffic = {{"decode", 1, 1}}});
  EXPECT_NEAR(made.decision().traffic->totals.dense.seconds.value,
              made.totals(0).dense.seconds.value - 32 * median_of(made, 6), 1e-12);
  EXPECT_THAT(cautions(made.decision()),
              ::testing::Contains(HasSubstr("a decoding step does not run it")));
}

TEST(Decision, WeightsAreValuesMetadataAndPadding) {
  const Made made(golden::decision_run());
  const double elements = 4096.0 * 6144 + 4096.0 * 4096 + 4096.0 * 28672 + 14336.0 * 4096;
  EXPECT_DOUBLE_EQ(made.decision().dense_weights.values, 32 * elements);
  EXPECT_DOUBLE_EQ(made.decision().sparse_weights.values, 32 * elements / 2);
  EXPECT_DOUBLE_EQ(made.decision().sparse_weights.metadata, 32 * elements / 8);
  EXPECT_NEAR(made.decision().sparse_weights.padding, 0.01 * 32 * elements * 0.625, 1e5);
  EXPECT_EQ(made.decision().dense_weights.metadata, 0);
}

TEST(Decision, WhatIsUnclearIsNoLossAndNoWin) {
  report::Run run = golden::decision_run();
  for (Record& r : run.records) {
    if (r.vs_dense) r.vs_dense->verdict = Verdict::kInconclusive;
  }
  const Made made(std::move(run), {.traffic = {{"decode", 64, 1}}});
  EXPECT_THAT(made.decision().traffic->unclear.size(), 4U);
  EXPECT_THAT(advice(made.decision()).front(),
              AllOf(HasSubstr("wins in no layer for certain (it is unclear in qkv"),
                    HasSubstr("use dense")));
  EXPECT_EQ(costs_grid(made.decision()).rows.front().cells[6], "not known");
  EXPECT_THAT(end_to_end_grid(made.decision(), {}).rows, IsEmpty());
}

TEST(Decision, WhatLosesIsNeverRepaid) {
  report::Run run = golden::decision_run();
  for (Record& r : run.records) {
    if (r.vs_dense) r.vs_dense->verdict = Verdict::kLoss;
  }
  const Made made(std::move(run));
  EXPECT_EQ(costs_grid(made.decision()).rows.front().cells[6], "never");
}

TEST(Decision, FewRoundsGiveNoInterval) {
  report::Run run = golden::decision_run();
  for (Record& r : run.records) {
    if (r.samples) r.samples->device_s.resize(5);
  }
  const Made made(std::move(run));
  EXPECT_FALSE(made.totals(0).dense.seconds.interval);
  EXPECT_FALSE(made.totals(0).speed_up->interval);
  EXPECT_THAT(cautions(made.decision()), ::testing::Contains(HasSubstr("fewer than 6 rounds")));
}

TEST(Decision, TheWholePassGainsLessTheSmallerTheShareOfLinearLayers) {
  const Estimate ratio{2, Interval{1.5, 2.5}};
  EXPECT_DOUBLE_EQ(end_to_end(ratio, 1).value, 2);
  EXPECT_DOUBLE_EQ(end_to_end(ratio, 0.5).value, 1 / 0.75);
  EXPECT_DOUBLE_EQ(end_to_end(ratio, 0.5).interval->low, 1 / (0.5 + 0.5 / 1.5));
  EXPECT_LT(end_to_end(ratio, 0.1).interval->high, 1.07);
}

TEST(Costs, CallsUntilRepaidAreAnInterval) {
  const Cost cost{.prune_at_most_s = 2, .pack_s = 3, .search_s = 1};
  const auto sure = calls_until_repaid(cost, Interval{1e-3, 2e-3});
  ASSERT_TRUE(sure && sure->high);
  EXPECT_DOUBLE_EQ(sure->low, 2000);
  EXPECT_DOUBLE_EQ(*sure->high, 6000);
  const auto perhaps = calls_until_repaid(cost, Interval{-1e-3, 2e-3});
  ASSERT_TRUE(perhaps);
  EXPECT_FALSE(perhaps->high);
  EXPECT_EQ(repaid_text(perhaps), "at least 2000, perhaps never");
  EXPECT_FALSE(calls_until_repaid(cost, Interval{-2e-3, -1e-3}));
  EXPECT_EQ(repaid_text(std::nullopt), "never");
}

TEST(Costs, AreOfAllMatricesAndTheSearchIsOnce) {
  const Made made(golden::decision_run());
  const LayerDecision& qkv = made.decision().layers.front();
  ASSERT_TRUE(qkv.best);
  EXPECT_DOUBLE_EQ(qkv.cost.pack_s, 32 * 0.05);
  EXPECT_DOUBLE_EQ(qkv.cost.prune_at_most_s, 32 * 0.4);
  EXPECT_DOUBLE_EQ(qkv.cost.search_s, 0.002);
}

TEST(Costs, AreThoseOfTheKernelThatPackedFirst) {
  std::vector<Record> records = golden::rows_of({"qkv", 64, 64, 8, 1e-3, 1.5}, 0);
  Record with_bias = records.back();
  with_bias.problem.bias = true;
  with_bias.kernel = with_bias.kernel + "_bias";
  records.back().phases.prepare_s = 0.001;  // it found what its relative had packed
  with_bias.phases.prepare_s = 0.7;
  records.push_back(with_bias);
  const std::vector<Subject> all = subjects(records);
  EXPECT_EQ(all.front().layers.front().points.front().pack_s, 0.7);
}

TEST(Decision, IsOfColdRowsAndWithoutBiasWhereThereAreSuch) {
  report::Run run = golden::decision_run();
  std::vector<Record> more;
  for (const Record& r : run.records) {
    Record hot = r;
    hot.cache.mode = CacheMode::kHot;
    Record bias = r;
    bias.problem.bias = true;
    more.push_back(std::move(hot));
    more.push_back(std::move(bias));
  }
  more.insert(more.end(), run.records.begin(), run.records.end());
  run.records = std::move(more);
  const Made made(std::move(run));
  ASSERT_EQ(made.found.size(), 1U);
  EXPECT_EQ(made.decision().subject.cache, CacheMode::kCold);
  EXPECT_FALSE(made.decision().subject.bias);
  EXPECT_EQ(subjects(made.run.records).size(), 3U);
}

TEST(Decision, StandsInTheFormatsForPeopleAndInNoOther) {
  const report::Run run = golden::decision_run();
  const std::span<const report::Run> runs{&run, 1};
  for (const report::Format& format : report::formats()) {
    const std::string plain = report::document(format, runs, {});
    const std::string text = document(format, runs, {}, {});
    const bool for_people = format.name == "table" || format.name == "md" || format.name == "html";
    EXPECT_EQ(text != plain, for_people) << format.name;
  }
}

TEST(Decision, OtherModesHaveNone) {
  report::Run run = golden::decision_run();
  for (Record& r : run.records) r.mode = BenchMode::kRange;
  const std::span<const report::Run> runs{&run, 1};
  EXPECT_EQ(table(runs, {}, {}, Length::kWhole), "");
  EXPECT_EQ(markdown(runs, {}, 16000), "");
  EXPECT_EQ(html_section(runs, {}), "");
}

TEST(Decision, NamesOfAModelAreInertOnAPage) {
  report::Run run = golden::decision_run();
  for (Record& r : run.records) {
    r.model = "<script>alert(1)</script>";
    r.layer = "<b>" + r.layer;
  }
  const std::span<const report::Run> runs{&run, 1};
  EXPECT_THAT(html_section(runs, {}), AllOf(Not(HasSubstr("<script")), Not(HasSubstr("<b>qkv"))));
}

}  // namespace
}  // namespace twofour::decide
