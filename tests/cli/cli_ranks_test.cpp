// Shards, and ranks of an MPI job on this machine. Where there is no mpirun, or no module, those
// tests are skipped.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <set>
#include <thread>
#include <tuple>

#include "program.h"
#include "report/report.h"

namespace twofour::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

namespace fs = std::filesystem;

using RowName = std::tuple<int, std::string>;

/// But for controls, of which each part of a run has its own.
std::multiset<RowName> rows_of(const fs::path& jsonl) {
  std::multiset<RowName> rows;
  for (const report::Run& run : report::parse_runs("file", read_file(jsonl))) {
    for (const Record& record : run.records) {
      if (!is_twin(record)) rows.emplace(record.case_index, record.kernel);
    }
  }
  return rows;
}

/// Each case of the sweep has the five int8 kernels of the mock.
std::multiset<RowName> whole_sweep(int cases) {
  std::multiset<RowName> rows;
  for (int i = 0; i < cases; ++i) {
    rows.emplace(i, "mock_bf16_bf16_bf16_matmul-no-scales");
    for (const char* operation : {"scaled_mm", "scaled_sparse_mm"}) {
      for (const char* bias : {"", "_bias"}) {
        rows.emplace(i, fmt::format("mock_i8_i8_bf16_{}{}", operation, bias));
      }
    }
  }
  return rows;
}

std::string sweep_line(int cases, const std::string& more = "") {
  return fmt::format(
      "--dtype int8 --providers mock --device cpu --threads 1 --precision 0.5 --max-time 0.02 {} "
      "square_bench --dim-start 16 --dim-end {} --dim-increment 16",
      more, 16 * cases);
}

TEST(Shards, JoinedAreTheWhole) {
  const Folder folder;
  std::string files;
  for (int shard = 1; shard <= 3; ++shard) {
    const Folder own;
    const Finished finished =
        run_line(own, "twofour " + sweep_line(4, fmt::format("--shard {}/3", shard)));
    ASSERT_EQ(finished.code, 0) << finished.err;
    const fs::path kept = folder.path() / fmt::format("{}.jsonl", shard);
    fs::rename(own.only(".jsonl"), kept);
    files += " " + kept.string();
  }
  EXPECT_EQ(rows_of(folder.path() / "1.jsonl").size(), 2 * 5U);
  const Finished joined =
      run_line(folder, "twofour report" + files + " --format jsonl --output whole.jsonl");
  ASSERT_EQ(joined.code, 0) << joined.err;
  EXPECT_EQ(rows_of(folder.path() / "whole.jsonl"), whole_sweep(4));
}

TEST(Shards, WithoutACaseDoNothing) {
  const Folder folder;
  const Finished finished = run_line(folder, "twofour " + sweep_line(2, "--shard 3/3"));
  EXPECT_EQ(finished.code, 0);
  EXPECT_THAT(finished.err, HasSubstr("nothing to measure: of 2 cases none is in --shard 3/3"));
  EXPECT_THAT(folder.files(), IsEmpty());
}

TEST(Shards, ShowTheirOwnPlan) {
  const Folder folder;
  const Finished finished = run_line(folder, "twofour " + sweep_line(5, "--dry-run --shard 2/3"));
  EXPECT_EQ(finished.code, 0);
  EXPECT_THAT(finished.out, AllOf(HasSubstr("[1]  MKN="), HasSubstr("[4]  MKN="),
                                  Not(HasSubstr("[0]  MKN=")), HasSubstr("2 cases, ")));
}

TEST(Ranks, OfSlurmAreShards) {
  const Folder folder;
  const Finished finished = run_line(
      folder, "env SLURM_STEP_NUM_TASKS=2 SLURM_PROCID=0 SLURM_LOCALID=0 " TWOFOUR_PROGRAM " " +
                  sweep_line(3));
  ASSERT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(finished.err,
              AllOf(HasSubstr("rank 0 of 2 on "), HasSubstr(" (srun) without MPI: --shard 1/2")));
  EXPECT_EQ(rows_of(folder.only(".jsonl")).size(), 2 * 5U);
  const Results results = read_results(folder.only(".jsonl"));
  EXPECT_THAT(results.environment.device.details.at("job"), HasSubstr(" (srun)"));
}

TEST(Ranks, WithoutTheModuleAreShards) {
  const Folder folder;
  const Finished finished =
      run_line(folder,
               "env TWOFOUR_MPI_MODULE=/nowhere.so OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_RANK=1 "
               "" TWOFOUR_PROGRAM " " +
                   sweep_line(3));
  ASSERT_EQ(finished.code, 0) << finished.err;
  EXPECT_EQ(rows_of(folder.only(".jsonl")).size(), 1 * 5U);
}

TEST(Ranks, OfAnUnknownNumberWantAShard) {
  const Folder folder;
  const Finished finished =
      run_line(folder, "env TWOFOUR_MPI_MODULE=/nowhere.so PMIX_RANK=1 " TWOFOUR_PROGRAM " " +
                           sweep_line(3));
  EXPECT_EQ(finished.code, 2);
  EXPECT_THAT(finished.err, HasSubstr("--shard: is missing"));
  const Finished given =
      run_line(folder, "env TWOFOUR_MPI_MODULE=/nowhere.so PMIX_RANK=1 " TWOFOUR_PROGRAM " " +
                           sweep_line(3, "--shard 3/3"));
  EXPECT_EQ(given.code, 0) << given.err;
}

/// With `mpirun`, an MPI module beside the program, and more ranks than processors.
class MpiRanks : public ::testing::Test {
 protected:
  void SetUp() override {
    const fs::path module = fs::path(TWOFOUR_PROGRAM).parent_path() / "libtwofour_mpi.so";
    if (!fs::exists(module) || std::system("command -v mpirun >/dev/null 2>&1") != 0) {
      GTEST_SKIP() << "no MPI here (scripts/setup --mpi)";
    }
  }
  static Finished mpirun(const Folder& folder, int ranks, const std::string& line,
                         const std::string& mock = "") {
    // Open MPI's files stay out of the folder, and its processes are not bound: they may be more
    // than there are processors.
    return run_line(folder,
                    fmt::format("OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 mpirun "
                                "-np {} --oversubscribe --bind-to none {} {}",
                                ranks, TWOFOUR_PROGRAM, line),
                    mock);
  }
  static fs::path joined(const Folder& folder) {
    for (const fs::path& file : folder.files()) {
      if (file.extension() == ".jsonl" && file.string().find(".rank") == std::string::npos) {
        return file;
      }
    }
    return {};
  }
};

TEST_F(MpiRanks, MeasureEachCaseOnceIntoOneFile) {
  const Folder folder;
  const Finished finished = mpirun(folder, 3, sweep_line(9));
  ASSERT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr("3 ranks by Open MPI"));
  EXPECT_THAT(finished.out, HasSubstr("== All Results "));
  EXPECT_EQ(folder.files().size(), 3U);  // .jsonl, .csv, .pkl
  EXPECT_EQ(rows_of(folder.only(".jsonl")), whole_sweep(9));
  std::size_t rows = 0;  // controls among them
  for (const report::Run& run : report::parse_runs("file", read_file(folder.only(".jsonl")))) {
    rows += run.records.size();
  }
  EXPECT_EQ(lines_of(read_file(folder.only(".csv"))).size(), 1 + rows);
}

TEST_F(MpiRanks, LoseTheRowsOfAChildThatDiesAndNothingElse) {
  const Folder folder;
  const Finished finished =
      mpirun(folder, 2, sweep_line(6),
             R"({"fault": {"kind": "crash_segv", "kernel": "i8_bf16_scaled_mm$", "case_m": 48}})");
  EXPECT_EQ(finished.code, 1);
  EXPECT_EQ(rows_of(folder.only(".jsonl")), whole_sweep(6));
  int failed = 0;
  for (const report::Run& run : report::parse_runs("file", read_file(folder.only(".jsonl")))) {
    for (const Record& record : run.records) {
      if (record.outcome.kind != OutcomeKind::kFailed) continue;
      EXPECT_EQ(record.problem.shape.m, 48);
      ++failed;
    }
  }
  EXPECT_EQ(failed, 1);
}

TEST_F(MpiRanks, LeaveTheirFilesWhenOneIsKilledAndResumeDoesTheRest) {
  const Folder folder;
  // Rank 1 kills its own process as soon as it has a case.
  std::ofstream(folder.path() / "rank.sh")
      << "if [ \"$OMPI_COMM_WORLD_RANK\" = 1 ]; then\n"
         "  (while ! grep -q '\"type\":\"record\"' *.rank1.jsonl 2>/dev/null; do sleep 0.02; done; "
         "kill "
         "-9 $$) &\nfi\nexec \"$@\"\n";
  const Finished killed = run_line(
      folder, fmt::format("OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 mpirun -np 2 "
                          "--oversubscribe --bind-to none sh rank.sh {} {}",
                          TWOFOUR_PROGRAM, sweep_line(40)));
  EXPECT_NE(killed.code, 0);
  std::vector<fs::path> ranks;
  for (const fs::path& file : folder.files()) {
    if (file.string().find(".rank") != std::string::npos && file.extension() == ".jsonl") {
      ranks.push_back(file);
    }
  }
  ASSERT_EQ(ranks.size(), 2U);
  const std::size_t before = rows_of(ranks.front()).size() + rows_of(ranks.back()).size();
  EXPECT_GT(before, 0U);
  // Given a part, or the joined file, it is the same.
  const Finished resumed =
      mpirun(folder, 3, sweep_line(40, "--resume " + ranks.front().filename().string()));
  ASSERT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_EQ(rows_of(joined(folder)), whole_sweep(40));
  for (const fs::path& file : folder.files()) EXPECT_THAT(file.string(), Not(HasSubstr(".rank1.")));
}

TEST_F(MpiRanks, OfAnotherMpiThanTheModulesAreShards) {
  const Folder folder;
  // Nobody launched this process: MPI finds one rank where the environment tells of two.
  const Finished finished =
      run_line(folder, "env PMI_SIZE=2 PMI_RANK=0 " TWOFOUR_PROGRAM " " + sweep_line(3));
  ASSERT_EQ(finished.code, 0) << finished.err;
  EXPECT_EQ(rows_of(folder.only(".jsonl")).size(), 2 * 5U);
}

}  // namespace
}  // namespace twofour::cli
