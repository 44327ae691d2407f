// The packed weights of a case's kernels: who allocates them, copies them and says where they lie.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/buffer.h"
#include "core/function_ref.h"
#include "device/device.h"
#include "providers/provider.h"

namespace twofour::run {

/// Equal copies of one kernel's packed weights. A cold measurement goes round them.
class WeightCopies {
 public:
  /// Packs the first copy with `pack(packed)` and copies it `count` - 1 times; waits for the
  /// device. With a layout of 0 bytes nothing is allocated or packed, and the copies point nowhere.
  /// Throws as allocate() and `pack` do.
  WeightCopies(device::Device& device, const providers::WeightLayout& layout, int count,
               FunctionRef<void(void*)> pack);

  [[nodiscard]] std::span<const providers::WeightCopy> all() const { return copies_; }
  [[nodiscard]] providers::WeightCopy operator[](int slot) const {
    return copies_[static_cast<std::size_t>(slot)];
  }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  /// What launches on `count` copies from `first` on read: what a flush must drop from the caches.
  [[nodiscard]] std::vector<device::MemoryRange> ranges(int first, int count) const;

 private:
  std::size_t bytes_;
  std::vector<Buffer> buffers_;
  std::vector<providers::WeightCopy> copies_;
};

/// The copies of every layout of a case. They live as long as this does.
class PackedWeights {
 public:
  explicit PackedWeights(device::Device& device) : device_(device) {}

  /// The copies of `layout`: those that an earlier kernel with the same key has, else new ones.
  /// Nothing is kept where making them throws. Throws std::logic_error where one key is given two
  /// sizes or two counts.
  const WeightCopies& get(const providers::WeightLayout& layout, int count,
                          FunctionRef<void(void*)> pack);

 private:
  device::Device& device_;
  std::map<std::string, WeightCopies, std::less<>> by_key_;
};

}  // namespace twofour::run
