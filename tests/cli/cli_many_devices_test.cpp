// Several devices of this host in one run: two processors, each a device. Where this process may
// not use processors 0 and 1, those tests are skipped.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <cmath>
#include <csignal>
#include <functional>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include "program.h"
#include "report/report.h"
#include "report/results.h"

namespace twofour::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

namespace fs = std::filesystem;

constexpr const char* kSleeps = R"({"sleeps": true, "dense_us": 2000, "sparse_us": 1000})";

/// A sweep of cases of different K and N, so each case is a group.
std::string sweep_line(int cases, const std::string& more = "") {
  return fmt::format(
      "twofour --dtype int8 --providers mock --device cpu:0+1 --threads 1 --precision 0.5 "
      "--max-time 0.02 {} square_bench --dim-start 16 --dim-end {} --dim-increment 16",
      more, 16 * cases);
}

struct Row {
  int case_index = 0;
  std::string kernel;
  bool operator==(const Row&) const = default;
  bool operator<(const Row& other) const {
    return std::tie(case_index, kernel) < std::tie(other.case_index, other.kernel);
  }
};

/// Rows by the name of the device that measured them, without controls.
std::map<std::string, std::multiset<Row>> rows_by_device(const fs::path& jsonl) {
  std::map<std::string, std::multiset<Row>> rows;
  for (const report::Run& run : report::parse_runs("file", read_file(jsonl))) {
    for (const Record& record : run.records) {
      if (is_twin(record)) continue;
      rows[record.device->name].insert({record.case_index, record.kernel});
    }
  }
  return rows;
}

std::multiset<Row> all_rows(const fs::path& jsonl) {
  std::multiset<Row> all;
  for (const auto& [device, rows] : rows_by_device(jsonl)) all.insert(rows.begin(), rows.end());
  return all;
}

/// Each case has the five int8 kernels of the mock.
std::multiset<Row> whole_sweep(int cases) {
  std::multiset<Row> rows;
  for (int i = 0; i < cases; ++i) {
    rows.insert({i, "mock_bf16_bf16_bf16_matmul-no-scales"});
    for (const char* operation : {"scaled_mm", "scaled_sparse_mm"}) {
      for (const char* bias : {"", "_bias"}) {
        rows.insert({i, fmt::format("mock_i8_i8_bf16_{}{}", operation, bias)});
      }
    }
  }
  return rows;
}

/// The file of the run, or of a rank of it.
fs::path file_of(const Folder& folder, const std::string& part = "") {
  for (const fs::path& file : folder.files()) {
    if (file.extension() != ".jsonl") continue;
    const bool of_rank = file.string().find(".rank") != std::string::npos;
    if (part.empty() ? !of_rank : file.string().find(part) != std::string::npos) return file;
  }
  return {};
}

/// Rows, and the environment before them, in the file of a rank.
std::size_t lines_of_rank(const Folder& folder, int rank) {
  const fs::path file = file_of(folder, fmt::format(".rank{}.", rank));
  return file.empty() ? 0 : lines_of(read_file(file)).size();
}

/// Calls `act` once, when rank 1 has so many rows.
WhileRunning once_rank_one_has(const Folder& folder, std::size_t rows,
                               std::function<void(pid_t)> act) {
  return [&folder, rows, act = std::move(act), done = false](pid_t pid) mutable {
    if (done || lines_of_rank(folder, 1) < 1 + rows) return;
    done = true;
    act(pid);
  };
}

/// The same in split, once both have rows: whichever has one first is held until then, or it might
/// have measured all before the other one has begun.
WhileRunning once_both_have(const Folder& folder, std::size_t rows,
                            std::function<void(pid_t)> act) {
  return [&folder, rows, act = std::move(act), held = std::vector<pid_t>(),
          over = false](pid_t pid) mutable {
    if (over) return;
    const std::size_t lines[2] = {lines_of_rank(folder, 0), lines_of_rank(folder, 1)};
    if (lines[0] > 1 && lines[1] >= 1 + rows) {
      over = true;
      act(pid);
      for (const pid_t child : held) kill(child, SIGCONT);
      return;
    }
    const std::vector<pid_t> ranks = children_of(pid);
    if (!held.empty() || ranks.size() != 2) return;
    // Rank 1 goes on until it has what is waited for.
    const bool hold[2] = {lines[0] > 1, lines[1] >= 1 + rows};
    for (const std::size_t rank : {0U, 1U}) {
      if (!hold[rank]) continue;
      held = children_of(ranks[rank]);
      for (const pid_t child : held) kill(child, SIGSTOP);
      return;
    }
  };
}

/// The words of a line behind the program.
std::vector<std::string> words_of(const std::string& line) {
  std::vector<std::string> words;
  std::istringstream stream(line);
  for (std::string word; stream >> word;) words.push_back(word);
  words.erase(words.begin());
  return words;
}

class ManyDevices : public ::testing::Test {
 protected:
  void SetUp() override {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0 || !CPU_ISSET(0, &allowed) ||
        !CPU_ISSET(1, &allowed)) {
      GTEST_SKIP() << "processors 0 and 1 are not there for this process";
    }
  }
  Folder folder_;
};

TEST_F(ManyDevices, MeasureEachCaseOnceIntoOneFile) {
  const Finished finished =
      run(folder_, words_of(sweep_line(8)), kSleeps, once_both_have(folder_, 1, [](pid_t) {}));
  ASSERT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr("2 devices (cpu:0, cpu:1): each case goes to one"));
  EXPECT_EQ(folder_.files().size(), 3U);  // .jsonl, .csv, .pkl
  const fs::path jsonl = folder_.only(".jsonl");
  EXPECT_EQ(all_rows(jsonl), whole_sweep(8));
  EXPECT_EQ(rows_by_device(jsonl).size(), 2U);
  for (const report::Run& run : report::parse_runs("file", read_file(jsonl))) {
    EXPECT_EQ(run.environment.device.details.at("spread"), "split over cpu:0, cpu:1");
    // A row names the device that measured it, so that it can be measured there again.
    for (const Record& record : run.records) {
      const bool first = record.device->name.ends_with("(cpu 0)");
      EXPECT_THAT(record.repro, HasSubstr(first ? " --device cpu:0 " : " --device cpu:1 "));
    }
  }
  // One report: devices that are alike and share the cases are one.
  EXPECT_THAT(finished.out, Not(HasSubstr("Spread over")));
  const std::size_t answer = finished.out.find("Does 2:4 pay off here?");
  ASSERT_NE(answer, std::string::npos);
  EXPECT_EQ(finished.out.find("Does 2:4 pay off here?", answer + 1), std::string::npos);
}

TEST_F(ManyDevices, ThatShareCasesAreOneInAComparison) {
  fs::path files[2];
  for (fs::path& file : files) {
    const Folder own;
    const Finished finished =
        run(own, words_of(sweep_line(6)), kSleeps, once_both_have(own, 1, [](pid_t) {}));
    ASSERT_EQ(finished.code, 0) << finished.err;
    file = folder_.path() / fmt::format("{}.jsonl", &file - files);
    fs::copy_file(own.only(".jsonl"), file);
  }
  const Finished compared =
      run_line(folder_, "twofour compare " + files[0].string() + " " + files[1].string());
  // 3: on a busy machine all rows may have too few samples.
  EXPECT_THAT(compared.code, ::testing::AnyOf(0, 1, 3)) << compared.err;
  EXPECT_THAT(compared.out, AllOf(HasSubstr("; 30 rows, "), Not(HasSubstr(" MISSING")),
                                  Not(HasSubstr(" NEW ("))));
}

TEST_F(ManyDevices, MeasureAllMOfALayerOnOneDevice) {
  const Finished finished =
      run_line(folder_,
               "twofour --dtype int8 --providers mock --device cpu:0+1 --threads 1 --precision 0.5 "
               "--max-time 0.02 range_bench --dim-start 16 --dim-end 80 --dim-increment 16 "
               "--k-constant 16",
               kSleeps);
  ASSERT_EQ(finished.code, 0) << finished.err;
  std::map<std::string, std::set<std::int64_t>> n_of;
  for (const report::Run& run : report::parse_runs("file", read_file(folder_.only(".jsonl")))) {
    for (const Record& record : run.records) {
      n_of[record.device->name].insert(record.problem.shape.n);
    }
  }
  std::multiset<std::int64_t> all;
  for (const auto& [device, ns] : n_of) all.insert(ns.begin(), ns.end());
  EXPECT_THAT(all, ::testing::ElementsAre(16, 32, 48, 64));
}

TEST_F(ManyDevices, GoOnWhereTheChildOfOneIsKilled) {
  const Finished finished =
      run(folder_, words_of(sweep_line(12)), kSleeps, once_both_have(folder_, 1, [](pid_t pid) {
            const std::vector<pid_t> ranks = children_of(pid);
            if (ranks.size() < 2) return;
            for (const pid_t child : children_of(ranks[1])) kill(child, SIGKILL);
          }));
  // What it had in hand has no result, unless it had nothing in hand.
  EXPECT_THAT(finished.code, ::testing::AnyOf(0, 1)) << finished.err;
  EXPECT_THAT(finished.err, Not(HasSubstr("is lost")));
  EXPECT_EQ(all_rows(folder_.only(".jsonl")), whole_sweep(12));
  EXPECT_EQ(rows_by_device(folder_.only(".jsonl")).size(), 2U) << finished.err;
}

TEST_F(ManyDevices, HandTheCasesOfOneThatIsLostToTheOthers) {
  const Finished finished =
      run(folder_, words_of(sweep_line(12)), kSleeps, once_both_have(folder_, 1, [](pid_t pid) {
            const std::vector<pid_t> ranks = children_of(pid);
            if (ranks.size() == 2) kill(ranks[1], SIGKILL);
          }));
  EXPECT_EQ(finished.code, 1);
  EXPECT_THAT(finished.err, HasSubstr("cpu:1 is lost, ended by SIGKILL"));
  EXPECT_EQ(folder_.files().size(), 3U);
  EXPECT_EQ(all_rows(folder_.only(".jsonl")), whole_sweep(12));
}

TEST_F(ManyDevices, LoseNoRowsWhereACrashIsTheKernels) {
  const Finished finished = run_line(
      folder_, sweep_line(6),
      R"({"fault": {"kind": "crash_segv", "kernel": "i8_bf16_scaled_mm$", "case_m": 48}})");
  EXPECT_EQ(finished.code, 1);
  const fs::path jsonl = folder_.only(".jsonl");
  EXPECT_EQ(all_rows(jsonl), whole_sweep(6));
  int failed = 0;
  for (const report::Run& run : report::parse_runs("file", read_file(jsonl))) {
    for (const Record& record : run.records) {
      failed += record.outcome.kind == OutcomeKind::kFailed ? 1 : 0;
    }
  }
  EXPECT_EQ(failed, 1);
}

TEST_F(ManyDevices, ReplicateMeasuresEveryCaseOnEachWithTheWinnersOfOne) {
  const Finished finished = run_line(
      folder_, sweep_line(5, "--spread replicate"),
      R"({"sleeps": true, "dense_us": 300, "sparse_us": 200, "noise": 0.9, "algorithms": 5})");
  ASSERT_EQ(finished.code, 0) << finished.err;
  const fs::path jsonl = folder_.only(".jsonl");
  const auto rows = rows_by_device(jsonl);
  ASSERT_EQ(rows.size(), 2U);
  for (const auto& [device, its] : rows) EXPECT_EQ(its, whole_sweep(5)) << device;
  std::map<Row, std::set<std::string>> algorithms;
  for (const report::Run& run : report::parse_runs("file", read_file(jsonl))) {
    for (const Record& record : run.records) {
      if (is_twin(record)) continue;
      algorithms[{record.case_index, record.kernel}].insert(record.algorithm);
      EXPECT_FALSE(record.together);
    }
  }
  for (const auto& [row, names] : algorithms) {
    EXPECT_EQ(names.size(), 1U) << row.case_index << " " << row.kernel;
  }
  EXPECT_THAT(finished.out, HasSubstr("Spread over 2 devices"));
  const Finished compared =
      run_line(folder_, "twofour compare " + jsonl.string() + " --devices cpu:0 cpu:1");
  EXPECT_THAT(compared.code, ::testing::AnyOf(0, 1, 3)) << compared.err;
  EXPECT_THAT(compared.out, HasSubstr("; 25 rows, 1 run"));
  const Finished page =
      run_line(folder_, "twofour report --format html --output page.html " + jsonl.string());
  ASSERT_EQ(page.code, 0) << page.err;
  EXPECT_THAT(read_file(folder_.path() / "page.html"),
              AllOf(HasSubstr("How far devices differ"), HasSubstr("Spread over 2 devices")));
}

TEST_F(ManyDevices, TogetherRecordsHowFarApartTheyBegan) {
  const Finished finished =
      run_line(folder_, sweep_line(4, "--spread replicate --together"), kSleeps);
  ASSERT_EQ(finished.code, 0) << finished.err;
  int rows = 0;
  std::map<int, std::set<double>> skews;
  for (const report::Run& run : report::parse_runs("file", read_file(folder_.only(".jsonl")))) {
    EXPECT_THAT(run.environment.device.details.at("spread"), HasSubstr(", together"));
    for (const Record& record : run.records) {
      ASSERT_TRUE(record.together) << record.kernel;
      EXPECT_EQ(record.together->devices, 2);
      EXPECT_GE(record.together->skew_s, 0);
      EXPECT_TRUE(std::isfinite(record.together->skew_s));
      skews[record.case_index].insert(record.together->skew_s);
      rows += is_twin(record) ? 0 : 1;
    }
  }
  EXPECT_EQ(rows, 2 * 4 * 5);
  // Both tell of the same moment.
  for (const auto& [index, of_case] : skews) EXPECT_EQ(of_case.size(), 1U) << index;
}

TEST_F(ManyDevices, TogetherGoesOnWithoutOneThatIsLost) {
  const Finished finished = run(folder_, words_of(sweep_line(10, "--spread replicate --together")),
                                kSleeps, once_rank_one_has(folder_, 1, [](pid_t pid) {
                                  const std::vector<pid_t> ranks = children_of(pid);
                                  if (ranks.size() == 2) kill(ranks[1], SIGKILL);
                                }));
  EXPECT_EQ(finished.code, 1);
  const auto rows = rows_by_device(folder_.only(".jsonl"));
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows.begin()->second, whole_sweep(10));
  EXPECT_LT(rows.rbegin()->second.size(), whole_sweep(10).size());
}

TEST_F(ManyDevices, GoOnWhereTheRunWasKilled) {
  for (const std::string spread : {"", "--spread replicate"}) {
    const Folder folder;
    const Finished killed =
        run(folder, words_of(sweep_line(10, spread)), kSleeps,
            spread.empty() ? once_both_have(folder, 6, [](pid_t pid) { kill(pid, SIGKILL); })
                           : once_rank_one_has(folder, 6, [](pid_t pid) { kill(pid, SIGKILL); }));
    ASSERT_EQ(killed.code, 128 + SIGKILL);
    const fs::path jsonl = file_of(folder);
    ASSERT_FALSE(jsonl.empty());
    const Finished resumed = run_line(
        folder, sweep_line(10, spread + " --resume " + jsonl.filename().string()), kSleeps);
    ASSERT_EQ(resumed.code, 0) << resumed.err;
    EXPECT_EQ(folder.files().size(), 3U);
    const auto rows = rows_by_device(jsonl);
    if (spread.empty()) {
      EXPECT_EQ(all_rows(jsonl), whole_sweep(10));
    } else {
      ASSERT_EQ(rows.size(), 2U);
      for (const auto& [device, its] : rows) EXPECT_EQ(its, whole_sweep(10)) << device;
    }
  }
}

TEST_F(ManyDevices, EndWhereOneSignalAsksForIt) {
  const Finished ended = run(folder_, words_of(sweep_line(12)), kSleeps,
                             once_both_have(folder_, 1, [](pid_t pid) { kill(pid, SIGTERM); }));
  EXPECT_EQ(ended.code, 130) << ended.err;
  const fs::path jsonl = folder_.only(".jsonl");
  ASSERT_FALSE(jsonl.empty()) << "the files of ranks are joined";
  EXPECT_LT(all_rows(jsonl).size(), whole_sweep(12).size());
  const Finished resumed =
      run_line(folder_, sweep_line(12, "--resume " + jsonl.filename().string()), kSleeps);
  ASSERT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_EQ(all_rows(jsonl), whole_sweep(12));
}

TEST_F(ManyDevices, MeasureAShardOfTheCases) {
  const Finished finished = run_line(folder_, sweep_line(8, "--shard 2/2"));
  ASSERT_EQ(finished.code, 0) << finished.err;
  std::set<int> cases;
  for (const Row& row : all_rows(folder_.only(".jsonl"))) cases.insert(row.case_index);
  EXPECT_THAT(cases, ::testing::ElementsAre(1, 3, 5, 7));
  EXPECT_EQ(all_rows(folder_.only(".jsonl")).size(), 4 * 5U);
}

TEST_F(ManyDevices, AreInThePlan) {
  const Finished split = run_line(folder_, sweep_line(4, "--dry-run"));
  EXPECT_EQ(split.code, 0) << split.err;
  EXPECT_THAT(split.out, AllOf(HasSubstr("(cpu 0)"), HasSubstr("(cpu 1)"),
                               HasSubstr("4 groups of cases go to 2 devices")));
  const Finished replicate = run_line(folder_, sweep_line(4, "--dry-run --spread replicate"));
  EXPECT_THAT(replicate.out, HasSubstr("each of 2 devices measures every case"));
  EXPECT_THAT(folder_.files(), IsEmpty());
}

/// What the program says of a line that it refuses.
std::string refusal(const Folder& folder, const std::string& options) {
  const Finished finished =
      run_line(folder, "twofour --dtype int8 --providers mock " + options +
                           " square_bench --dim-start 16 --dim-end 16 --dim-increment 16");
  EXPECT_EQ(finished.code, 2) << options << finished.err;
  EXPECT_THAT(folder.files(), IsEmpty());
  return finished.err;
}

TEST_F(ManyDevices, AreRefusedInWords) {
  EXPECT_THAT(refusal(folder_, "--device cpu:0+0"), HasSubstr("'cpu:0+0' names cpu:0 twice"));
  EXPECT_THAT(refusal(folder_, "--device cpu:0,1+1"), HasSubstr("processor 1 in two devices"));
  EXPECT_THAT(refusal(folder_, "--device cpu:0+node0"),
              AllOf(HasSubstr("--device"), HasSubstr("processor 0 in cpu:0 and in cpu:node0")));
  EXPECT_THAT(refusal(folder_, "--device cpu:0+9999"), HasSubstr("'cpu:9999' is not here"));
  EXPECT_THAT(refusal(folder_, "--device cpu:0+"), HasSubstr("--device: 'cpu:0+' is not"));
  EXPECT_THAT(refusal(folder_, "--device cuda:1,1"), HasSubstr("names cuda:1 twice"));
  EXPECT_THAT(refusal(folder_, "--device cpu --spread split"),
              HasSubstr("--spread: 'split' is for several devices"));
  EXPECT_THAT(refusal(folder_, "--together"), HasSubstr("--together: is for several devices"));
  EXPECT_THAT(refusal(folder_, "--device cpu:0+1 --together"),
              HasSubstr("--together: needs --spread replicate"));
  EXPECT_THAT(refusal(folder_, "--device cpu:0+1 --spread both"),
              HasSubstr("--spread: 'both' is not one of split, replicate"));
  EXPECT_THAT(refusal(folder_, "--device cpu:all --spread split"),
              HasSubstr("'split' is not possible with --device cpu:all"));
  EXPECT_THAT(refusal(folder_, "--device cpu:0+1 --in-process"), HasSubstr("--in-process: is not"));
  EXPECT_THAT(refusal(folder_, "--device cpu:0+1 --kernels nothing"),
              HasSubstr("--kernels: 'nothing' matches no"));
}

TEST_F(ManyDevices, OfAJobAreOneRankToAHost) {
  const std::string line = sweep_line(4).substr(std::string("twofour").size());
  const auto as_rank = [&](const std::string& variables) {
    return run_line(folder_, "env " + variables + " " TWOFOUR_PROGRAM + line);
  };
  const Finished second = as_rank("SLURM_STEP_NUM_TASKS=2 SLURM_PROCID=1 SLURM_LOCALID=1");
  EXPECT_EQ(second.code, 2);
  EXPECT_THAT(second.err, HasSubstr("one of several ranks of a host"));
  const Finished alone = as_rank(
      "OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_RANK=1 "
      "OMPI_COMM_WORLD_LOCAL_RANK=0");
  EXPECT_EQ(alone.code, 0) << alone.err;
  EXPECT_EQ(all_rows(folder_.only(".jsonl")).size(), 2 * 5U);
}

TEST(AllDevices, OfAHostWithoutGpusAreNone) {
  const Folder folder;
  if (fs::exists("/dev/nvidiactl")) GTEST_SKIP() << "there may be GPUs";
  EXPECT_THAT(refusal(folder, "--device all"),
              HasSubstr("--device: 'all' means all GPUs, and there is none"));
}

TEST(AllDevices, OfOneNodeAreThatNode) {
  if (!fs::exists("/sys/devices/system/node/node0")) GTEST_SKIP() << "no NUMA nodes are told";
  if (fs::exists("/sys/devices/system/node/node1")) GTEST_SKIP() << "there are several nodes";
  const Folder folder;
  const Finished finished = run_line(folder,
                                     "twofour --dtype int8 --providers mock --device cpu:all "
                                     "--threads 1 --precision 0.5 --max-time 0.02 "
                                     "square_bench --dim-start 16 --dim-end 16 --dim-increment 16");
  ASSERT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr("there is one, cpu:node0"));
}

}  // namespace
}  // namespace twofour::cli
