// The command `compare`: its forms, its exit codes, and the recipe of docs/compare.md.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "program.h"
#include "report/report.h"

namespace twofour::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

void write_file(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
}

/// A dense and a 2:4 row for M = 1 and 16, whose 2:4 times are `sparse` times what they were.
std::string results(double sparse, const std::string& device = "Invented CPU",
                    std::uint64_t seed = 0) {
  Environment environment;
  environment.started_utc = "2026-11-24T12:00:00Z";
  environment.device.id.name = device;
  std::string text = report::environment_json(environment) + "\n";
  for (const int m : {1, 16}) {
    for (const bool is_sparse : {false, true}) {
      Record r;
      r.problem.shape = {.m = m, .n = 64, .k = 64};
      r.problem.sparsity = is_sparse ? Sparsity::kTwoFour : Sparsity::kDense;
      r.case_index = m;
      r.kernel = is_sparse ? "invented_sparse_mm" : "invented_mm";
      r.baseline = "invented_mm";
      r.device = environment.device.id;
      r.seed = seed;
      r.cache.method = CacheMethod::kRotate;
      r.executed = r.problem.shape;
      Samples samples{.launches_per_sample = 1};
      for (int i = 0; i < 30; ++i) {
        // The sines of whole numbers are spread, and do not follow one another.
        const double spread = 1 + 0.002 * std::sin(i * i * (is_sparse ? 3.0 : 7.0));
        samples.device_s.push_back((is_sparse ? 1e-4 * sparse : 2e-4) * spread);
      }
      samples.host_s = samples.device_s;
      r.samples = samples;
      r.summary = Summary{.median_s = samples.device_s[0], .samples = 30};
      text += report::record_json(r) + "\n";
    }
  }
  return text;
}

struct Files : Folder {
  Files() {
    write_file(path() / "old.jsonl", results(1));
    write_file(path() / "same.jsonl", results(1.001));
    write_file(path() / "slow.jsonl", results(1.1));
    write_file(path() / "fast.jsonl", results(0.9));
    write_file(path() / "edge.jsonl", results(1.0199));
    write_file(path() / "other.jsonl", results(1, "Other CPU", 7));
  }
};

int code_of(const Files& files, const std::string& arguments) {
  return run_line(files, "twofour compare " + arguments).code;
}

TEST(Compare, SaysByItsExitCodeWhatChanged) {
  const Files files;
  EXPECT_EQ(code_of(files, "old.jsonl same.jsonl --strict"), 0);
  EXPECT_EQ(code_of(files, "old.jsonl fast.jsonl --strict"), 0);
  EXPECT_EQ(code_of(files, "old.jsonl slow.jsonl"), 1);
  EXPECT_EQ(code_of(files, "old.jsonl slow.jsonl --threshold 0.2"), 0);
  EXPECT_EQ(code_of(files, "old.jsonl slow.jsonl --on ratio"), 1);
  EXPECT_EQ(code_of(files, "old.jsonl edge.jsonl"), 0);
  EXPECT_EQ(code_of(files, "old.jsonl edge.jsonl --strict"), 1);
  EXPECT_EQ(code_of(files, "--old old.jsonl same.jsonl --new slow.jsonl slow.jsonl"), 1);
  EXPECT_EQ(code_of(files, "--old old.jsonl --old same.jsonl --new same.jsonl --strict"), 0);
}

TEST(Compare, ThatCannotBeWrittenSaysNothingOfSpeed) {
  const Files files;
  EXPECT_EQ(code_of(files, "old.jsonl same.jsonl >/dev/full"), 2);
  EXPECT_EQ(code_of(files, "old.jsonl slow.jsonl >/dev/full"), 2);
  EXPECT_EQ(code_of(files, "old.jsonl same.jsonl --output /dev/full"), 2);
}

TEST(Compare, OfWhatIsNotComparableEndsWith3AndSaysWhy) {
  const Files files;
  const Finished refused = run_line(files, "twofour compare old.jsonl other.jsonl");
  EXPECT_EQ(refused.code, 3);
  EXPECT_THAT(refused.out, HasSubstr("device Invented CPU -> Other CPU; seed 0 -> 7"));
  EXPECT_THAT(refused.out, HasSubstr("INCOMPARABLE"));
  const Finished anyway = run_line(files, "twofour compare old.jsonl other.jsonl --anyway");
  EXPECT_EQ(anyway.code, 0);
  EXPECT_THAT(anyway.out, HasSubstr("Careful: compared anyway: device Invented CPU -> Other CPU"));
  const Finished energy = run_line(files, "twofour compare old.jsonl slow.jsonl --on energy");
  EXPECT_EQ(energy.code, 3);
  EXPECT_THAT(energy.err, HasSubstr("no row has joules on both sides"));
  EXPECT_THAT(energy.out, HasSubstr("+10.0% [+9"));
}

TEST(Compare, TakesTwoDevicesOfOneFile) {
  const Files files;
  write_file(files.path() / "both.jsonl", results(1) + results(1.1, "Other CPU"));
  EXPECT_EQ(code_of(files, "both.jsonl --devices 'Invented CPU' 'Other CPU'"), 1);
  EXPECT_EQ(code_of(files, "--devices 'Other CPU' 'Invented CPU' -- both.jsonl"), 0);
  const Finished wrong = run_line(files, "twofour compare both.jsonl --devices cpu:0 cuda:1");
  EXPECT_EQ(wrong.code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("--devices: 'cuda:1' is not one of cpu:0 (Invented CPU)"));
}

TEST(Compare, RefusesWrongCommandLines) {
  const Files files;
  const auto expect = [&](const std::string& arguments, const std::string& message) {
    const Finished finished = run_line(files, "twofour compare " + arguments);
    EXPECT_EQ(finished.code, 2) << arguments;
    EXPECT_THAT(finished.err, HasSubstr(message));
    EXPECT_THAT(finished.out, IsEmpty());
  };
  expect("", "OLD NEW: is missing; compare takes two result files OLD NEW, or --old");
  expect("old.jsonl", "OLD NEW: 'old.jsonl' is given; compare takes");
  expect("old.jsonl same.jsonl slow.jsonl", "compare takes two result files");
  expect("--old old.jsonl", "--new: is missing");
  expect("--new old.jsonl", "--old: is missing");
  expect("old.jsonl --old old.jsonl --new same.jsonl", "cannot be with --old and --new");
  expect("old.jsonl --devices cpu", "--devices: 'cpu' is not two devices");
  expect("old.jsonl same.jsonl --on speed", "--on: 'speed' is not one of time, ratio, energy");
  expect("old.jsonl same.jsonl --threshold -1", "--threshold: '-1' is not a number from 0 to 10");
  expect("old.jsonl same.jsonl --threshold x", "--threshold: 'x' is not a number");
  expect("old.jsonl same.jsonl --format pkl",
         "--format: 'pkl' is not one of table, md, csv, jsonl");
  expect("old.jsonl missing.jsonl", "cannot read 'missing.jsonl'");
}

TEST(Compare, RefusesFilesThatAreNoResultsWithTheLine) {
  const Files files;
  const std::string good = results(1);
  const std::string first = good.substr(0, good.find('\n') + 1);
  std::string version_0 = first;
  version_0.replace(version_0.find("\"schema_version\":2"), 18, "\"schema_version\":0");
  const auto expect = [&](const std::string& bytes, const std::string& line) {
    write_file(files.path() / "bad.jsonl", bytes);
    const Finished finished = run_line(files, "twofour compare old.jsonl bad.jsonl");
    EXPECT_EQ(finished.code, 2) << bytes.substr(0, 80);
    EXPECT_THAT(finished.err, HasSubstr("'bad.jsonl' " + line));
  };
  expect("", "line 1");
  expect("{\"name\": \"foreign\"}\n", "line 1");
  expect("PK\x03\x04 no text\n", "line 1");
  expect(version_0, "line 1: field 'schema_version' has the value 0");
  expect(first + "{\"type\":\"record\"}\n", "line 2");
}

TEST(Compare, ReadsWhatIsWholeOfAFileThatIsCut) {
  const Files files;
  const std::string whole = results(1);
  write_file(files.path() / "cut.jsonl", whole.substr(0, whole.size() - 20));
  const Finished finished = run_line(files, "twofour compare old.jsonl cut.jsonl");
  EXPECT_EQ(finished.code, 0);
  EXPECT_THAT(finished.err, HasSubstr("the last line of 'cut.jsonl', which has no end"));
  EXPECT_THAT(finished.out, HasSubstr("1 MISSING, 3 SAME"));
  EXPECT_EQ(code_of(files, "old.jsonl cut.jsonl --strict"), 1);
}

TEST(Compare, ReadsResultsOfVersion1) {
  const Folder folder;
  const std::string file = TWOFOUR_SOURCE_DIR "/tests/support/version1/llama-fp8.jsonl";
  const Finished finished = run(folder, {"compare", file, file});
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(finished.out, HasSubstr("Nothing is slower"));
}

TEST(Compare, WritesEachFormatToAFile) {
  const Files files;
  for (const auto& [format, beginning] : {std::pair{"table", "OLD: old.jsonl"},
                                          {"md", "**Something is slower: 2 SLOWER"},
                                          {"csv", "word,"},
                                          {"jsonl", "{\"type\":\"change\""},
                                          {"html", "<!DOCTYPE html>"}}) {
    const Finished finished = run_line(
        files,
        fmt::format("twofour compare old.jsonl slow.jsonl --format {} --output out", format));
    EXPECT_EQ(finished.code, 1) << finished.err;
    EXPECT_THAT(finished.out, IsEmpty());
    EXPECT_THAT(read_file(files.path() / "out"), StartsWith(beginning)) << format;
  }
}

/// The lines of the recipe, with a sweep of the mock in place of the models.
std::vector<std::string> recipe() {
  const std::string page = read_file(TWOFOUR_SOURCE_DIR "/docs/compare.md");
  const auto begin = page.find("<!-- recipe -->");
  const auto end = page.find("<!-- end -->", begin);
  std::vector<std::string> lines;
  for (std::string line : lines_of(page.substr(begin, end - begin))) {
    if (!line.starts_with("twofour ")) continue;
    if (const auto mode = line.find(" model_bench "); mode != std::string::npos) {
      line = line.substr(0, mode) +
             " --providers mock --kernels 'i8_bf16_scaled_(sparse_)?mm$' --precision 0.1"
             " --max-time 2 square_bench --dim-start 16 --dim-end 16 --dim-increment 1";
    }
    lines.push_back(line);
  }
  return lines;
}

// What is measured twice is never quite equal, on a busy machine least of all. So the runs of the
// recipe are run, and what it says of them is looked at with times that are made.

TEST(CompareRecipe, FailsWhatIsSlower) {
  const Folder folder;
  const std::vector<std::string> lines = recipe();
  ASSERT_EQ(lines.size(), 5U);
  for (const auto& [run, slower] : {std::pair{"main/1", 1.0}, std::pair{"branch/1", 1.2},
                                    std::pair{"main/2", 1.0}, std::pair{"branch/2", 1.2}}) {
    std::filesystem::create_directories(folder.path() / run);
    write_file(folder.path() / run / "a.jsonl", results(slower));
  }
  const Finished finished = run_line(folder, lines.back());
  EXPECT_EQ(finished.code, 1) << finished.err;
  EXPECT_THAT(read_file(folder.path() / "compare.md"), StartsWith("**Something is slower"));
}

TEST(CompareRecipe, PassesWhatIsEqual) {
  const Folder folder;
  const std::vector<std::string> lines = recipe();
  ASSERT_EQ(lines.size(), 5U);
  for (const std::string& line : lines) {
    if (line.find("--output-dir main/") == std::string::npos) continue;
    const Finished finished = run_line(folder, line, R"({"dense_us":2000,"sparse_us":1500})");
    EXPECT_EQ(finished.code, 0) << line << "\n" << finished.err;
  }
  std::filesystem::copy(folder.path() / "main", folder.path() / "branch",
                        std::filesystem::copy_options::recursive);
  const Finished finished = run_line(folder, lines.back());
  EXPECT_EQ(finished.code, 0) << finished.err << read_file(folder.path() / "compare.md");
  EXPECT_THAT(read_file(folder.path() / "compare.md"), StartsWith("**Nothing is slower"));
}

}  // namespace
}  // namespace twofour::cli
