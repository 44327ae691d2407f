// Huge pages that large buffers leave to those that come after them. What it saves: eight cases of
// Llama-3-8B (int8, M = 1 and 16) on a virtual machine with two processors spent 3.7 s in the
// operating system without it and 0.4 s with it, on a machine that was busy otherwise; set-up, with
// what was reserved before the cases, took 1.35 times as long without it.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "core/buffer.h"

namespace twofour::device::cpu {

/// Buffers of whole huge pages. What a freed buffer leaves is moved, not copied, into the address
/// range of the next one, whatever its size: a page that was never used costs time to clear, and in
/// a virtual machine far more to get from the host, so a run should use as few as it can.
///
/// Thread-safe. Buffers may outlive the pool; then their pages go back to the system.
class PagePool {
 public:
  /// Bytes that the system has free besides the pages kept here; 0 when that is not known.
  using FreeBytes = std::function<std::size_t()>;

  /// Pages are kept as long as no more of them are kept than `free_bytes` says are left for the
  /// rest of the machine; otherwise all of them go back.
  explicit PagePool(FreeBytes free_bytes);

  /// `bytes` > 0 bytes, aligned to a huge page and not initialised. Pages that are new are first
  /// touched by the `threads` threads of parallel_run, a stretch each. Throws std::runtime_error
  /// with the size.
  Buffer allocate(std::size_t bytes, int threads);

  /// Gets so many pages that `bytes` bytes are kept for allocate(), whatever that takes.
  void reserve(std::size_t bytes, int threads);

  [[nodiscard]] std::size_t kept_bytes() const;
  /// Gives all pages that no buffer uses back to the system.
  void release();

 private:
  class Pages;
  std::shared_ptr<Pages> pages_;
};

}  // namespace twofour::device::cpu
