// What tables and the answer say of sustained load.
#include "report/sustained.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "report/answer.h"
#include "report/columns.h"
#include "report/layout.h"

namespace twofour::report {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr auto kWin = Verdict::kWin;

/// A dense and a 2:4 row of one case; speed-ups rested and sustained, and the energy's.
std::vector<Record> pair_of(int index, double rested, double sustained, double energy) {
  Record dense;
  dense.case_index = index;
  dense.problem.shape = {.m = 256, .n = 128, .k = 64};
  dense.kernel = "dense";
  dense.baseline = "dense";
  dense.summary = Summary{.median_s = 100e-6, .samples = 10};
  Record sparse = dense;
  sparse.kernel = "sparse";
  sparse.problem.sparsity = Sparsity::kTwoFour;
  sparse.summary->median_s = 100e-6 / rested;
  sparse.vs_dense = Ratio{rested, {rested, rested}, kWin};
  dense.sustained = Sustained{.launch_s = {117e-6}, .launch_j = {0.08}, .median_s = 117e-6};
  dense.sustained->median_j = 0.08;
  dense.sustained->watts = 690;
  sparse.sustained = dense.sustained;
  sparse.sustained->median_s = 117e-6 / sustained;
  sparse.sustained->median_j = 0.08 / energy;
  sparse.sustained->vs_dense = Ratio{sustained, {sustained, sustained}, kWin};
  sparse.sustained->energy_vs_dense = Ratio{energy, {energy, energy}, kWin};
  return {dense, sparse};
}

TEST(SustainedSentence, SaysBothSpeedAndEnergy) {
  EXPECT_EQ(sustained_sentence(pair_of(0, 1.32, 1.36, 1.25)),
            "Under sustained load 2:4 is 1.36x as fast (1.32x rested) and takes 20 % less energy "
            "for each call.");
  EXPECT_THAT(sustained_sentence(pair_of(0, 1.32, 1.36, 0.8)), HasSubstr("takes 25 % more energy"));
}

TEST(SustainedSentence, SeveralPairsAreGeometricMeans) {
  std::vector<Record> records = pair_of(0, 1, 1, 1);
  for (Record& record : pair_of(1, 4, 4, 4)) records.push_back(record);
  const std::string text = sustained_sentence(records);
  EXPECT_THAT(text, HasSubstr("2.00x as fast (2.00x rested)"));
  EXPECT_THAT(text, EndsWith("(geometric means of 2 cases)."));
}

TEST(SustainedSentence, WithoutJoulesItSaysSo) {
  std::vector<Record> records = pair_of(0, 1.3, 1.3, 1.3);
  for (Record& record : records) {
    record.sustained->median_j.reset();
    record.sustained->energy_vs_dense.reset();
  }
  EXPECT_THAT(sustained_sentence(records), HasSubstr("the device does not count its energy"));
  EXPECT_THAT(sustained_table(records).rows.at(0).cells.at(3), "");
}

TEST(SustainedSentence, TellsWhyThereIsNothing) {
  std::vector<Record> records = pair_of(0, 1.3, 1.3, 1.3);
  for (Record& record : records) record.sustained = Sustained{.reason = "out of memory"};
  EXPECT_EQ(sustained_sentence(records), "Not measured under sustained load: out of memory.");
  EXPECT_THAT(sustained_table(records).rows, SizeIs(0));
}

TEST(SustainedSentence, StandsInTheAnswerAndOnlyWhereItWasMeasured) {
  std::vector<Record> records = pair_of(0, 1.3, 1.3, 1.3);
  EXPECT_THAT(answer(records), HasSubstr("Under sustained load"));
  for (Record& record : records) record.sustained.reset();
  EXPECT_THAT(answer(records), Not(HasSubstr("sustained")));
}

/// The same two rows with joules of ordinary rounds alone.
std::vector<Record> round_pair(int index, double energy) {
  std::vector<Record> records = pair_of(index, 1.3, 1.3, 1.3);
  for (Record& record : records) {
    record.sustained.reset();
    record.energy = RoundEnergy{.source = "RAPL: package-0", .launch_j = 0.08};
  }
  records[1].energy->launch_j = 0.08 / energy;
  records[1].energy->vs_dense = energy;
  return records;
}

TEST(RoundEnergySentence, IsOfTheFastestKernelsAndWithoutAnInterval) {
  std::vector<Record> records = round_pair(0, 1.25);
  const std::string text = round_energy_sentence(records);
  EXPECT_EQ(text,
            "In ordinary rounds 2:4 takes 20 % less energy for each call, of whole processor "
            "packages with their idle power (without an interval).");
  EXPECT_THAT(answer(records), HasSubstr(text));
  Record slower = records[1];
  slower.vs_dense->value = 1.1;
  slower.energy->vs_dense = 4;
  records.push_back(slower);
  EXPECT_EQ(round_energy_sentence(records), text);
  for (const Record& record : round_pair(1, 0.8)) records.push_back(record);
  EXPECT_THAT(round_energy_sentence(records), HasSubstr("takes 0 % less energy"));
  EXPECT_THAT(round_energy_sentence(records), HasSubstr("geometric mean of 2,"));
}

TEST(RoundEnergySentence, SaysWhyThereAreNoJoulesAndNothingWithoutACounter) {
  std::vector<Record> records = round_pair(0, 1.25);
  for (Record& record : records) {
    record.energy = RoundEnergy{.source = "RAPL: package-0", .reason = "samples are short"};
  }
  EXPECT_EQ(round_energy_sentence(records), "Energy was not measured: samples are short.");
  for (Record& record : records) record.energy.reset();
  EXPECT_EQ(round_energy_sentence(records), "");
}

TEST(RoundEnergyColumns, AreThereWhereARowHasJoules) {
  const auto cell = [](const Record& record, std::string_view heading) {
    for (const Column& column : columns()) {
      if (column.heading == heading) return column.cell(record);
    }
    return std::string("no such column");
  };
  const std::vector<Record> records = round_pair(0, 1.25);
  EXPECT_EQ(cell(records[0], "mJ"), "80.00");
  EXPECT_EQ(cell(records[1], "mJ"), "64.00");
  EXPECT_EQ(cell(records[1], "energy vs dense"), "1.250x");
  const auto has = [](const std::vector<Record>& rows, const std::string& heading) {
    const Block block = case_table(rows, Medium::kText);
    return std::any_of(block.grid.headings.begin(), block.grid.headings.end(),
                       [&](const auto& one) { return one.text == heading; });
  };
  EXPECT_TRUE(has(records, "mJ"));
  EXPECT_TRUE(has(records, "energy vs dense"));
  const std::vector<Record> loaded = pair_of(0, 1.3, 1.3, 1.3);
  EXPECT_TRUE(has(loaded, "mJ"));
  EXPECT_FALSE(has(loaded, "energy vs dense"));
}

TEST(SustainedTable, HasARowForEachPair) {
  const Grid grid = sustained_table(pair_of(0, 1.32, 1.36, 1.25));
  ASSERT_THAT(grid.rows, SizeIs(1));
  const std::vector<std::string>& cells = grid.rows[0].cells;
  ASSERT_EQ(cells.size(), grid.headings.size());
  EXPECT_THAT(cells[0], HasSubstr("256x64x128"));
  EXPECT_EQ(cells[1], "1.320x");
  EXPECT_EQ(cells[2], "1.360x [1.360, 1.360] WIN");
  EXPECT_EQ(cells[4], "80.00");
  EXPECT_EQ(cells[5], "64.00");
  EXPECT_EQ(cells[8], "1.170x");
  EXPECT_THAT(cells, SizeIs(9)) << "no clock was measured";
}

TEST(SustainedTable, HasTheEffectiveClocksWhereTheyWereMeasured) {
  std::vector<Record> records = pair_of(0, 1.32, 1.36, 1.25);
  records[1].sustained->effective_sm_mhz = 1650;
  EXPECT_EQ(sustained_table(records).rows[0].cells.back(), "- / 1650");
  records[0].sustained->effective_sm_mhz = 1711.6;
  const Grid grid = sustained_table(records);
  EXPECT_EQ(grid.headings.back().text, "SM MHz, dense / 2:4");
  EXPECT_EQ(grid.rows[0].cells.back(), "1712 / 1650");
}

TEST(SustainedTable, PrintsNoIntervalOfFewerThanSixPairs) {
  constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  std::vector<Record> records = pair_of(0, 1.32, 1.36, 1.25);
  records[1].sustained->vs_dense = Ratio{1.36, {kUnknown, kUnknown}, Verdict::kInconclusive};
  EXPECT_EQ(sustained_table(records).rows[0].cells[2], "1.360x INCONCLUSIVE");
}

}  // namespace
}  // namespace twofour::report
