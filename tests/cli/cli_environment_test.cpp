// What the environment of the program sets: variables that libraries read, affinity masks, limits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>
#include <string>
#include <vector>

#include "program.h"

namespace twofour::cli {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

/// Processors that a process started by this one may use.
int inherited_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  EXPECT_EQ(sched_getaffinity(0, sizeof(set), &set), 0);
  return CPU_COUNT(&set);
}

/// The quick sweep as a line for a shell. A later option of a name would be refused, so `threads`
/// has a place of its own.
std::string sweep_line(const std::string& threads, const std::string& more = "") {
  return "twofour --dtype int8 --device cpu --providers mock --precision 0.3 --max-time 0.5 " +
         (threads.empty() ? "" : "--threads " + threads + " ") + more +
         " square_bench --dim-start 16 --dim-end 32 --dim-increment 16";
}

std::size_t lines_with(const std::string& text, const std::string& part) {
  const auto lines = lines_of(text);
  return static_cast<std::size_t>(
      std::count_if(lines.begin(), lines.end(),
                    [&](const std::string& line) { return line.find(part) != std::string::npos; }));
}

class Binding : public ::testing::TestWithParam<const char*> {};

TEST_P(Binding, OfOpenMpDoesNotNarrowTheProcessors) {
  const Folder folder;
  const Finished finished = run_line(folder, std::string(GetParam()) + "; " + sweep_line(""));
  EXPECT_EQ(finished.code, 0) << finished.err;
  const Environment environment = read_results(folder.only(".jsonl")).environment;
  EXPECT_EQ(environment.device.details.at("processors"), std::to_string(inherited_processors()));
  ASSERT_THAT(environment.switches, Not(IsEmpty()));
  for (const EnvironmentSwitch& set : environment.switches) {
    EXPECT_TRUE(set.cleared) << set.name;
    EXPECT_EQ(lines_with(finished.err, set.name + "=" + set.value), 1U) << finished.err;
  }
}

INSTANTIATE_TEST_SUITE_P(Variables, Binding,
                         ::testing::Values("export OMP_PROC_BIND=true OMP_PLACES=cores",
                                           "export OMP_PROC_BIND=close", "export OMP_PLACES={0}",
                                           "export GOMP_CPU_AFFINITY=0",
                                           "export OMP_PROC_BIND=true TWOFOUR_STARTED_WITH=[7]"));

TEST(Environment, LimitsOfOpenMpDoNotMakeATeamSmaller) {
  const Folder folder;
  const Finished finished = run_line(
      folder, "export OMP_THREAD_LIMIT=1 OMP_NUM_THREADS=1 OMP_DYNAMIC=true; " + sweep_line("2"));
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_EQ(read_results(folder.only(".jsonl")).environment.device.threads, 2);
  EXPECT_THAT(finished.err, Not(HasSubstr("can be had")));
}

TEST(Environment, AnInheritedMaskIsTheSetOfProcessors) {
  if (inherited_processors() < 2) GTEST_SKIP() << "needs two processors";
  const Folder folder;
  const std::string bind = "taskset -pc $(taskset -pc $$ | sed 's/.*: //; s/[-,].*//') $$ >bound; ";
  const Finished finished =
      run_line(folder, bind + "export OMP_PROC_BIND=true; " + sweep_line("", "--quiet"));
  EXPECT_EQ(finished.code, 0) << finished.err;
  const Environment environment = read_results(folder.only(".jsonl")).environment;
  EXPECT_EQ(environment.device.details.at("processors"), "1");
  EXPECT_EQ(environment.device.threads, 1);
  const Finished shared = run_line(folder, bind + sweep_line("2", "--quiet --output-dir two"));
  EXPECT_EQ(shared.code, 0) << shared.err;
  EXPECT_EQ(shared.err,
            "twofour: 2 threads share the 1 processor that this process may use (affinity mask): "
            "they take turns\n");
}

TEST(Environment, WhatChoosesADeviceIsKeptAndRecorded) {
  const Folder folder;
  const Finished finished = run_line(
      folder, "export CUDA_VISIBLE_DEVICES=GPU-1 ONEDNN_VERBOSE=1; " + sweep_line("1", "--quiet"));
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_EQ(lines_of(finished.err).size(), 1U) << finished.err;
  EXPECT_THAT(finished.err, AllOf(HasSubstr("ONEDNN_VERBOSE=1"), Not(HasSubstr("CUDA_VISIBLE"))));
  const auto switches = read_results(folder.only(".jsonl")).environment.switches;
  EXPECT_THAT(switches, Contains(EnvironmentSwitch{"CUDA_VISIBLE_DEVICES", "GPU-1", false}));
  EXPECT_THAT(switches, Contains(EnvironmentSwitch{"ONEDNN_VERBOSE", "1", true}));
}

TEST(Environment, HelpAndVersionSayNothingOfSwitches) {
  const Folder folder;
  const Finished finished = run_line(folder, "export OMP_PLACES=cores; twofour --version");
  EXPECT_EQ(finished.code, 0);
  EXPECT_EQ(finished.err, "");
  EXPECT_THAT(finished.out, StartsWith("twofour "));
}

TEST(Environment, AProgramThatStartsItselfAgainKeepsItsNameAndArguments) {
  const Folder folder;
  const Finished finished =
      run_line(folder, "export OMP_PLACES=cores; twofour list 'a b'; twofour --dtype 'x y' list");
  EXPECT_EQ(finished.code, 2);
  EXPECT_THAT(finished.err, HasSubstr("'x y'"));
  EXPECT_THAT(finished.err, HasSubstr("a b"));
}

class Stdout : public ::testing::TestWithParam<const char*> {};

TEST_P(Stdout, HoldsResultsOnlyWhateverALibraryPrints) {
  const Folder folder;
  const Finished finished = run_line(folder, sweep_line("1", GetParam()),
                                     R"({"fault": {"kind": "prints", "kernel": "sparse_mm$"}})");
  EXPECT_EQ(finished.code, 0) << finished.err;
  const std::string noise = "the mock was told to print";
  EXPECT_THAT(finished.out, Not(HasSubstr(noise)));
  EXPECT_THAT(finished.err, HasSubstr(noise));
  const auto lines = lines_of(finished.out);
  EXPECT_EQ(lines.size(), 1U + 2 * 5) << "too few for a control";
  EXPECT_THAT(lines, Each(HasSubstr(",")));
}

INSTANTIATE_TEST_SUITE_P(Processes, Stdout,
                         ::testing::Values("--format csv", "--format csv --in-process"));

TEST(FirstLine, NamesTheDevice) {
  const Folder folder;
  const Finished table = run_line(folder, sweep_line("1"));
  const DeviceInfo device = read_results(folder.only(".jsonl")).environment.device;
  EXPECT_THAT(table.out, StartsWith("device: " + device.id.name + " (cpu), "));
  EXPECT_THAT(table.out, HasSubstr("\n" + device.id.name + " (cpu): Does 2:4 pay off here? "));
  const Finished markdown = run_line(folder, sweep_line("1", "--format md --output-dir md"));
  EXPECT_THAT(markdown.out, StartsWith("**Device:** " + device.id.name + " (cpu), "));
  const auto jsonl = folder.only(".jsonl").string();
  const Finished resumed = run_line(folder, sweep_line("1", "--resume " + jsonl));
  EXPECT_THAT(resumed.out, StartsWith("device: " + device.id.name + " (cpu), "));
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

// The program is linked with what sanitizers reserve, which takes more addresses than there are.
TEST(Limits, OfAddressesCostTheCaseThatDoesNotFit) {
  const Folder folder;
  const Finished finished =
      run_line(folder,
               "ulimit -v 1500000; twofour --dtype int8 --device cpu --providers mock --threads 2 "
               "--precision 0.3 --max-time 0.3 range_bench --dim-start 16 --dim-end 60017 "
               "--dim-increment 60000 --m-constant 16 --quiet");
  EXPECT_THAT(finished.err, Not(HasSubstr("terminate"))) << finished.err;
  const auto records = read_results(folder.only(".jsonl")).records;
  int measured = 0;
  for (const Record& record : records) {
    if (record.problem.shape.n == 16) {
      EXPECT_TRUE(record.outcome.measured()) << record.outcome.reason;
      ++measured;
    } else {
      EXPECT_FALSE(record.outcome.measured());
      EXPECT_NE(record.outcome.reason, "");
    }
  }
  EXPECT_EQ(measured, 5);
  EXPECT_EQ(records.size(), 10U);
}

#endif

TEST(NothingMeasured, IsAFailure) {
  const Folder folder;
  const std::string uneven =
      "--quiet model_bench --models Qwen/Qwen2.5-7B --batch-sizes 1 --tp-sizes 5";
  const std::string line =
      "twofour --dtype int8 --device cpu --providers mock --threads 1 --max-time 0.2 ";
  const Finished finished = run_line(folder, line + uneven);
  EXPECT_EQ(finished.code, 1);
  EXPECT_THAT(finished.err,
              AllOf(StartsWith("twofour: nothing was measured: of 20 rows none has a time"),
                    HasSubstr("28 attention heads do not divide by the TP size 5")));
  EXPECT_EQ(lines_of(finished.err).size(), 1U);
  const Finished resumed =
      run_line(folder, line + "--resume " + folder.only(".jsonl").string() + " " + uneven);
  EXPECT_EQ(resumed.code, 1);
  EXPECT_THAT(resumed.err, HasSubstr("nothing was measured"));
  const Finished dry = run_line(folder, line + "--dry-run " + uneven);
  EXPECT_EQ(dry.code, 1);
  EXPECT_EQ(dry.err, "twofour: nothing would be measured: no kernel can run any case\n");
  EXPECT_EQ(run_line(folder, sweep_line("1", "--dry-run")).code, 0);
}

}  // namespace
}  // namespace twofour::cli
