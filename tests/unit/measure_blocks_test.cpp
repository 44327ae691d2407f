// Blocks of sustained load, on a device that only pretends: its clock falls when a kernel has run
// for a while, and its energy counter moves in steps.
#include "measure/blocks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <functional>
#include <optional>
#include <stop_token>
#include <vector>

#include "measure_loops.h"

namespace twofour::measure {
namespace {

using ::testing::Each;
using ::testing::SizeIs;

constexpr double kStep_s = 0.1;  // between two steps of the energy counter

/// What a kernel takes of a device that lowers its clock 0.3 s after the kernel began to run.
struct Kernel {
  double launch_s = 0;
  double slower = 1;  ///< under load, by this factor
  double watts = 0;
};

class Blocks : public ::testing::Test {
 protected:
  Blocks() : first_(loop(0)), second_(loop(1)) {}

  PretendLoop loop(int id, std::int64_t quantum = 1) {
    return {world_, id, [this, id](int /*call*/) { return launch_s(id); }, quantum};
  }

  double launch_s(int id) {
    if (id != running_) {
      running_ = id;
      since_s_ = world_.now_s;
      starts_.push_back(id);
    }
    advance();
    const Kernel& kernel = kernels_[static_cast<std::size_t>(id)];
    const bool hot = world_.now_s - since_s_ > 0.3;
    watts_ = kernel.watts;
    return kernel.launch_s * (hot ? kernel.slower : 1);
  }

  /// The energy until now, of which the counter shows what there was at its last step.
  void advance() {
    joules_ += watts_ * (world_.now_s - counted_until_s_);
    counted_until_s_ = world_.now_s;
    if (world_.now_s - shown_at_s_ >= kStep_s) {
      shown_at_s_ = world_.now_s;
      shown_ = joules_;
    }
  }

  EnergyCounter counter() {
    return [this]() -> std::optional<double> {
      advance();
      return shown_;
    };
  }

  BlockPairs run(const EnergyCounter& energy, std::stop_token stop = {}) {
    return sample_blocks(first_, second_, energy, {}, stop, world_.clock());
  }

  World world_;
  std::vector<Kernel> kernels_{{.launch_s = 1e-3, .slower = 1.2, .watts = 700},
                               {.launch_s = 0.8e-3, .slower = 1.1, .watts = 600}};
  std::vector<int> starts_;
  PretendLoop first_;
  PretendLoop second_;
  int running_ = -1;
  double since_s_ = 0;
  double watts_ = 0;
  double joules_ = 0;
  double counted_until_s_ = 0;
  double shown_at_s_ = 0;
  double shown_ = 0;
};

TEST_F(Blocks, ComeInTurns) {
  const BlockPairs pairs = run({});
  EXPECT_THAT(starts_, ::testing::ElementsAre(0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1));
  EXPECT_THAT(pairs.blocks[0], SizeIs(6));
  EXPECT_THAT(pairs.blocks[1], SizeIs(6));
  EXPECT_FALSE(pairs.interrupted);
  EXPECT_GE(world_.now_s, sustained_seconds({}));
}

TEST_F(Blocks, CountWhatIsSettled) {
  const BlockPairs pairs = run({});
  for (const Block& block : pairs.blocks[0]) EXPECT_NEAR(block.launch_s, 1.2e-3, 1e-9);
  for (const Block& block : pairs.blocks[1]) EXPECT_NEAR(block.launch_s, 0.88e-3, 1e-9);
}

TEST_F(Blocks, CountJoulesFromStepToStep) {
  const BlockPairs pairs = run(counter());
  const Sustained first = sustained_of(pairs.blocks[0]);
  ASSERT_TRUE(first.median_j);
  // A piece is 10 ms of at least 1.5 s.
  EXPECT_NEAR(*first.median_j, 700 * 1.2e-3, 0.015 * 700 * 1.2e-3);
  ASSERT_TRUE(first.watts);
  EXPECT_NEAR(*first.watts, 700, 0.015 * 700);
}

TEST_F(Blocks, RatiosAreThoseOfLoadedKernels) {
  const BlockPairs pairs = run(counter());
  const Sustained dense = sustained_of(pairs.blocks[0]);
  Sustained sparse = sustained_of(pairs.blocks[1]);
  compare_blocks(dense, sparse);
  ASSERT_TRUE(sparse.vs_dense);
  EXPECT_NEAR(sparse.vs_dense->value, 1.2 / 0.88, 1e-6);
  EXPECT_EQ(sparse.vs_dense->verdict, Verdict::kWin);
  ASSERT_TRUE(sparse.energy_vs_dense);
  EXPECT_NEAR(sparse.energy_vs_dense->value, 1.2 * 700 / (0.88 * 600), 0.03);
}

TEST_F(Blocks, ACounterThatIsNotThereOrStandsStillGivesNoJoules) {
  const EnergyCounter absent = [] { return std::optional<double>{}; };
  const EnergyCounter still = [] { return std::optional(5.0); };
  for (const EnergyCounter& energy : {EnergyCounter{}, absent, still}) {
    const BlockPairs pairs = run(energy);
    const Sustained first = sustained_of(pairs.blocks[0]);
    EXPECT_THAT(first.launch_s, SizeIs(6));
    EXPECT_THAT(first.launch_j, SizeIs(0));
    EXPECT_FALSE(first.median_j);
    EXPECT_FALSE(first.watts);
    Sustained second = sustained_of(pairs.blocks[1]);
    compare_blocks(first, second);
    EXPECT_TRUE(second.vs_dense);
    EXPECT_FALSE(second.energy_vs_dense);
  }
}

TEST_F(Blocks, HaveTheirEffectiveClock) {
  // In the half second that does not count it is another one.
  first_.clock_mhz = [this](int) { return world_.now_s - since_s_ > 0.4 ? 1500.0 : 1900.0; };
  const BlockPairs pairs = run({});
  const Sustained first = sustained_of(pairs.blocks[0]);
  ASSERT_TRUE(first.effective_sm_mhz);
  EXPECT_NEAR(*first.effective_sm_mhz, 1500, 1e-6);
  EXPECT_FALSE(sustained_of(pairs.blocks[1]).effective_sm_mhz) << "not told, and not 0";
}

TEST_F(Blocks, AnInterruptedPairIsDropped) {
  std::stop_source source;
  PretendLoop stopping(world_, 1, [&](int /*call*/) {
    if (world_.now_s > 9) source.request_stop();  // in the third pair
    return launch_s(1);
  });
  const BlockPairs pairs =
      sample_blocks(first_, stopping, {}, {}, source.get_token(), world_.clock());
  EXPECT_TRUE(pairs.interrupted);
  EXPECT_THAT(pairs.blocks[0], SizeIs(2));
  EXPECT_THAT(pairs.blocks[1], SizeIs(2));
}

TEST_F(Blocks, PiecesAreWholeQuanta) {
  PretendLoop quanta = loop(0, 7);
  (void)sample_blocks(quanta, second_, {}, {.pairs = 1}, {}, world_.clock());
  std::vector<std::int64_t> rest;
  for (const std::int64_t launches : quanta.calls) rest.push_back(launches % 7);
  EXPECT_THAT(rest, Each(0));
}

TEST_F(Blocks, ASlowKernelHasAtLeastOneLaunchInEachBlock) {
  kernels_[0] = {.launch_s = 3, .slower = 1, .watts = 100};
  const BlockPairs pairs = run(counter());
  for (const Block& block : pairs.blocks[0]) EXPECT_NEAR(block.launch_s, 3, 1e-9);
}

}  // namespace
}  // namespace twofour::measure
