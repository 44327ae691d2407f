// Lines that are wrong: the message names the field, its value and what is allowed.
#include <gtest/gtest.h>

#include <ostream>
#include <stdexcept>
#include <string>

#include "report/report.h"

namespace twofour::report {
namespace {

std::string type_names() {
  std::string names;
  for (const DataTypeInfo& type : kDataTypes) {
    names.append(names.empty() ? "" : ", ").append(type.cli_name);
  }
  return names;
}

Record some_record() {
  Record record;
  record.mode = BenchMode::kSquare;
  record.problem.shape = {.m = 16, .n = 16, .k = 16};
  record.kernel = "mock_i8_i8_bf16_scaled_sparse_mm";
  record.accuracy = Accuracy{};
  record.summary = Summary{};
  record.samples = Samples{.device_s = {1, 2}, .host_s = {1, 2}, .launches_per_sample = 3};
  record.vs_dense = Ratio{};
  return record;
}

Environment some_environment() {
  Environment environment;
  environment.device.id.kind = DeviceKind::kCpu;
  environment.device.details = {{"flags", "avx2"}};
  environment.roofs.multiply_adds_per_s = {{DataType::kInt8, 1e12}};
  environment.libraries = {{"cpu", "0.1.0"}};
  return environment;
}

/// `line` with the one place where `from` stands changed to `to`.
std::string edited(const std::string& line, const std::string& from, const std::string& to) {
  const auto at = line.find(from);
  if (at == std::string::npos) throw std::logic_error(from + " is not in " + line);
  std::string text = line;
  return text.replace(at, from.size(), to);
}

struct Wrong {
  const char* from;
  const char* to;
  std::string message;
};

void PrintTo(const Wrong& wrong, std::ostream* out) { *out << wrong.to; }

template <class Parse>
void expect_message(const Parse& parse, const std::string& line, const std::string& message) {
  try {
    parse(line);
    ADD_FAILURE() << "accepted: " << line;
  } catch (const std::invalid_argument& error) {
    EXPECT_EQ(error.what(), message);
  }
}

class WrongRecord : public ::testing::TestWithParam<Wrong> {};

TEST_P(WrongRecord, IsRefusedWithItsFieldValueAndWhatIsAllowed) {
  const Wrong& wrong = GetParam();
  expect_message(parse_record_json, edited(record_json(some_record()), wrong.from, wrong.to),
                 wrong.message);
}

INSTANTIATE_TEST_SUITE_P(
    Fields, WrongRecord,
    ::testing::Values(
        Wrong{R"("type":"record")", R"("type":"environment")",
              "field 'type' has the value \"environment\"; allowed: record"},
        Wrong{R"("schema_version":2)", R"("schema_version":3)",
              "field 'schema_version' has the value 3; allowed: a whole number from 1 to 2"},
        Wrong{R"("device":null,)", "", "field 'device' is missing; allowed: an object or null"},
        Wrong{R"("device":null)", R"("device":{"kind":"tpu"})",
              "field 'device.kind' has the value \"tpu\"; allowed: cpu, cuda"},
        Wrong{R"("mode":"square_bench",)", "",
              "field 'mode' is missing; allowed: square_bench, range_bench, model_bench"},
        Wrong{R"("mode":"square_bench")", R"("mode":"round_bench")",
              "field 'mode' has the value \"round_bench\"; allowed: square_bench, range_bench, "
              "model_bench"},
        Wrong{R"("dtype":"int8")", R"("dtype":"i8")",
              "field 'dtype' has the value \"i8\"; allowed: " + type_names()},
        Wrong{R"("case_index":0)", R"("case_index":-1)",
              "field 'case_index' has the value -1; allowed: a whole number from 0 to 2147483647"},
        Wrong{R"("case_index":0)", R"("case_index":0.5)",
              "field 'case_index' has the value 0.5; allowed: a whole number from 0 to 2147483647"},
        Wrong{
            R"("problem":{"m":16)", R"("problem":{"m":18446744073709551615)",
            "field 'problem.m' has the value 18446744073709551615; allowed: a whole number from 1 "
            "to 9223372036854775807"},
        Wrong{R"("scales":"tensor")", R"("scales":"block")",
              "field 'problem.scales' has the value \"block\"; allowed: none, tensor, token, "
              "channel, token-channel"},
        Wrong{R"("bias":false)", R"("bias":0)",
              "field 'problem.bias' has the value 0; allowed: true or false"},
        Wrong{R"("sparsity":"dense")", R"("sparsity":"4:8")",
              "field 'problem.sparsity' has the value \"4:8\"; allowed: dense, 2:4, 6:8"},
        Wrong{R"("kind":"ok")", R"("kind":"fine")",
              "field 'outcome.kind' has the value \"fine\"; allowed: ok, unstable, unsupported, "
              "not_built, skipped, incorrect, failed"},
        Wrong{R"("kernel":"mock_i8_i8_bf16_scaled_sparse_mm")", R"("kernel":7)",
              "field 'kernel' has the value 7; allowed: a text"},
        Wrong{R"("method":"none")", R"("method":null)",
              "field 'cache.method' has the value null; allowed: none, rotate, flush"},
        Wrong{
            R"("residency":"")", R"("residency":"nearly")",
            "field 'cache.residency' has the value \"nearly\"; allowed: fits, cliff, spills or an "
            "empty text"},
        Wrong{R"("max_error":0.0)", R"("max_error":"0.0")",
              "field 'accuracy.max_error' has the value \"0.0\"; allowed: a number or null"},
        Wrong{R"("median_interval_s":[0.0,0.0])", R"("median_interval_s":[0.0])",
              "field 'summary.median_interval_s' has the value [0.0]; allowed: a list of two "
              "numbers: low, high"},
        Wrong{R"("verdict":"INCONCLUSIVE")", R"("verdict":"DRAW")",
              "field 'vs_dense.verdict' has the value \"DRAW\"; allowed: WIN, LOSS, TIE, "
              "INCONCLUSIVE"},
        Wrong{R"("vs_bf16":null)", R"("vs_bf16":1.5)",
              "field 'vs_bf16' has the value 1.5; allowed: an object or null"},
        Wrong{R"("flags":[])", R"("flags":["A",1])",
              "field 'flags[0]' has the value \"A\"; allowed: NOT_COLD, WEAK_BASELINE, "
              "ABOVE_CEILING, UNSTABLE, THROTTLED, BUSY, CLIFF"},
        Wrong{R"("flags":[])", R"("flags":0)",
              "field 'flags' has the value 0; allowed: a list of NOT_COLD, WEAK_BASELINE, "
              "ABOVE_CEILING, UNSTABLE, THROTTLED, BUSY, CLIFF"},
        Wrong{
            R"("seed":0)", R"("seed":18446744073709551616)",
            "field 'seed' has the value 1.8446744073709552e+19; allowed: a whole number from 0 to "
            "18446744073709551615"},
        Wrong{R"("device_s":[1.0,2.0])", R"("device_s":[1.0,"2"])",
              "field 'samples.device_s[]' has the value \"2\"; allowed: a number or null"}));

TEST(WrongRecordLine, IsNamedWhereItIsNoObject) {
  expect_message(parse_record_json, "[]", "the line has the value []; allowed: an object");
  EXPECT_THROW(parse_record_json(""), std::invalid_argument);
  const std::string line = record_json(some_record());
  EXPECT_THROW(parse_record_json(line.substr(0, line.size() - 1)), std::invalid_argument);
  EXPECT_THROW(parse_record_json(line + line), std::invalid_argument);
  EXPECT_THROW(parse_environment_json(line), std::invalid_argument);
}

TEST(WrongRecordLine, ALongValueIsCutInTheMessage) {
  const std::string line = edited(record_json(some_record()), "\"bias\":false",
                                  "\"bias\":\"" + std::string(500, 'x') + "\"");
  expect_message(parse_record_json, line,
                 "field 'problem.bias' has the value \"" + std::string(79, 'x') +
                     "...; allowed: true or false");
}

TEST(RecordLine, MembersOfALaterVersionArePassedOver) {
  const Record record = parse_record_json(
      edited(record_json(some_record()), "\"flags\"", "\"unheard_of\":[{}],\"flags\""));
  EXPECT_EQ(record_json(record), record_json(some_record()));
}

class WrongEnvironment : public ::testing::TestWithParam<Wrong> {};

TEST_P(WrongEnvironment, IsRefusedWithItsFieldValueAndWhatIsAllowed) {
  const Wrong& wrong = GetParam();
  expect_message(parse_environment_json,
                 edited(environment_json(some_environment()), wrong.from, wrong.to), wrong.message);
}

INSTANTIATE_TEST_SUITE_P(
    Fields, WrongEnvironment,
    ::testing::Values(
        Wrong{R"("type":"environment")", R"("type":"record")",
              "field 'type' has the value \"record\"; allowed: environment"},
        Wrong{R"("argv":[])", R"("argv":"twofour")",
              "field 'argv' has the value \"twofour\"; allowed: a list of texts"},
        Wrong{R"("threads":1)", R"("threads":-1)",
              "field 'device.threads' has the value -1; allowed: a whole number from 0 to "
              "2147483647"},
        Wrong{R"("details":{"flags":"avx2"})", R"("details":{"flags":true})",
              "field 'device.details.flags' has the value true; allowed: a text"},
        Wrong{
            R"({"int8":1000000000000.0})", R"({"i8":1})",
            "field 'roofs.multiply_adds_per_s' has the value {\"i8\":1}; allowed: an object whose "
            "members are " +
                type_names()},
        Wrong{R"({"name":"cpu",)", R"({)", "field 'libraries[0].name' is missing; allowed: a text"},
        Wrong{R"("libraries":[)", R"("libraries":{},"other":[)",
              "field 'libraries' has the value {}; allowed: a list of objects {name, version}"}));

}  // namespace
}  // namespace twofour::report
