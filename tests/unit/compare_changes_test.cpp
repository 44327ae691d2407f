// Which rows are one row, and which word each gets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "compare/comparison.h"
#include "compare/match.h"
#include "compare_runs.h"

namespace twofour::compare {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Runs = std::vector<report::Run>;

/// Times of 1 ms x `factor` that are known to 0.05 %.
std::vector<double> precise(double factor, std::uint64_t seed = 1) {
  Random random(seed);
  return times(random, 40, 1e-3 * factor, 0.001);
}

Record plain(std::int64_t m, double factor, std::uint64_t seed = 1) {
  return row("cpu_mm", m, precise(factor, seed));
}

Change only(const Comparison& comparison) {
  EXPECT_EQ(comparison.changes.size(), 1U);
  return comparison.changes.empty() ? Change{} : comparison.changes.front();
}

Comparison of_rows(Record before, Record after, const Options& options = {}) {
  return compare(Runs{run({std::move(before)})}, Runs{run({std::move(after)})}, options);
}

Change between(Record before, Record after, const Options& options = {}) {
  return only(of_rows(std::move(before), std::move(after), options));
}

TEST(Words, FollowFromTheInterval) {
  EXPECT_EQ(between(plain(1, 1), plain(1, 1.05, 2)).word, Word::kSlower);
  EXPECT_EQ(between(plain(1, 1.05), plain(1, 1, 2)).word, Word::kFaster);
  EXPECT_EQ(between(plain(1, 1), plain(1, 1.005, 2)).word, Word::kSame);
  EXPECT_EQ(between(plain(1, 1), plain(1, 1.02, 2)).word, Word::kUnclear) << "on the threshold";
}

TEST(Words, TheThresholdIsTheSameInBothDirections) {
  for (const double factor : {1.018, 1.02, 1.022, 1.05}) {
    const Change there = between(plain(1, 1), plain(1, factor, 2));
    const Change back = between(plain(1, factor, 2), plain(1, 1));
    EXPECT_EQ(there.word == Word::kSlower, back.word == Word::kFaster) << factor;
    EXPECT_NEAR(there.time->change * back.time->change, 1, 1e-12);
  }
}

TEST(Words, AThresholdUnderThePrecisionIsUnclear) {
  Random random(3);
  const Change change =
      between(row("cpu_mm", 1, times(random, 40, 1e-3, 0.02)),
              row("cpu_mm", 1, times(random, 40, 1e-3, 0.02)), {.threshold = 0.001});
  EXPECT_EQ(change.word, Word::kUnclear);
  ASSERT_TRUE(change.time->samples_to_decide.has_value());
  EXPECT_GT(*change.time->samples_to_decide, 400) << "they must shrink the interval by far";
}

TEST(Words, FewSamplesAreUnclearUnlessTheChangeIsVast) {
  EXPECT_EQ(between(row("k", 1, {1e-3}), row("k", 1, {2e-3})).word, Word::kUnclear);
  EXPECT_EQ(between(row("k", 1, {1e-3, 1.01e-3}), row("k", 1, {1.1e-3, 1.12e-3})).word,
            Word::kUnclear);
  EXPECT_EQ(between(row("k", 1, {1e-3, 1.01e-3, 1.005e-3, 1.002e-3}),
                    row("k", 1, {4e-3, 4.04e-3, 4.01e-3, 4.02e-3}))
                .word,
            Word::kSlower);
}

TEST(Words, ATimeThatIsNoNumberIsUnclear) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const double bad : {nan, 0.0, -1.0}) {
    const Change change = between(plain(1, 1), row("cpu_mm", 1, {1e-3, bad}));
    EXPECT_EQ(change.word, Word::kUnclear);
    EXPECT_THAT(change.reason, HasSubstr("not a number above zero"));
  }
}

TEST(Words, OfRowsWithoutAResult) {
  const auto failed = [](OutcomeKind kind) { return without(plain(1, 1), kind, "the reason"); };
  for (const OutcomeKind kind :
       {OutcomeKind::kFailed, OutcomeKind::kIncorrect, OutcomeKind::kUnsupported}) {
    const Change broken = between(plain(1, 1), failed(kind));
    EXPECT_EQ(broken.word, Word::kBroken);
    EXPECT_EQ(broken.reason, std::string(to_string(kind)) + ": the reason");
    EXPECT_EQ(between(failed(kind), plain(1, 1)).word, Word::kFixed);
    EXPECT_THAT(of_rows(failed(kind), failed(kind)).changes, IsEmpty());
  }
  for (const OutcomeKind kind : {OutcomeKind::kSkipped, OutcomeKind::kNotBuilt}) {
    EXPECT_EQ(between(plain(1, 1), failed(kind)).word, Word::kMissing);
    EXPECT_EQ(between(failed(kind), plain(1, 1)).word, Word::kNew);
  }
  EXPECT_EQ(only(compare(Runs{run({plain(1, 1)})}, Runs{run({})}, {})).word, Word::kMissing);
  EXPECT_EQ(only(compare(Runs{run({})}, Runs{run({plain(1, 1)})}, {})).word, Word::kNew);
}

TEST(Words, OneBrokenRunOfSeveralIsBroken) {
  const Runs after{run({plain(1, 1)}),
                   run({without(plain(1, 1), OutcomeKind::kIncorrect, "D[0, 0] is wrong")})};
  const Change change = only(compare(Runs{run({plain(1, 1)})}, after, {}));
  EXPECT_EQ(change.word, Word::kBroken);
  EXPECT_THAT(change.reason, HasSubstr("in 1 of 2 runs"));
}

TEST(Ratio, IsItsOwnQuestion) {
  // A machine that is slower by 10 %: the time says so, the ratio does not. Then 2:4 alone.
  const Runs before{run(pair_of_rows(0, 16, precise(2, 1), precise(1, 2)))};
  const Runs slow{run(pair_of_rows(0, 16, precise(2.2, 3), precise(1.1, 4)))};
  const Runs sparse_slow{run(pair_of_rows(0, 16, precise(2, 3), precise(1.1, 4)))};
  const auto sparse_of = [](const Comparison& comparison) {
    const auto found = std::find_if(comparison.changes.begin(), comparison.changes.end(),
                                    [](const Change& c) { return c.kernel == "cpu_sparse_mm"; });
    return *found;
  };
  const Change all = sparse_of(compare(before, slow, {}));
  EXPECT_EQ(all.time->word, Word::kSlower);
  EXPECT_EQ(all.ratio->word, Word::kSame);
  EXPECT_NEAR(all.ratio->old_value, 2, 0.01);
  const Comparison on_ratio = compare(before, sparse_slow, {.on = Question::kRatio});
  const Change alone = sparse_of(on_ratio);
  EXPECT_EQ(alone.word, Word::kSlower) << "the speed-up shrank";
  EXPECT_NEAR(alone.ratio->change, 1 / 1.1, 0.005);
  EXPECT_EQ(finding(on_ratio, false), Finding::kSomethingSlower);
  // A dense row has no ratio, so no word of its own.
  EXPECT_EQ(on_ratio.changes.back().word, std::nullopt);
  EXPECT_EQ(finding(compare(before, slow, {.on = Question::kRatio}), false),
            Finding::kNothingSlower);
}

/// A row that took `joules` for a launch in each of six blocks.
Record loaded(double joules, std::uint64_t seed) {
  Record record = plain(256, 1, seed);
  Random random(seed);
  record.sustained = Sustained{.launch_s = times(random, 6, 1e-3, 0.001),
                               .launch_j = times(random, 6, joules, 0.001)};
  return record;
}

TEST(Energy, IsAQuestionWhereBothSidesHaveJoules) {
  const Options on_energy{.on = Question::kEnergy};
  const Comparison more = of_rows(loaded(0.5, 1), loaded(0.6, 2), on_energy);
  EXPECT_EQ(only(more).word, Word::kSlower);
  ASSERT_TRUE(only(more).energy);
  EXPECT_NEAR(only(more).energy->change, 1.2, 0.01);
  EXPECT_EQ(only(more).time->word, Word::kSame);
  EXPECT_EQ(finding(more, false), Finding::kSomethingSlower);
  EXPECT_EQ(only(of_rows(loaded(0.6, 1), loaded(0.5, 2), on_energy)).word, Word::kFaster);
  EXPECT_EQ(only(of_rows(loaded(0.5, 1), loaded(0.5, 2), on_energy)).word, Word::kSame);
}

TEST(Energy, WithoutJoulesNothingIsComparable) {
  const Comparison none = of_rows(loaded(0.5, 1), plain(256, 1, 2), {.on = Question::kEnergy});
  EXPECT_FALSE(only(none).energy);
  EXPECT_EQ(finding(none, false), Finding::kNothingComparable);
}

/// A control of M rows whose ratio is known to 0.1 %.
Record control(std::int64_t m, double ratio) {
  Record r = row("cpu_mm_twin", m, precise(1 / ratio));
  r.twin_of = r.baseline = "cpu_mm";
  r.vs_dense = Ratio{ratio, {ratio * 0.999, ratio * 1.001}, Verdict::kInconclusive};
  return r;
}

/// One plain row of OLD and one of NEW that is `factor` slower, with controls or without.
Change beside(double factor, const std::vector<Record>& old_controls,
              const std::vector<Record>& new_controls, std::int64_t m = 1) {
  std::vector<Record> before{plain(m, 1)};
  std::vector<Record> after{plain(m, factor, 2)};
  before.insert(before.end(), old_controls.begin(), old_controls.end());
  after.insert(after.end(), new_controls.begin(), new_controls.end());
  return only(compare(Runs{run(before)}, Runs{run(after)}, {}));
}

TEST(Floor, AChangeWithinWhatEqualKernelsDifferByIsUnclear) {
  EXPECT_EQ(beside(1.05, {}, {}).word, Word::kSlower);
  for (const double ratio : {1.06, 1 / 1.06}) {
    const Change in_old = beside(1.05, {control(16, ratio)}, {});
    EXPECT_EQ(in_old.word, Word::kUnclear);
    EXPECT_EQ(in_old.time->samples_to_decide, std::nullopt) << "samples do not move memory";
    EXPECT_THAT(in_old.notes, ElementsAre("within the 6.0 % that equal kernels differ by here"));
    EXPECT_EQ(beside(1.05, {}, {control(16, ratio)}).word, Word::kUnclear);
    EXPECT_EQ(beside(1 / 1.05, {}, {control(16, ratio)}).word, Word::kUnclear);
  }
  EXPECT_EQ(beside(1.07, {control(16, 1.06)}, {control(1, 1.01)}).word, Word::kSlower);
  EXPECT_THAT(beside(1.07, {control(16, 1.06)}, {}).notes, IsEmpty());
  EXPECT_EQ(beside(1.001, {control(16, 1.06)}, {}).word, Word::kSame);
}

TEST(Floor, IsOfOneRegimeAndOneType) {
  EXPECT_EQ(beside(1.05, {control(128, 1.06)}, {control(4096, 1.06)}).word, Word::kSlower);
  EXPECT_EQ(beside(1.05, {control(100, 1.06)}, {}, 128).word, Word::kUnclear);
  Record other = control(16, 1.06);
  other.dtype = DataType::kFp8E4m3;
  EXPECT_EQ(beside(1.05, {other}, {}).word, Word::kSlower);
}

TEST(Floor, OfAnImpreciseControlIsWhatIsCertain) {
  Record wide = control(16, 1.06);
  wide.vs_dense->interval = {0.97, 1.15};
  EXPECT_EQ(beside(1.05, {wide}, {}).word, Word::kSlower) << "it tells nothing";
  wide.vs_dense->interval = {1.02, 1.10};
  EXPECT_EQ(beside(1.05, {wide}, {}).word, Word::kSlower);
  wide.vs_dense->interval = {1.055, 1.10};
  EXPECT_EQ(beside(1.05, {wide}, {}).word, Word::kUnclear);
}

TEST(Floor, CountsForLessWhereSeveralRunsDrewPlacesOfTheirOwn) {
  const auto side = [](double factor, std::uint64_t seed) {
    Runs runs;
    for (std::uint64_t i = 0; i < 4; ++i) {
      runs.push_back(run({plain(1, factor, seed + i), control(16, 1.06)}));
    }
    return runs;
  };
  EXPECT_EQ(only(compare(side(1, 1), side(1.05, 5), {})).word, Word::kSlower);
  EXPECT_EQ(only(compare(side(1, 1), side(1.025, 5), {})).word, Word::kUnclear);
}

TEST(Floor, HoldsForTheRatioToo) {
  std::vector<Record> before = pair_of_rows(0, 16, precise(2, 1), precise(1, 2));
  std::vector<Record> after = pair_of_rows(0, 16, precise(2, 3), precise(1.05, 4));
  EXPECT_EQ(finding(compare(Runs{run(before)}, Runs{run(after)}, {.on = Question::kRatio}), false),
            Finding::kSomethingSlower);
  before.push_back(control(16, 1.06));
  const Comparison kept = compare(Runs{run(before)}, Runs{run(after)}, {.on = Question::kRatio});
  EXPECT_EQ(finding(kept, false), Finding::kNothingSlower);
  EXPECT_EQ(kept.changes.front().ratio->word, Word::kUnclear);
}

TEST(Finding, FollowsFromTheWords) {
  const auto of = [](Record before, Record after, bool strict, Options options = {}) {
    return finding(of_rows(std::move(before), std::move(after), options), strict);
  };
  EXPECT_EQ(of(plain(1, 1), plain(1, 1, 2), true), Finding::kNothingSlower);
  EXPECT_EQ(of(plain(1, 1), plain(1, 1.1, 2), false), Finding::kSomethingSlower);
  EXPECT_EQ(of(plain(1, 1), plain(1, 0.9, 2), true), Finding::kNothingSlower);
  EXPECT_EQ(of(plain(1, 1), plain(1, 1.02, 2), false), Finding::kNothingSlower);
  EXPECT_EQ(of(plain(1, 1), plain(1, 1.02, 2), true), Finding::kSomethingSlower) << "UNCLEAR";
  EXPECT_EQ(of(plain(1, 1), plain(2, 1), true), Finding::kNothingComparable);
  EXPECT_EQ(of(plain(1, 1), without(plain(1, 1), OutcomeKind::kFailed, ""), false),
            Finding::kSomethingSlower);
  EXPECT_EQ(of(plain(1, 1), plain(1, 1, 2), false, {.on = Question::kEnergy}),
            Finding::kNothingComparable);
  const Runs before{run({plain(1, 1), plain(2, 1)})};
  const Runs after{run({plain(1, 1)})};
  EXPECT_EQ(finding(compare(before, after, {}), false), Finding::kNothingSlower);
  EXPECT_EQ(finding(compare(before, after, {}), true), Finding::kSomethingSlower) << "MISSING";
}

TEST(Matching, IsByWhatARowIsNotByItsPlace) {
  const Runs before{run({plain(1, 1), plain(2, 2), plain(3, 3)})};
  const Runs after{run({plain(3, 3), plain(1, 1), plain(2, 2)})};
  const Comparison comparison = compare(before, after, {});
  EXPECT_EQ(comparison.changes.size(), 3U);
  EXPECT_EQ(counts(comparison.changes)[static_cast<std::size_t>(Word::kSame)], 3U);
}

TEST(Matching, DistinguishesWhatIsComputed) {
  const Record reference = plain(1, 1);
  std::vector<Record> others(6, reference);
  others[0].problem.bias = true;
  others[1].problem.scales.a = ScaleGranularity::kVector;
  others[2].problem.d = DataType::kFp16;
  others[3].problem.sparsity = Sparsity::kTwoFour;
  others[4].cache.mode = CacheMode::kHot;
  others[5].kernel = "other_mm";
  for (const Record& other : others) {
    const Comparison comparison = of_rows(reference, other);
    EXPECT_EQ(comparison.changes.size(), 2U);
    EXPECT_EQ(finding(comparison, false), Finding::kNothingComparable);
  }
}

TEST(Matching, NamesDistinguishRowsOfOneProblemButDoNotDecide) {
  const auto named = [](const std::string& model, double factor) {
    Record r = plain(1, factor);
    r.model = model;
    r.layer = "qkv";
    return r;
  };
  const Comparison both = compare(Runs{run({named("a", 1), named("b", 2)})},
                                  Runs{run({named("b", 2), named("a", 1)})}, {});
  EXPECT_EQ(counts(both.changes)[static_cast<std::size_t>(Word::kSame)], 2U);
  const Change renamed = between(named("a", 1), plain(1, 1, 2));
  EXPECT_EQ(renamed.word, Word::kSame);
  EXPECT_THAT(renamed.notes, ElementsAre(HasSubstr("qkv of a, TP 1 -> none")));
}

TEST(Matching, DuplicatesAreMeasurementsOfOneRow) {
  const Change change = only(compare(Runs{run({plain(1, 1), plain(1, 1.001, 5)})},
                                     Runs{run({plain(1, 1)}), run({plain(1, 1, 6)})}, {}));
  EXPECT_EQ(change.old_runs, 2);
  EXPECT_EQ(change.new_runs, 2);
  EXPECT_EQ(change.word, Word::kSame);
}

TEST(Incomparable, IsListedWithBothValues) {
  const auto set = [](auto change) {
    report::Run changed = run({plain(1, 1, 2)});
    change(changed);
    return compare(Runs{run({plain(1, 1)})}, Runs{changed}, {});
  };
  const auto expect = [](const Comparison& comparison, const Contrast& contrast) {
    EXPECT_THAT(comparison.obstacles, ElementsAre(contrast));
    EXPECT_EQ(only(comparison).word, Word::kIncomparable);
    EXPECT_EQ(finding(comparison, true), Finding::kNothingComparable);
  };
  expect(set([](report::Run& r) { r.records[0].device->name = "Other"; }),
         {"device", "Invented CPU", "Other"});
  expect(set([](report::Run& r) { r.records[0].seed = 7; }), {"seed", "0", "7"});
  expect(set([](report::Run& r) { r.environment.build_type = "Debug"; }),
         {"build type", "Release", "Debug"});
  expect(set([](report::Run& r) { r.environment.device.threads = 4; }), {"threads", "1", "4"});
  expect(set([](report::Run& r) { r.records[0].samples->rest_share = 0.5; }),
         {"load", "no rests", "rests of 0.5 of a sample"});
}

TEST(Incomparable, APowerLimitCountsWhereBothSayIt) {
  const auto limited = [](const std::string& watts) {
    report::Run with_limit = run({plain(1, 1)});
    if (!watts.empty()) with_limit.environment.device.details["power_limit_w"] = watts;
    return Runs{with_limit};
  };
  EXPECT_THAT(compare(limited("700"), limited("500"), {}).obstacles,
              ElementsAre(Contrast{"power limit", "700", "500"}));
  EXPECT_THAT(compare(limited(""), limited("500"), {}).obstacles, IsEmpty());
}

TEST(Incomparable, IsComparedAnywayWhereAsked) {
  Record other = plain(1, 1.1, 2);
  other.seed = 7;
  const Comparison comparison = of_rows(plain(1, 1), other, {.anyway = true});
  EXPECT_EQ(only(comparison).word, Word::kSlower);
  EXPECT_THAT(comparison.obstacles, ElementsAre(Contrast{"seed", "0", "7"}));
  EXPECT_THAT(only(comparison).notes, ElementsAre("seed 0 -> 7"));
}

TEST(Headline, IsWhatPeopleCompare) {
  report::Run after = run({plain(1, 1, 2)});
  after.environment.git_commit = "fedcba98";
  after.environment.compiler = "GNU 14";
  after.environment.device.details["driver"] = "600.1";
  after.environment.libraries = {{"onednn", "3.5"}};
  const Comparison comparison = compare(Runs{run({plain(1, 1)})}, Runs{after}, {});
  EXPECT_EQ(only(comparison).word, Word::kSame);
  EXPECT_THAT(comparison.headline, ElementsAre(Contrast{"commit", "0123abcd", "fedcba98"},
                                               Contrast{"compiler", "not known", "GNU 14"},
                                               Contrast{"driver", "not known", "600.1"},
                                               Contrast{"onednn", "not known", "3.5"}));
}

TEST(Devices, OfOneFileAreComparedOnPurpose) {
  report::Run both = run({plain(1, 1), plain(1, 1.2, 2)});
  both.records[1].device->name = "Other CPU";
  both.records[1].device->ordinal = 1;
  const Runs runs{both};
  const auto compared = [&](const std::string& a, const std::string& b) {
    return compare(of_device(runs, a), of_device(runs, b), {.devices = Devices::kChosen});
  };
  EXPECT_EQ(only(compared("Invented CPU", "Other CPU")).word, Word::kSlower);
  EXPECT_EQ(only(compared("cpu:1", "cpu:0")).word, Word::kFaster);
  EXPECT_THAT(compared("cpu:0", "cpu:1").headline,
              ElementsAre(Contrast{"device", "Invented CPU", "Other CPU"}));
  EXPECT_THAT(of_device(runs, "cuda"), IsEmpty());
}

TEST(Clocks, AreToldApart) {
  Record before = plain(1, 1);
  before.clocks.core_mhz = 2000;
  Record after = plain(1, 1.1, 2);
  after.clocks.core_mhz = 2000 / 1.1;
  const Comparison comparison = of_rows(before, after);
  ASSERT_TRUE(comparison.clocks.has_value());
  EXPECT_NEAR(comparison.clocks->change, 1 / 1.1, 1e-9);
  EXPECT_NEAR(only(comparison).clock->cycles_change, 1, 0.002);
}

TEST(Clocks, OfAGpuAreItsEffectiveOnes) {
  Record before = plain(1, 1);
  before.device = DeviceId{.kind = DeviceKind::kCuda, .name = "Invented GPU"};
  before.clocks.core_mhz = 1980;
  Record after = plain(1, 1.1, 2);
  after.device = before.device;
  after.clocks.core_mhz = 990;
  EXPECT_FALSE(of_rows(before, after).clocks.has_value()) << "what the driver says does not count";
  before.clocks.effective_sm_mhz = 1700;
  after.clocks.effective_sm_mhz = 1530;
  const Comparison comparison = of_rows(before, after);
  ASSERT_TRUE(comparison.clocks.has_value());
  EXPECT_NEAR(comparison.clocks->change, 0.9, 1e-9);
}

TEST(Common, IsWhatMovedAllRowsAlike) {
  std::vector<Record> before;
  std::vector<Record> after;
  for (int m = 1; m <= 12; ++m) {
    const auto seed = static_cast<std::uint64_t>(m);
    before.push_back(plain(m, 1, seed));
    after.push_back(plain(m, m == 5 ? 1.3 : 1.1, 100 + seed));
  }
  const Comparison comparison = compare(Runs{run(before)}, Runs{run(after)}, {});
  ASSERT_TRUE(comparison.common_time.has_value());
  EXPECT_NEAR(comparison.common_time->change, 1.1, 0.002);
  EXPECT_EQ(comparison.changes.front().problem.shape.m, 5) << "the largest change comes first";
  EXPECT_NEAR(*comparison.changes.front().beyond_common, 1.3 / 1.1, 0.003);
  EXPECT_EQ(comparison.unexplained, std::nullopt) << "one row that changed is no scatter";
}

TEST(Means, AreOfEachRegimeWithAnInterval) {
  std::vector<Record> before;
  std::vector<Record> after;
  int index = 0;
  for (const auto& [m, factor] : {std::pair{1, 1.1}, {16, 1.1}, {4096, 1.0}}) {
    const auto seed = static_cast<std::uint64_t>(m);
    for (Record& r : pair_of_rows(index, m, precise(2, seed), precise(1, seed + 1))) {
      before.push_back(r);
    }
    for (Record& r : pair_of_rows(index, m, precise(2, seed + 2), precise(factor, seed + 3))) {
      after.push_back(r);
    }
    ++index;
  }
  const Comparison comparison = compare(Runs{run(before)}, Runs{run(after)}, {});
  ASSERT_EQ(comparison.means.size(), 3U);
  EXPECT_EQ(comparison.means[1].regime, "M <= 64");
  const Common& sparse = *comparison.means[1].sparse_time;
  EXPECT_EQ(sparse.rows, 2U);
  EXPECT_NEAR(sparse.change, 1.1, 0.002);
  EXPECT_LT(sparse.interval.low, sparse.change);
  EXPECT_GT(sparse.interval.high, sparse.change);
  EXPECT_NEAR(comparison.means[1].dense_time->change, 1, 0.002);
  EXPECT_NEAR(comparison.means[1].ratio->change, 1 / 1.1, 0.002);
  EXPECT_NEAR(comparison.means[2].sparse_time->change, 1, 0.002);
}

}  // namespace
}  // namespace twofour::compare
