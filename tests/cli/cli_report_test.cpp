// report: what it makes of result files, and what it says of files that are none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <regex>

#include "program.h"
#include "report/formats.h"
#include "report/report.h"

namespace twofour::cli {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::filesystem::path write(const Folder& folder, const std::string& name,
                            const std::string& bytes) {
  const std::filesystem::path path = folder.path() / name;
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

std::string h200(const std::string& name) { return TWOFOUR_SOURCE_DIR "/results/h200/" + name; }

/// A result file with one row for each of `names`, which stand where texts from outside do.
std::string file_with_names(const std::vector<std::string>& names) {
  Environment environment;
  environment.device.id.name = names.front();
  std::string text = report::environment_json(environment) + "\n";
  int index = 0;
  for (const std::string& name : names) {
    for (const bool sparse : {false, true}) {
      Record r;
      r.mode = BenchMode::kModel;
      r.case_index = index;
      r.problem.shape = r.executed = {.m = 1, .n = 64, .k = 64};
      r.problem.sparsity = sparse ? Sparsity::kTwoFour : Sparsity::kDense;
      r.model = r.layer = r.provider = r.algorithm = r.architecture = name;
      r.device = environment.device.id;
      r.kernel = name + (sparse ? "_sparse_mm" : "_mm");
      r.summary = Summary{.median_s = 1e-6};
      r.samples = Samples{.device_s = {1e-6}, .host_s = {1e-6}, .launches_per_sample = 1};
      r.baseline = name + "_mm";
      if (sparse) r.vs_dense = Ratio{1.5, {1.4, 1.6}, Verdict::kWin};
      text += report::record_json(r) + "\n";
    }
    Record failed;
    failed.case_index = index++;
    failed.problem.shape = {.m = 1, .n = 64, .k = 64};
    failed.mode = BenchMode::kModel;
    failed.problem.shape = {.m = 1, .n = 64, .k = 64};
    failed.model = failed.kernel = name;
    failed.outcome = {OutcomeKind::kFailed, name};
    text += report::record_json(failed) + "\n";
  }
  return text;
}

const std::vector<std::string> kHostileNames{
    "</script><script>alert(1)</script>",
    "a|b`c`**d** [x](http://x) <img src=x onerror=y>",
    "quote\"comma,'semicolon;",
    std::string(10000, 'n'),
    "\xe2\x80\xaeright to left\xe2\x81\xa6",
    std::string("nul\0end", 7),
    "esc\x1b[2Jape\x07\xc2\x9b"
    "31m",
    "two\nlines\r\n## heading\n\n- item",
    "```\nfence",
    "=cmd()",
    "",
};

TEST(Report, OfARunIsWhatTheRunPrintedAtItsEnd) {
  for (const std::string format : {"table", "md", "csv"}) {
    const Folder folder;
    const Finished ran = run(folder, quick_sweep({"--format", format}));
    ASSERT_EQ(ran.code, 0) << ran.err;
    const std::string file = folder.only(".jsonl");
    const Finished told = run(folder, {"report", file, "--format", format});
    EXPECT_EQ(told.code, 0) << told.err;
    EXPECT_NE(told.out, "");
    EXPECT_THAT(ran.out, EndsWith(told.out)) << format;
  }
}

TEST(Report, JsonlCsvAndPklAreTheFilesOfTheRun) {
  const Folder folder;
  ASSERT_EQ(run(folder, quick_sweep({"--cache", "both"})).code, 0);
  const std::string file = folder.only(".jsonl");
  for (const std::string format : {"jsonl", "csv", "pkl"}) {
    const Finished told = run(folder, {"report", "--format", format, file});
    EXPECT_EQ(told.code, 0) << told.err;
    EXPECT_EQ(told.out, read_file(std::filesystem::path(file).replace_extension(format)));
  }
}

TEST(Report, AResumedRunPrintsAllOfItsRows) {
  const Folder folder;
  const Finished whole = run(folder, quick_sweep());
  const std::filesystem::path file = folder.only(".jsonl");
  const std::vector<std::string> lines = lines_of(read_file(file));
  std::string half;
  for (std::size_t i = 0; i < lines.size() / 2; ++i) half += lines[i] + "\n";
  std::ofstream(file, std::ios::binary | std::ios::trunc) << half;
  const Finished resumed = run(folder, quick_sweep({"--resume", file.string()}));
  ASSERT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_THAT(resumed.out, EndsWith(run(folder, {"report", file.string()}).out));
}

TEST(Report, ThePageOfResultsIsWhatItPrints) {
  const std::string page = read_file(TWOFOUR_SOURCE_DIR "/docs/results-h200.md");
  const Folder folder;
  for (const std::string name : {"llama-fp8.jsonl", "llama-int8.jsonl"}) {
    const Finished told = run(folder, {"report", h200(name), "--format", "md"});
    EXPECT_EQ(told.code, 0) << told.err;
    EXPECT_THAT(page, HasSubstr(told.out)) << name;
  }
}

TEST(Report, WritesAFileInPlaceOfAnEarlierOne) {
  const Folder folder;
  const auto output = write(folder, "out.md", "earlier");
  const Finished told =
      run(folder, {"report", h200("llama-fp8.jsonl"), "--format", "md", "--output", "out.md"});
  EXPECT_EQ(told.code, 0) << told.err;
  EXPECT_EQ(told.out, "");
  EXPECT_THAT(read_file(output), HasSubstr("Does 2:4 pay off here?"));
  EXPECT_EQ(folder.files().size(), 1U);
}

TEST(Report, SaysWhatItLeftOutAndWhy) {
  const Folder folder;
  const std::string bytes = read_file(h200("llama-fp8.jsonl"));
  const auto first = write(folder, "first.jsonl", bytes);
  const auto cut = write(folder, "cut.jsonl", bytes.substr(0, bytes.size() - 10));
  const Finished told = run(folder, {"report", first.string(), cut.string()});
  EXPECT_EQ(told.code, 0) << told.err;
  for (const std::string& text : {told.out, told.err}) {
    EXPECT_THAT(
        text, AllOf(HasSubstr("414 rows that were measured again: the later one counts"),
                    HasSubstr("cut.jsonl', which has no end"),
                    HasSubstr("1 of 415 rows has no result:\n  1 unsupported: takes M up to 128")));
  }
}

TEST(Report, TwoFilesOfOneDeviceAreOneSectionAndOfTwoDevicesTwo) {
  const Folder folder;
  const std::string bytes = read_file(h200("llama-fp8.jsonl"));
  const auto one = write(folder, "one.jsonl", bytes);
  std::string renamed = std::regex_replace(bytes, std::regex("NVIDIA H200"), "NVIDIA H900");
  renamed = std::regex_replace(renamed, std::regex("\"GPU-[0-9a-f]{8}"), "\"GPU-00000000");
  const auto other = write(folder, "other.jsonl", renamed);
  EXPECT_THAT(run(folder, {"report", one.string(), h200("llama-int8.jsonl")}).out,
              AllOf(Not(HasSubstr("#2 ")), HasSubstr("torch.int8"), HasSubstr("torch.float8")));
  const Finished two = run(folder, {"report", one.string(), other.string()});
  EXPECT_THAT(two.out, AllOf(StartsWith("#1 NVIDIA H200"), HasSubstr("\n#2 NVIDIA H900"),
                             HasSubstr("== Devices side by side")));
}

struct BadFile {
  std::string name;
  std::string bytes;
  std::string message;  ///< a part of it, which names the line
};

TEST(Report, AFileThatIsNoResultFileIsRefusedWithItsLine) {
  const std::string whole = read_file(h200("llama-fp8.jsonl"));
  const std::vector<std::string> lines = lines_of(whole);
  std::string version_0 = lines[0];
  version_0.replace(version_0.find("\"schema_version\":2"), 18, "\"schema_version\":0");
  const std::vector<BadFile> files{
      {"empty.jsonl", "", "line 1: "},
      {"truncated.jsonl", lines[0].substr(0, 200), "line 1: "},
      {"broken.jsonl", lines[0] + "\n" + lines[1].substr(0, 100) + "\n" + lines[2] + "\n",
       "line 2: "},
      {"foreign.jsonl", "{\"benchmarks\": []}\n", "line 1: field 'type' is missing"},
      {"text.jsonl", "name,time\na,1\n", "line 1: "},
      {"version0.jsonl", version_0 + "\n", "line 1: field 'schema_version' has the value 0"},
      {"records.jsonl", lines[1] + "\n", "line 1: "},
      {"list.jsonl", "[]\n", "line 1: "},
  };
  for (const BadFile& file : files) {
    const Folder folder;
    write(folder, file.name, file.bytes);
    for (const report::Format& format : report::formats()) {
      const Finished told =
          run(folder, {"report", file.name, "--format", std::string(format.name)});
      EXPECT_EQ(told.code, 2) << file.name;
      EXPECT_EQ(told.out, "");
      EXPECT_THAT(told.err, StartsWith("twofour: '" + file.name + "' " + file.message));
      EXPECT_EQ(std::count(told.err.begin(), told.err.end(), '\n'), 2) << told.err;
    }
  }
}

TEST(Report, AFileThatCannotBeReadIsNamed) {
  const Folder folder;
  EXPECT_THAT(run(folder, {"report", "missing.jsonl"}).err,
              StartsWith("twofour: cannot read 'missing.jsonl': "));
  EXPECT_EQ(run(folder, {"report", "."}).code, 2);
  EXPECT_EQ(run(folder, {"report", "a.jsonl", "--format", "xml"}).err,
            "twofour: --format: 'xml' is not one of " + report::format_names() +
                "\nsee 'twofour --help'\n");
}

/// Nothing that moves a cursor, and valid UTF-8 without marks of direction.
void expect_printable(const std::string& text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    ASSERT_TRUE(c == '\n' || (byte >= 0x20 && byte != 0x7F)) << "byte " << int{byte};
  }
  EXPECT_THAT(text, AllOf(Not(HasSubstr("\xe2\x80\xae")), Not(HasSubstr("\xc2\x9b"))));
}

TEST(Report, HostileNamesDoNoHarmInTables) {
  const Folder folder;
  write(folder, "hostile.jsonl", file_with_names(kHostileNames));
  const Finished told = run(folder, {"report", "hostile.jsonl"});
  EXPECT_EQ(told.code, 0) << told.err;
  expect_printable(told.out);
  expect_printable(told.err);
  for (const std::string& line : lines_of(told.out)) EXPECT_LT(line.size(), 20500U);
  EXPECT_LT(told.out.size(), 300000U) << "a long name must not widen every row";
}

TEST(Report, MarkdownOfALongRunStaysShortAndSaysSo) {
  const Folder folder;
  std::vector<std::string> names;
  names.reserve(400);
  for (int i = 0; i < 400; ++i) names.push_back("a_kernel_with_a_long_name_" + std::to_string(i));
  write(folder, "long.jsonl", file_with_names(names));
  const Finished told = run(folder, {"report", "long.jsonl", "--format", "md"});
  EXPECT_EQ(told.code, 0) << told.err;
  EXPECT_LT(told.out.size(), 65536U);
  EXPECT_THAT(told.out, AllOf(HasSubstr("a_kernel_with_a_long_name_399"), HasSubstr("too long")));
}

TEST(Report, HostileNamesAreNoMarkupInMarkdown) {
  const Folder folder;
  write(folder, "hostile.jsonl", file_with_names(kHostileNames));
  const Finished told = run(folder, {"report", "hostile.jsonl", "--format", "md"});
  EXPECT_EQ(told.code, 0) << told.err;
  expect_printable(told.out);
  for (const char* markup : {"<script", "<img", "x](http", " ** ", "\n##", "\n- item"}) {
    EXPECT_EQ(told.out.find(markup), std::string::npos) << markup;
  }
  // Each row of a table has the columns of its header.
  std::ptrdiff_t columns = 0;
  for (const std::string& line : lines_of(told.out)) {
    if (!line.starts_with("|")) {
      columns = 0;
      continue;
    }
    std::ptrdiff_t pipes = std::count(line.begin(), line.end(), '|');
    for (auto at = line.find("\\|"); at != std::string::npos; at = line.find("\\|", at + 1))
      --pipes;
    if (columns == 0) columns = pipes;
    EXPECT_EQ(pipes, columns) << line;
  }
}

TEST(Report, HostileNamesKeepTheRowsOfACsvApart) {
  const Folder folder;
  write(folder, "hostile.jsonl", file_with_names(kHostileNames));
  const Finished told = run(folder, {"report", "hostile.jsonl", "--format", "csv"});
  EXPECT_EQ(told.code, 0) << told.err;
  // RFC 4180: a line break between an odd number of quotes is part of a field.
  std::size_t rows = 0;
  bool quoted = false;
  for (const char c : told.out) {
    if (c == '"') quoted = !quoted;
    if (c == '\n' && !quoted) ++rows;
  }
  EXPECT_FALSE(quoted);
  EXPECT_EQ(rows, 1 + 3 * kHostileNames.size());
  EXPECT_EQ(told.out.find('\0'), std::string::npos);
}

/// In a terminal of `columns` columns and 24 lines.
Finished on_terminal(const Folder& folder, int columns, const std::string& environment,
                     const std::string& arguments) {
  write(folder, "go.sh",
        "stty cols " + std::to_string(columns) + " rows 24; " + environment + " " +
            TWOFOUR_PROGRAM + " " + arguments + "; echo \"code $?\"\n");
  return run_line(folder,
                  "script -qc true /dev/null >/dev/null 2>&1 || exit 77; "
                  "TERM=xterm script -qc 'sh go.sh' /dev/null");
}

TEST(Report, OnATerminalItFitsAndIsColoured) {
  const Folder folder;
  write(folder, "run.jsonl", read_file(h200("llama-fp8.jsonl")));
  const Finished plain = on_terminal(folder, 80, "NO_COLOR=1", "report run.jsonl 2>/dev/null");
  if (plain.code == 77) GTEST_SKIP() << "needs script(1) and a pseudo-terminal";
  EXPECT_THAT(plain.out, AllOf(HasSubstr("verdict"), HasSubstr("median us"),
                               Not(HasSubstr("\x1b[")), HasSubstr("code 0")));
  for (const std::string& line : lines_of(plain.out)) {
    EXPECT_LE(line.size(), 81U) << line;  // with the CR of a terminal
  }
  EXPECT_THAT(on_terminal(folder, 80, "", "report run.jsonl").out, HasSubstr("\x1b[32mWIN\x1b[0m"));
  EXPECT_THAT(on_terminal(folder, 80, "TERM=dumb", "report run.jsonl").out,
              Not(HasSubstr("\x1b[")));
  EXPECT_THAT(on_terminal(folder, 80, "NO_COLOR=", "report run.jsonl").out, HasSubstr("\x1b[32m"));
  EXPECT_THAT(on_terminal(folder, 80, "NO_COLOR=1", "report --wide run.jsonl").out,
              HasSubstr("time (mean +/- std), s"));
  EXPECT_THAT(on_terminal(folder, 0, "COLUMNS=100 NO_COLOR=1", "report run.jsonl").out,
              HasSubstr("cublaslt_fp8_fp8_bf16_scaled_mm_fast_accum"));
}

TEST(Report, BytesForProgramsDoNotGoToATerminal) {
  const Folder folder;
  write(folder, "run.jsonl", read_file(h200("llama-fp8.jsonl")));
  const Finished told = on_terminal(folder, 80, "", "report run.jsonl --format pkl");
  if (told.code == 77) GTEST_SKIP() << "needs script(1) and a pseudo-terminal";
  EXPECT_THAT(told.out,
              AllOf(HasSubstr("--format: pkl"), HasSubstr("--output FILE"), HasSubstr("code 2")));
}

TEST(Report, ARunOnATerminalEndsWithASummaryThatFits) {
  const Folder folder;
  std::string arguments = "--quiet";
  for (const std::string& word : quick_sweep()) arguments += " " + word;
  const Finished ran = on_terminal(folder, 80, "NO_COLOR=1", arguments);
  if (ran.code == 77) GTEST_SKIP() << "needs script(1) and a pseudo-terminal";
  EXPECT_THAT(ran.out, AllOf(HasSubstr("== Summary torch.int8 square_bench"),
                             Not(HasSubstr("== All Results")), HasSubstr("16x16x16")));
  const auto summary = ran.out.find("== Summary");
  EXPECT_LE(std::count(ran.out.begin() + static_cast<std::ptrdiff_t>(summary), ran.out.end(), '\n'),
            24);
}

}  // namespace
}  // namespace twofour::cli
