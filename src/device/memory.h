// The memory of a device.
#pragma once

#include <cstddef>
#include <optional>

#include "core/buffer.h"

namespace twofour::device {

/// Nothing: not known.
struct MemoryStatus {
  std::optional<std::size_t> free_bytes;
  std::optional<std::size_t> total_bytes;
};

/// Memory that a launch reads and that a cold measurement must keep out of cache.
struct MemoryRange {
  const void* data = nullptr;
  std::size_t bytes = 0;
};

/// Allocates, fills and copies, in the order of the launches. Copies to and from the host wait.
class Memory {
 public:
  virtual ~Memory() = default;

  [[nodiscard]] virtual MemoryStatus status() const = 0;
  /// Readies up to `bytes` bytes for allocate(), so that what it takes to get memory from the
  /// system is no part of a case: in a virtual machine that is given its memory as it touches it,
  /// more than a second for each GiB. Returns how many are ready: at most half of what is free, 0
  /// where nothing would be gained or the system refuses.
  virtual std::size_t reserve(std::size_t /*bytes*/) { return 0; }
  /// At least 64-byte aligned (256 on a GPU), not initialised. Throws std::bad_alloc or
  /// std::runtime_error with the size when it cannot be had.
  virtual Buffer allocate(std::size_t bytes) = 0;
  virtual void fill_bytes(void* data, unsigned char value, std::size_t bytes) = 0;
  /// Waits for all launches, then copies.
  virtual void copy_to_host(void* host, const void* data, std::size_t bytes) = 0;
  virtual void copy_from_host(void* data, const void* host, std::size_t bytes) = 0;
  /// Copies within the device's memory; a GPU does not wait. On a CPU thread t of T copies units
  /// thread_share(bytes / unit_bytes, t, T), if units are given.
  virtual void copy(void* to, const void* from, std::size_t bytes, std::size_t unit_bytes = 0) = 0;
  /// Waits for all launches.
  virtual void synchronize() = 0;
};

}  // namespace twofour::device
