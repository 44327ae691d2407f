// Loops that only pretend: they take the time a function says, on a clock of their own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "measure/measure.h"

namespace twofour::measure {

/// Time as the loops under test make it, and what they did.
struct World {
  double now_s = 0;
  std::vector<int> order;  ///< which loop ran, call by call
  [[nodiscard]] Clock clock() {
    return [this] { return now_s; };
  }
};

class PretendLoop final : public device::TimedLoop {
 public:
  /// `launch_s(call)`: seconds of one launch in call number `call` of run().
  PretendLoop(World& world, int id, std::function<double(int)> launch_s, std::int64_t quantum = 1)
      : world_(world), id_(id), launch_s_(std::move(launch_s)), quantum_(quantum) {}

  device::Elapsed run(std::int64_t launches) override {
    calls.push_back(launches);
    world_.order.push_back(id_);
    const double elapsed_s =
        launch_s_(static_cast<int>(calls.size()) - 1) * static_cast<double>(launches);
    world_.now_s += elapsed_s;
    std::optional<double> mhz;
    if (clock_mhz) mhz = clock_mhz(static_cast<int>(calls.size()) - 1);
    return {.device_s = elapsed_s, .host_s = elapsed_s / 4, .effective_mhz = mhz};
  }
  [[nodiscard]] std::int64_t quantum() const override { return quantum_; }
  [[nodiscard]] bool warmed_up() const override { return warmed_up_; }
  void set_warmed_up(bool warmed_up) { warmed_up_ = warmed_up; }

  std::vector<std::int64_t> calls;  ///< launches of each call
  /// The clock that call number `call` tells; empty: no call tells one.
  std::function<std::optional<double>(int)> clock_mhz;

 private:
  World& world_;
  int id_;
  std::function<double(int)> launch_s_;
  std::int64_t quantum_;
  bool warmed_up_ = false;
};

}  // namespace twofour::measure
