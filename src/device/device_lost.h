// The failure after which a process can do nothing more on a device.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace twofour::device {

/// The device is lost to this process (a sticky CUDA error): nothing more can run on it here.
class DeviceLost : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  /// A search lost it with a launch of `algorithm`, which others may do without.
  DeviceLost(const std::string& what, std::string algorithm)
      : std::runtime_error(what), algorithm_(std::move(algorithm)) {}
  /// Empty where no search of algorithms is to blame.
  [[nodiscard]] const std::string& algorithm() const { return algorithm_; }

 private:
  std::string algorithm_;
};

}  // namespace twofour::device
