#include "run/packed_weights.h"

#include <stdexcept>
#include <utility>

namespace twofour::run {

WeightCopies::WeightCopies(device::Device& device, const providers::WeightLayout& layout, int count,
                           FunctionRef<void(void*)> pack)
    : bytes_(layout.bytes), copies_(static_cast<std::size_t>(count)) {
  for (int slot = 0; slot < count; ++slot) copies_[static_cast<std::size_t>(slot)].slot = slot;
  if (bytes_ == 0) return;
  buffers_.reserve(copies_.size());
  for (providers::WeightCopy& copy : copies_) {
    buffers_.push_back(device.memory().allocate(bytes_));
    copy.data = buffers_.back().data();
  }
  const void* first = buffers_.front().data();
  pack(buffers_.front().data());
  for (std::size_t i = 1; i < buffers_.size(); ++i) {
    device.memory().copy(buffers_[i].data(), first, bytes_, layout.unit_bytes);
  }
  // A launch may start before the work that was enqueued before it has ended.
  device.memory().synchronize();
}

std::vector<device::MemoryRange> WeightCopies::ranges(int first, int count) const {
  if (bytes_ == 0) return {};
  std::vector<device::MemoryRange> ranges;
  for (int slot = first; slot < first + count; ++slot) {
    ranges.push_back({(*this)[slot].data, bytes_});
  }
  return ranges;
}

const WeightCopies& PackedWeights::get(const providers::WeightLayout& layout, int count,
                                       FunctionRef<void(void*)> pack) {
  auto found = by_key_.find(layout.key);
  if (found == by_key_.end()) {
    found = by_key_.try_emplace(layout.key, device_, layout, count, pack).first;
  }
  const WeightCopies& copies = found->second;
  if (copies.all().size() != static_cast<std::size_t>(count) || copies.bytes() != layout.bytes) {
    throw std::logic_error("one key for different packed weights: " + layout.key);
  }
  return copies;
}

}  // namespace twofour::run
