// Interleaved sampling of loops that only pretend.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <utility>
#include <vector>

#include "measure/measure.h"
#include "measure_loops.h"

namespace twofour::measure {

inline constexpr double kResolution_s = 1e-7;

inline std::function<double(int)> constant(double launch_s) {
  return [launch_s](int) { return launch_s; };
}

/// Loops of one world, dense first and 2:4 after it, in one group.
class SamplingFixture : public ::testing::Test {
 protected:
  PretendLoop& add(std::function<double(int)> launch_s, std::int64_t quantum = 1, int group = 0,
                   bool dense = false) {
    const int id = static_cast<int>(loops_.size());
    loops_.push_back(std::make_unique<PretendLoop>(world_, id, std::move(launch_s), quantum));
    contenders_.push_back({.loop = loops_.back().get(), .group = group, .dense = dense});
    return *loops_.back();
  }
  Sampling sample(const MeasureConfig& config) {
    return sample_interleaved(contenders_, kResolution_s, config, stop_.get_token(),
                              world_.clock());
  }
  /// Loop numbers of the last `rounds` rounds, round by round.
  std::vector<std::vector<int>> last_rounds(std::size_t rounds) const {
    std::vector<std::vector<int>> result;
    const std::size_t width = loops_.size();
    const auto first = world_.order.end() - static_cast<std::ptrdiff_t>(rounds * width);
    for (std::size_t i = 0; i < rounds; ++i) {
      const auto begin = first + static_cast<std::ptrdiff_t>(i * width);
      result.emplace_back(begin, begin + static_cast<std::ptrdiff_t>(width));
    }
    return result;
  }

  World world_;
  std::stop_source stop_;
  std::vector<std::unique_ptr<PretendLoop>> loops_;
  std::vector<Contender> contenders_;
};

/// Never precise: every other sample takes ten times as long.
inline std::function<double(int)> restless(double launch_s) {
  return [launch_s](int call) { return call % 2 == 0 ? launch_s : 10 * launch_s; };
}

}  // namespace twofour::measure
