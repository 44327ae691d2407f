// What a device throws that is gone.
#pragma once

#include <string>
#include <utility>

namespace twofour::device {

/// The device is lost to this process (a sticky CUDA error): nothing more can run on it here. No
/// std::exception, so that it passes through all that handles the failure of one kernel, up to
/// where the process ends.
class DeviceLost {
 public:
  explicit DeviceLost(std::string what) : what_(std::move(what)) {}
  [[nodiscard]] const std::string& what() const { return what_; }

 private:
  std::string what_;
};

}  // namespace twofour::device
