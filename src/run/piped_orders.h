// Orders of the parent, by a pipe of lines: "case N", "finish", "interrupt".
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

#include "run/part_file.h"
#include "run/stream.h"

namespace twofour::run {

/// The child's end. A thread of its own reads, so that an interruption is heard while a kernel is
/// sampled. The end of the pipe is an interruption too: the parent is gone.
class PipedOrders final : public Orders {
 public:
  explicit PipedOrders(Descriptor pipe);
  ~PipedOrders() override;
  PipedOrders(const PipedOrders&) = delete;
  PipedOrders& operator=(const PipedOrders&) = delete;

  /// Those that are there, then nothing after "finish"; nothing at once after an interruption.
  std::optional<int> next_case() override;
  [[nodiscard]] std::stop_token stop() const override { return stop_.get_token(); }

 private:
  void read();
  void take(std::string_view line);
  void end();

  Descriptor pipe_;
  Descriptor wake_;  ///< readable when the object is about to go
  std::stop_source stop_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<int> cases_;
  bool finished_ = false;
  std::jthread reader_;  // last: it uses the others
};

}  // namespace twofour::run
