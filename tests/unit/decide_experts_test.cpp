// What is summed once where it was measured in two ways, joules, and which pattern it is about.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/expert_layers.h"
#include "decide/decision.h"
#include "decide/dispatch.h"
#include "decide/formats.h"
#include "decide/words.h"
#include "decisions.h"

namespace twofour::decide {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr double kExperts = 4;
constexpr double kLaunches = 8;
constexpr double kCount = 32;  ///< of each layer of the invented run

std::string all_of(const std::string& layer) { return layer + std::string(kAllExpertsSuffix); }

/// The invented run, with rows of all experts of `down` at one token.
report::Run with_experts() {
  report::Run run = golden::decision_run();
  std::vector<Record> more;
  for (const Record& r : run.records) {
    if (r.layer != "down" || r.tokens != 1) continue;
    Record all = r;
    all.layer = all_of(r.layer);
    all.experts = static_cast<std::int64_t>(kExperts);
    all.calls = static_cast<std::int64_t>(kLaunches);
    all.cache.bytes_per_copy *= static_cast<std::size_t>(kExperts);
    all.case_index += 1000;
    more.push_back(std::move(all));
  }
  run.records.insert(run.records.end(), more.begin(), more.end());
  return run;
}

double median_of_down(const report::Run& run) {
  for (const Record& r : run.records) {
    if (r.layer == "down" && r.tokens == 1 && r.problem.sparsity == Sparsity::kDense) {
      return r.summary->median_s;
    }
  }
  return 0;
}

Decision decision_of(const report::Run& run) { return decisions(run.records, {}).at(0); }

TEST(Experts, CountOnceAndAsAllInOneLaunchWhereBothSidesAnswer) {
  const report::Run plain_run = golden::decision_run();
  const report::Run run = with_experts();
  const Decision plain = decision_of(plain_run);
  const Decision made = decision_of(run);
  EXPECT_NEAR(
      made.passes[0].totals.dense.seconds.value,
      plain.passes[0].totals.dense.seconds.value - (kCount - kLaunches) * median_of_down(run),
      1e-12);
  EXPECT_EQ(made.passes[0].uses, plain.passes[0].uses);
  EXPECT_NEAR(made.passes[1].totals.dense.seconds.value, plain.passes[1].totals.dense.seconds.value,
              1e-12)
      << "there one expert's time is all there is";
  EXPECT_DOUBLE_EQ(made.dense_weights.total(), plain.dense_weights.total());
  EXPECT_DOUBLE_EQ(made.passes[0].weights.total(), plain.passes[0].weights.total());
  EXPECT_EQ(costs_grid(made).rows.size(), costs_grid(plain).rows.size());
  EXPECT_THAT(cautions(made), Contains(HasSubstr("no less than a grouped kernel takes")));
  EXPECT_THAT(cautions(plain), Not(Contains(HasSubstr("grouped"))));
}

TEST(Experts, OneStandsForThemWhereASideOfAllHasNoAnswer) {
  report::Run run = with_experts();
  Record& sparse = run.records.back();
  ASSERT_TRUE(is_sparse(sparse.problem.sparsity));
  sparse.outcome = {OutcomeKind::kSkipped, "needs 9 GiB with what runs beside it, 4 GiB are free"};
  sparse.summary.reset();
  sparse.samples.reset();
  sparse.vs_dense.reset();
  const report::Run plain_run = golden::decision_run();
  EXPECT_NEAR(decision_of(run).passes[0].totals.dense.seconds.value,
              decision_of(plain_run).passes[0].totals.dense.seconds.value, 1e-12);
}

TEST(Experts, OneStandsForThemWhereAllHaveTooFewRounds) {
  report::Run run = with_experts();
  run.records.back().samples->device_s.resize(kFewestRounds - 1);
  const report::Run plain_run = golden::decision_run();
  EXPECT_NEAR(decision_of(run).passes[0].totals.dense.seconds.value,
              decision_of(plain_run).passes[0].totals.dense.seconds.value, 1e-12);
  // Where of one there is nothing, they stand for themselves.
  for (Record& r : run.records) {
    if (r.layer == "down" && r.tokens == 1) r.samples.reset();
  }
  EXPECT_THAT(decision_of(run).passes[0].totals.dense.missing, IsEmpty());
}

TEST(Experts, HaveOneEntryInTheDispatchTable) {
  const report::Run run = with_experts();
  for (const DispatchLayer& layer : dispatch(subjects(run.records)).layers) {
    EXPECT_THAT(layer.layer, Not(HasSubstr(std::string(kAllExpertsSuffix))));
  }
}

/// The rows of all experts once more as batches, of which 2:4 takes half the time of dense.
report::Run with_batches() {
  report::Run run = with_experts();
  std::vector<Record> more;
  for (const Record& r : run.records) {
    if (!r.experts) continue;
    Record batch = r;
    batch.kernel = batch.kernel + "_batched";
    batch.provider = is_sparse(r.problem.sparsity) ? "cusparselt" : "cublaslt";
    batch.problem.batch = *r.experts;
    for (double& s : batch.samples->device_s) s = is_sparse(r.problem.sparsity) ? 1e-3 : 2e-3;
    batch.summary->median_s = is_sparse(r.problem.sparsity) ? 1e-3 : 2e-3;
    more.push_back(std::move(batch));
  }
  run.records.insert(run.records.end(), more.begin(), more.end());
  return run;
}

TEST(Experts, OfBatchesThePairIsNamed) {
  const report::Run run = with_batches();
  const Decision made = decision_of(run);
  EXPECT_THAT(cautions(made),
              Contains(HasSubstr("2:4 of cusparselt against dense of cublaslt: down_all_experts")));
  EXPECT_THAT(cautions(made), Contains(HasSubstr("2.000x [2.000, 2.000] (4 experts of 1 rows)")));
  const report::Run plain = with_experts();
  EXPECT_THAT(cautions(decision_of(plain)), Not(Contains(HasSubstr("Strided-batched"))));
}

/// Two joules of a dense launch and one of a sparse one, at one token.
report::Run with_joules() {
  report::Run run = golden::decision_run();
  for (Record& r : run.records) {
    if (r.tokens == 1) r.sustained = Sustained{.median_j = is_sparse(r.problem.sparsity) ? 1 : 2};
  }
  return run;
}

TEST(Joules, AreSummedAsTimesAre) {
  const report::Run run = with_joules();
  const Decision made = decision_of(run);
  const Energy& energy = made.passes[0].totals.energy;
  EXPECT_DOUBLE_EQ(*energy.dense, 4 * kCount * 2);
  EXPECT_DOUBLE_EQ(*energy.sparse, 4 * kCount);
  EXPECT_DOUBLE_EQ(*energy.mixed, 4 * kCount) << "2:4 wins in all of them";
  const report::Grid grid = energy_grid(made);
  ASSERT_EQ(grid.rows.size(), 3U);
  EXPECT_EQ(grid.rows[0].cells[1], "256.0 J");
  EXPECT_EQ(grid.rows[1].cells[1], "unknown") << "nothing was measured at 64 tokens";
  EXPECT_THAT(not_known(made, {}), Contains(HasSubstr("Joules are those of sustained load")));
}

TEST(Joules, OfASumAreUnknownWhereOnePartIs) {
  report::Run run = with_joules();
  run.records.front().sustained.reset();  // dense qkv
  const Decision made = decision_of(run);
  EXPECT_FALSE(made.passes[0].totals.energy.dense);
  EXPECT_TRUE(made.passes[0].totals.energy.sparse);
  EXPECT_TRUE(made.passes[0].totals.energy.mixed) << "2:4 is used there";
}

TEST(Joules, AreLeftOutWhereThereAreNone) {
  const report::Run run = golden::decision_run();
  EXPECT_THAT(energy_grid(decision_of(run)).rows, IsEmpty());
  EXPECT_THAT(not_known(decision_of(run), {}), Contains(HasSubstr("Energy was not measured")));
}

report::Run six_of_eight() {
  report::Run run = golden::decision_run();
  for (Record& r : run.records) {
    r.pattern = Sparsity::kSixEight;
    if (is_sparse(r.problem.sparsity)) r.problem.sparsity = Sparsity::kSixEight;
  }
  return run;
}

TEST(Pattern, IsNamedInTheDecisionAndTheDispatchTable) {
  const report::Run run = six_of_eight();
  const std::string text = table({&run, 1}, {}, {}, Length::kWhole);
  EXPECT_THAT(text, HasSubstr(", pattern 6:8 "));
  EXPECT_THAT(text, HasSubstr("6:8 wins at M"));
  EXPECT_THAT(text, HasSubstr("1.07x (8-bit)"));
  EXPECT_THAT(text, Not(HasSubstr("2:4 everywhere")));
  const Decision made = decision_of(run);
  EXPECT_DOUBLE_EQ(made.sparse_weights.values, 0.75 * made.dense_weights.values);
  const Dispatch table = dispatch(subjects(run.records));
  EXPECT_EQ(table.layers.front().pattern, Sparsity::kSixEight);
  EXPECT_EQ(table.layers.front().ranges.front().use, Sparsity::kSixEight);
  EXPECT_EQ(parse_dispatch_json(dispatch_json(table)), table);
}

TEST(Pattern, RowsOfTwoPatternsAreDecidedApart) {
  const report::Run two_four = golden::decision_run();
  report::Run both = six_of_eight();
  for (const Record& r : two_four.records) {
    both.records.push_back(r);
    both.records.back().case_index += 1000;
  }
  const std::vector<Decision> found = decisions(both.records, {});
  ASSERT_EQ(found.size(), 2U);
  EXPECT_NE(found[0].subject.pattern, found[1].subject.pattern);
  for (const Decision& one : found) EXPECT_EQ(one.layers.size(), 4U);
}

}  // namespace
}  // namespace twofour::decide
