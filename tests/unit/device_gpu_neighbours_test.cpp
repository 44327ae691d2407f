// Who shares a GPU with a run, by made-up tables of processes.
#include "device/gpu_neighbours.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <map>
#include <vector>

namespace twofour::device {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// A shell (10) started twofour (20), which started a process for each of two GPUs (21, 22); beside
/// them another program (30) of the same shell and another twofour (40) with its child (41).
std::map<unsigned, ProcessFacts> table() {
  return {{1, {.parent = 0, .program = "init", .job = ""}},
          {10, {.parent = 1, .program = "bash", .job = ""}},
          {20, {.parent = 10, .program = "twofour", .job = ""}},
          {21, {.parent = 20, .program = "twofour", .job = ""}},
          {22, {.parent = 20, .program = "twofour", .job = ""}},
          {30, {.parent = 10, .program = "python3", .job = ""}},
          {40, {.parent = 10, .program = "twofour", .job = ""}},
          {41, {.parent = 40, .program = "twofour", .job = ""}}};
}

ProcessLookup lookup(std::map<unsigned, ProcessFacts> processes) {
  return [processes = std::move(processes)](unsigned pid) -> std::optional<ProcessFacts> {
    const auto found = processes.find(pid);
    return found == processes.end() ? std::nullopt : std::optional(found->second);
  };
}

Neighbours of(const std::vector<unsigned>& listed,
              const std::map<unsigned, ProcessFacts>& processes = table(), unsigned own = 21) {
  return neighbours(std::span<const unsigned>(listed), own, lookup(processes));
}

TEST(Neighbours, AreNeitherParentNorChildNorSibling) {
  auto processes = table();
  processes[23] = {.parent = 21, .program = "helper", .job = ""};
  EXPECT_EQ(of({20, 21, 22, 23}, processes).foreign, 0);
  EXPECT_EQ(of({21}).foreign, 0);
  EXPECT_EQ(of({21}).hidden, 0);
}

TEST(Neighbours, AreOtherProgramsAndOtherRunsOfThisOne) {
  EXPECT_EQ(of({21, 30}).foreign, 1);
  EXPECT_EQ(of({21, 41}).foreign, 1) << "another run, of the same shell";
  EXPECT_EQ(of({10, 21}).foreign, 1) << "what started the run is not the run";
  EXPECT_EQ(of({21, 99}).foreign, 1) << "the system hides whose it is, and our own it does not";
}

TEST(Neighbours, AreNotTheRanksOfTheSameJob) {
  auto processes = table();
  for (const unsigned pid : {20U, 21U, 22U, 40U, 41U}) processes[pid].job = "PMIX_NAMESPACE=7";
  EXPECT_EQ(of({21, 41}, processes).foreign, 0);
  processes[41].job = "PMIX_NAMESPACE=8";
  EXPECT_EQ(of({21, 41}, processes).foreign, 1);
}

TEST(Neighbours, OfAnotherNamespaceAreHiddenNotNone) {
  const Neighbours hidden = of({4711, 4712, 4713});
  EXPECT_FALSE(hidden.foreign) << "not known is not zero";
  EXPECT_EQ(hidden.hidden, 2) << "one of them is this process";
  EXPECT_EQ(of({}).hidden, 0);
  EXPECT_FALSE(of({}).foreign);
  const Neighbours refused = neighbours(std::nullopt, 21, lookup(table()));
  EXPECT_FALSE(refused.foreign);
  EXPECT_FALSE(refused.hidden);
}

TEST(Neighbours, AChainOfParentsThatGoesRoundEnds) {
  auto processes = table();
  processes[50] = {.parent = 51, .program = "a", .job = ""};
  processes[51] = {.parent = 50, .program = "a", .job = ""};
  EXPECT_EQ(of({21, 50}, processes).foreign, 1);
  processes[20].parent = 21;
  EXPECT_EQ(of({21, 30}, processes).foreign, 1);
}

TEST(ForeignWork, SaysWhatIsThere) {
  EXPECT_EQ(foreign_work({.foreign = 0, .hidden = 0}, 0.0).words, "");
  EXPECT_EQ(foreign_work({.foreign = 0, .hidden = 0}, std::nullopt).words, "");
  const ForeignWork seen = foreign_work({.foreign = 1, .hidden = 0}, 0.87);
  EXPECT_TRUE(seen.disturbs);
  EXPECT_THAT(seen.words, HasSubstr("87 % of a second"));
  EXPECT_THAT(seen.words, HasSubstr("1 process of others computing on the GPU"));
  EXPECT_TRUE(foreign_work({}, 0.5).disturbs) << "whoever it is";
}

TEST(ForeignWork, SaysThatProcessesCannotBeSeen) {
  const ForeignWork hidden = foreign_work({.foreign = std::nullopt, .hidden = 2}, 0.0);
  EXPECT_EQ(hidden.words, "2 processes on the GPU that cannot be seen from here");
  EXPECT_FALSE(hidden.disturbs) << "they do nothing now";
  const ForeignWork refused = foreign_work({}, std::nullopt);
  EXPECT_EQ(refused.words, "whether others use the GPU cannot be seen from here");
  EXPECT_FALSE(refused.disturbs);
  EXPECT_EQ(foreign_work({}, 0.0).words, "") << "an idle GPU tells enough";
}

TEST(ProcessFacts, AreThoseOfThisProcess) {
  const auto facts = process_facts(static_cast<unsigned>(getpid()));
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->parent, static_cast<unsigned>(getppid()));
  EXPECT_THAT(facts->program, Not(""));
  EXPECT_FALSE(process_facts(0));
}

}  // namespace
}  // namespace twofour::device
