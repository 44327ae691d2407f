#include "device/cpu/page_pool.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <mutex>
#include <utility>
#include <vector>

#include "device/cpu/memory.h"

namespace twofour::device::cpu {
namespace {

/// Pages that follow each other and were mapped together: mremap moves no more than that at once.
struct Stretch {
  std::byte* data = nullptr;
  std::size_t bytes = 0;
};

/// Address space for `bytes` bytes at a multiple of a huge page, or null. Nothing is committed.
std::byte* address_space(std::size_t bytes) {
  void* mapped = mmap(nullptr, bytes + kHugePageBytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  auto* all = static_cast<std::byte*>(mapped);
  const auto past = reinterpret_cast<std::uintptr_t>(all) % kHugePageBytes;
  const std::size_t before = past == 0 ? 0 : kHugePageBytes - past;
  if (before != 0) munmap(all, before);
  if (before != kHugePageBytes) munmap(all + before + bytes, kHugePageBytes - before);
  // Without huge pages a kernel is slower, not wrong: advice that is refused is no error.
  static_cast<void>(madvise(all + before, bytes, MADV_HUGEPAGE));
  return all + before;
}

}  // namespace

/// The pages that are kept, and what buffers hand them back to.
class PagePool::Pages {
 public:
  explicit Pages(FreeBytes free_bytes) : free_bytes_(std::move(free_bytes)) {}
  ~Pages() { unmap_all(); }
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;

  /// Moves kept pages to `to` until `bytes` are there or none are left; the stretches that are now
  /// there, in order.
  std::vector<Stretch> move_to(std::byte* to, std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    std::vector<Stretch> moved;
    while (bytes > 0 && !kept_.empty()) {
      Stretch& last = kept_.back();
      const std::size_t length = std::min(bytes, last.bytes);
      std::byte* from = last.data + (last.bytes - length);
      if (mremap(from, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, to) == MAP_FAILED) break;
      moved.push_back({to, length});
      to += length;
      bytes -= length;
      kept_bytes_ -= length;
      last.bytes -= length;
      if (last.bytes == 0) kept_.pop_back();
    }
    return moved;
  }

  void take(const std::vector<Stretch>& stretches) {
    const std::lock_guard lock(mutex_);
    for (const Stretch& stretch : stretches) {
      kept_.push_back(stretch);
      kept_bytes_ += stretch.bytes;
    }
    if (kept_bytes_ > free_bytes_()) unmap_all();
  }

  void release() {
    const std::lock_guard lock(mutex_);
    unmap_all();
  }

  [[nodiscard]] std::size_t kept_bytes() const {
    const std::lock_guard lock(mutex_);
    return kept_bytes_;
  }

 private:
  void unmap_all() {
    for (const Stretch& stretch : kept_) munmap(stretch.data, stretch.bytes);
    kept_.clear();
    kept_bytes_ = 0;
  }

  FreeBytes free_bytes_;
  mutable std::mutex mutex_;
  std::vector<Stretch> kept_;
  std::size_t kept_bytes_ = 0;
};

PagePool::PagePool(FreeBytes free_bytes) : pages_(std::make_shared<Pages>(std::move(free_bytes))) {}

Buffer PagePool::allocate(std::size_t bytes, int threads) {
  if (bytes > std::numeric_limits<std::size_t>::max() / 2) throw_no_memory(bytes);
  const std::size_t rounded = (bytes + kHugePageBytes - 1) / kHugePageBytes * kHugePageBytes;
  std::byte* data = address_space(rounded);
  if (data == nullptr) {
    // Pages are kept to save time; where addresses are short (RLIMIT_AS), they are in the way.
    release();
    data = address_space(rounded);
  }
  if (data == nullptr) throw_no_memory(bytes);
  std::vector<Stretch> stretches = pages_->move_to(data, rounded);
  std::size_t there = 0;
  for (const Stretch& stretch : stretches) there += stretch.bytes;
  if (there < rounded) {
    touch_pages(data + there, rounded - there, threads);
    stretches.push_back({data + there, rounded - there});
  }
  return {data, bytes, [pages = std::weak_ptr(pages_), stretches](void*) {
            if (const auto pool = pages.lock()) return pool->take(stretches);
            for (const Stretch& stretch : stretches) munmap(stretch.data, stretch.bytes);
          }};
}

void PagePool::reserve(std::size_t bytes, int threads) {
  // A buffer takes what is kept first, and leaves all of it.
  if (bytes > kept_bytes()) static_cast<void>(allocate(bytes, threads));
}

std::size_t PagePool::kept_bytes() const { return pages_->kept_bytes(); }

void PagePool::release() { pages_->release(); }

}  // namespace twofour::device::cpu
