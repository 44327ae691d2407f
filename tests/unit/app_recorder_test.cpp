// What the untimely end of a process that measures makes of a run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "app/recorder.h"
#include "app/standard_streams.h"
#include "providers/tuning.h"

namespace twofour::app {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class KeptSink final : public Sink {
 public:
  void row(const Record& record) override { rows.push_back(record); }
  void attempt(const EndedAttempt& attempt) override { attempts.push_back(attempt); }
  void case_end(std::span<const Record> all) override { blocks.push_back(all.size()); }

  std::vector<Record> rows;
  std::vector<EndedAttempt> attempts;
  std::vector<std::size_t> blocks;
};

class RecorderTest : public ::testing::Test {
 protected:
  static run::Attempt attempt(const std::string& algorithm = "") {
    run::Attempt attempt{.row = {}, .algorithm = algorithm, .scope = {}};
    attempt.row.case_index = 1;
    attempt.row.kernel = "mm";
    return attempt;
  }

  std::vector<workload::Case> cases = std::vector<workload::Case>(2);
  KeptSink sink;
  Recorder recorder{cases, {}, {}, {&sink}, 1.5, true};
};

TEST_F(RecorderTest, AnEndIsAFailedRowThatSaysHow) {
  recorder.ended(attempt(), {.kind = run::EndingKind::kSignal, .code = SIGSEGV});
  ASSERT_THAT(sink.rows, SizeIs(1));
  EXPECT_EQ(sink.rows[0].outcome.kind, OutcomeKind::kFailed);
  EXPECT_EQ(sink.rows[0].outcome.reason, "ended by SIGSEGV");
  // The row is there now, however often it is told.
  recorder.ended(attempt(), {.kind = run::EndingKind::kDeadline});
  EXPECT_THAT(sink.rows, SizeIs(1));
  EXPECT_THAT(sink.attempts, IsEmpty());
}

TEST_F(RecorderTest, EachEndHasItsWords) {
  using run::EndingKind;
  EXPECT_EQ(reason_of({.kind = EndingKind::kDeadline}, 1.5),
            "did not return within --case-timeout 1.5 s");
  EXPECT_EQ(reason_of({.kind = EndingKind::kSignal, .code = SIGKILL}, 0), "ended by SIGKILL");
  EXPECT_EQ(reason_of({.kind = EndingKind::kExit, .code = 7}, 0),
            "ended the process with exit code 7");
  EXPECT_EQ(reason_of({.kind = EndingKind::kDevice, .said = "illegal address"}, 0),
            "illegal address");
}

TEST_F(RecorderTest, ASearchIsTriedAgainTwice) {
  const run::Ending ending{.kind = run::EndingKind::kDevice, .said = "gone"};
  recorder.ended(attempt("a"), ending);
  recorder.ended(attempt("b"), ending);
  EXPECT_THAT(sink.rows, IsEmpty());
  EXPECT_THAT(sink.attempts,
              ElementsAre(EndedAttempt{1, "mm", "a", "gone"}, EndedAttempt{1, "mm", "b", "gone"}));
  EXPECT_THAT(recorder.ledger().avoid(1, "mm"), ElementsAre("a", "b"));
  recorder.ended(attempt("c"), ending);
  ASSERT_THAT(sink.rows, SizeIs(1));
  EXPECT_EQ(sink.rows[0].outcome.reason, "c: gone; its search ended the process before with a, b");
  EXPECT_THAT(sink.rows[0].lost_algorithms, ElementsAre("c"));
}

TEST_F(RecorderTest, ABlockIsShownForACaseThatGotARow) {
  recorder.case_end(1);
  EXPECT_THAT(sink.blocks, IsEmpty());
  recorder.row(attempt().row);
  recorder.case_end(1);
  recorder.case_end(1);
  EXPECT_THAT(sink.blocks, ElementsAre(1));
}

class FullSink final : public Sink {
 public:
  explicit FullSink(bool keeps_all) : keeps_all_(keeps_all) {}
  [[nodiscard]] bool keeps_all() const override { return keeps_all_; }
  void row(const Record& /*record*/) override {
    ++times;
    throw CannotWrite("full");
  }
  int times = 0;

 private:
  bool keeps_all_;
};

TEST_F(RecorderTest, ASinkThatCannotBeWrittenIsAskedNoMore) {
  FullSink full(false);
  Recorder two{cases, {}, {}, {&full, &sink}, 1.5, true};
  two.row(attempt().row);
  Record other = attempt().row;
  other.kernel = "other";
  two.row(other);
  EXPECT_EQ(full.times, 1);
  EXPECT_THAT(sink.rows, SizeIs(2));
  EXPECT_TRUE(two.lost_some());
}

TEST_F(RecorderTest, WithoutTheSinkThatKeepsAllTheRunEnds) {
  FullSink full(true);
  Recorder two{cases, {}, {}, {&full, &sink}, 1.5, true};
  EXPECT_THROW(two.row(attempt().row), CannotWrite);
  EXPECT_TRUE(two.lost_some());
}

}  // namespace
}  // namespace twofour::app
