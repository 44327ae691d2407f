// A device is a description and four parts: memory, a timer, a probe and a source of operands. cpu/
// always exists; cuda/ is the only place outside CUDA providers that speaks to a GPU.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/environment.h"
#include "device/cache_plan.h"
#include "device/device_lost.h"
#include "device/memory.h"
#include "device/operand_source.h"
#include "device/probe.h"
#include "device/timer.h"

namespace twofour::device {

/// One device, handed to all that compute on it.
class Device {
 public:
  /// None is null. Memory is destroyed last, since the others may refer to it.
  struct Parts {
    std::unique_ptr<Memory> memory;
    std::unique_ptr<Timer> timer;
    std::unique_ptr<Probe> probe;
    std::unique_ptr<OperandSource> operands;
  };

  Device(DeviceInfo info, Parts parts) : info_(std::move(info)), parts_(std::move(parts)) {}

  [[nodiscard]] const DeviceInfo& info() const { return info_; }
  [[nodiscard]] const DeviceId& id() const { return info_.id; }
  /// For what the one who opened it knows. One name has one text, the last one.
  void add_detail(const std::string& name, std::string text) {
    info_.details[name] = std::move(text);
  }

  /// What a person should be told before anything is measured, a line each.
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }
  void add_note(std::string note) { notes_.push_back(std::move(note)); }

  [[nodiscard]] Memory& memory() { return *parts_.memory; }
  [[nodiscard]] const Memory& memory() const { return *parts_.memory; }
  [[nodiscard]] Timer& timer() { return *parts_.timer; }
  [[nodiscard]] const Timer& timer() const { return *parts_.timer; }
  [[nodiscard]] Probe& probe() { return *parts_.probe; }
  [[nodiscard]] const Probe& probe() const { return *parts_.probe; }
  [[nodiscard]] OperandSource& operands() { return *parts_.operands; }

 protected:
  [[nodiscard]] DeviceInfo& mutable_info() { return info_; }

 private:
  DeviceInfo info_;
  Parts parts_;
  std::vector<std::string> notes_;
};

/// Whether the host itself computes, in its own memory.
inline bool on_host(const Device& device) { return device.id().kind == DeviceKind::kCpu; }

}  // namespace twofour::device
