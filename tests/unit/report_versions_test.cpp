// Files of earlier schema versions, and what is in a file besides records.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>

#include "report/report.h"

namespace twofour::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::ThrowsMessage;

std::string file(const std::string& name) {
  std::ifstream stream(TWOFOUR_SOURCE_DIR "/" + name, std::ios::binary);
  std::ostringstream bytes;
  bytes << stream.rdbuf();
  EXPECT_TRUE(stream) << name;
  return bytes.str();
}

class Version1 : public ::testing::TestWithParam<const char*> {};

TEST_P(Version1, IsReadAndWrittenAgainAsItWas) {
  const std::string bytes = file(GetParam());
  const std::vector<report::Run> runs = parse_runs(GetParam(), bytes);
  ASSERT_EQ(runs.size(), 1U);
  const report::Run& results = runs.front();
  EXPECT_EQ(results.source, GetParam());
  EXPECT_FALSE(results.cut);
  EXPECT_EQ(results.environment.schema_version, 1);
  EXPECT_EQ(results.environment.device.id.kind, DeviceKind::kCuda);
  EXPECT_EQ(results.records.size(), 16U);
  std::string again = environment_json(results.environment) + "\n";
  for (const Record& record : results.records) {
    EXPECT_EQ(record.schema_version, 1);
    EXPECT_EQ(record.device, results.environment.device.id);
    again += record_json(record) + "\n";
  }
  // EXPECT_EQ would print both.
  EXPECT_TRUE(again == bytes);
}

INSTANTIATE_TEST_SUITE_P(Files, Version1,
                         ::testing::Values("tests/support/version1/llama-fp8.jsonl",
                                           "tests/support/version1/llama-int8.jsonl"),
                         [](const auto& file) { return file.index == 0 ? "fp8" : "int8"; });

TEST(Version1, HasNoDeviceInARecordAndZeroForWhatIsNotKnown) {
  Record record;
  record.schema_version = 1;
  record.problem.shape = {16, 16, 16};
  record.device = DeviceId{.name = "Invented CPU"};
  record.remark = "It is old";
  const std::string line = record_json(record);
  EXPECT_THAT(line, Not(HasSubstr("Invented CPU")));
  EXPECT_THAT(line, Not(HasSubstr("remark")));
  EXPECT_THAT(line, HasSubstr("\"read_roof_bytes_per_s\":0"));
  const Record read = parse_record_json(line);
  EXPECT_EQ(read.device, std::nullopt);
  EXPECT_EQ(read.remark, "");
  EXPECT_EQ(read.read_roof_bytes_per_s, std::nullopt);
  EXPECT_EQ(record_json(read), line);
}

TEST(Results, AreTheLinesThatAreRecordsAndFinished) {
  Record record;
  record.problem.shape = {16, 16, 16};
  const std::string line = record_json(record) + "\n";
  const std::string attempt = R"({"type":"attempt","schema_version":2,"kernel":"k"})"
                              "\n";
  const std::string first = environment_json({}) + "\n";
  EXPECT_EQ(line_type(first), "environment");
  EXPECT_EQ(line_type(line), "record");
  EXPECT_EQ(line_type(attempt), "attempt");
  const std::vector<report::Run> runs =
      parse_runs("file", first + attempt + line + attempt + line + line.substr(0, 9));
  ASSERT_EQ(runs.size(), 1U);
  EXPECT_TRUE(runs[0].cut);
  EXPECT_EQ(runs[0].records.size(), 2U);
  EXPECT_EQ(runs[0].records[0].device, std::nullopt);
}

TEST(Results, ALaterEnvironmentBeginsARun) {
  Record record;
  record.problem.shape = {16, 16, 16};
  const std::string line = record_json(record) + "\n";
  Environment later;
  later.seed = 7;
  const std::vector<report::Run> runs = parse_runs(
      "file", environment_json({}) + "\n" + line + line + environment_json(later) + "\n" + line);
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_EQ(runs[0].records.size(), 2U);
  EXPECT_EQ(runs[1].records.size(), 1U);
  EXPECT_EQ(runs[1].environment.seed, 7U);
  EXPECT_EQ(runs[1].source, "file");
}

TEST(Results, NameTheLineThatIsWrong) {
  const auto message = [](const std::string& bytes, const std::string& text) {
    EXPECT_THAT([&] { parse_runs("file", bytes); },
                ThrowsMessage<std::invalid_argument>(HasSubstr(text)));
  };
  const std::string first = environment_json({}) + "\n";
  message("", "line 1: it is missing; allowed: the environment");
  message("{\"type\":\"record\"}\n",
          "line 1: field 'type' has the value \"record\"; allowed: environment");
  message("PNG\n", "line 1: the line is not JSON");
  message(first + "{}\n", "line 2: field 'type' is missing");
  message(first + R"({"type":"record","schema_version":0})"
                  "\n",
          "line 2: field 'schema_version' has the value 0; allowed: a whole number from 1 to 2");
}

// Earlier files wrote 0 where a size or a bandwidth was not known; no cache, memory or bandwidth is
// 0.
TEST(EarlierFiles, HaveZeroForWhatIsNotKnown) {
  std::string line = environment_json({});
  const auto replace = [&](const std::string& from, const std::string& to) {
    const auto at = line.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    line.replace(at, from.size(), to);
  };
  for (const char* name : {"last_level_cache_bytes", "memory_bytes", "read_bytes_per_s"}) {
    replace("\"" + std::string(name) + "\":null", "\"" + std::string(name) + "\":0");
  }
  replace("\"multiply_adds_per_s\":{}", R"("multiply_adds_per_s":{"int8":0,"bf16":1.0})");
  const Environment read = parse_environment_json(line);
  EXPECT_EQ(read.device.last_level_cache_bytes, std::nullopt);
  EXPECT_EQ(read.device.memory_bytes, std::nullopt);
  EXPECT_EQ(read.roofs.read_bytes_per_s, std::nullopt);
  EXPECT_EQ(read.roofs.multiply_adds_per_s, (std::map<DataType, double>{{DataType::kBf16, 1.0}}));
}

TEST(Switches, AreAbsentWhereNoneWasSet) {
  EXPECT_THAT(environment_json({}), Not(HasSubstr("switches")));
  Environment environment;
  environment.switches = {{"OMP_PLACES", "cores", true}};
  const std::string line = environment_json(environment);
  EXPECT_THAT(line,
              HasSubstr(R"("switches":[{"name":"OMP_PLACES","value":"cores","cleared":true}])"));
  EXPECT_EQ(parse_environment_json(line), environment);
}

}  // namespace
}  // namespace twofour::report
