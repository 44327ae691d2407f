// Rows as they are read for the formats for people.
#include "app/joined_rows.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "app/result_files.h"
#include "report/formats.h"
#include "report/report.h"

namespace twofour::app {
namespace {

namespace fs = std::filesystem;

class JoinedRowsTest : public testing::Test {
 public:
  ~JoinedRowsTest() override { fs::remove(file_); }

 protected:
  JoinedRowsTest() {
    std::ofstream file(file_);
    file << report::environment_json({}) << "\n";
    for (int i = 0; i < 4; ++i) {
      Record r;
      r.mode = i < 2 ? BenchMode::kModel : BenchMode::kRange;
      r.case_index = i;
      r.problem.shape = {.m = 1, .n = 64, .k = 64};
      r.problem.shape.m += i;
      r.device = DeviceId{};
      r.provider = "cpu";
      r.kernel = "k";
      r.samples = Samples{.device_s = {1, 2}, .host_s = {3, 4}, .launches_per_sample = 1};
      r.summary = Summary{.median_s = 1, .samples = 2};
      file << report::record_json(r) << "\n";
    }
  }
  /// For each row, how many samples of the device and of the host it keeps.
  std::vector<std::size_t> kept(SamplesOf samples, std::size_t most, bool& with_samples) {
    std::size_t seen = 0;
    const JoinedRows joined = read_joined(
        files_, samples, [&](const Record& r) { seen += r.samples->host_s.size(); }, most);
    EXPECT_EQ(seen, 8U) << "whoever looks on sees all";
    EXPECT_EQ(joined.rows, 4U);
    with_samples = joined.with_samples;
    std::vector<std::size_t> counts;
    for (const report::Sweep& sweep : joined.results.devices.at(0).sweeps) {
      for (const Record& r : sweep.records) {
        counts.push_back(r.samples ? r.samples->device_s.size() + r.samples->host_s.size() : 0);
      }
    }
    return counts;
  }

  fs::path file_ = fs::temp_directory_path() / ("joined_rows_" + std::to_string(getpid()));
  std::vector<std::string> files_{file_.string()};
};

TEST_F(JoinedRowsTest, SamplesAreKeptOfRowsThatNeedThem) {
  using Counts = std::vector<std::size_t>;
  bool with = false;
  EXPECT_EQ(kept(SamplesOf::kAll, 4, with), (Counts{2, 2, 2, 2}));
  EXPECT_TRUE(with);
  EXPECT_EQ(kept(SamplesOf::kModels, 4, with), (Counts{2, 2, 0, 0}));
  EXPECT_EQ(kept(SamplesOf::kNone, 4, with), (Counts{0, 0, 0, 0}));
}

TEST_F(JoinedRowsTest, OfMoreRowsNoneAre) {
  bool with = true;
  EXPECT_EQ(kept(SamplesOf::kAll, 3, with), (std::vector<std::size_t>{0, 0, 0, 0}));
  EXPECT_FALSE(with);
}

TEST(JoinedRows, SayWhatFilesThatAreReadWholeSay) {
  const std::string folder = std::string(TWOFOUR_SOURCE_DIR) + "/results/h200/";
  const std::vector<std::string> files{folder + "llama-int8.jsonl", folder + "llama-bf16.jsonl"};
  const JoinedRows joined = read_joined(files, SamplesOf::kAll, [](const Record&) {});
  const std::vector<report::Run> whole = read_result_files(files);
  for (const std::string_view name : {"table", "md", "html"}) {
    const report::Format& format = *report::find_format(name);
    std::string text;
    format.write(joined.results, {}, [&](std::string_view piece) { text += piece; });
    EXPECT_TRUE(text == format.document(whole)) << name;
    EXPECT_GT(text.size(), 10000U) << name;
  }
}

}  // namespace
}  // namespace twofour::app
