// Owned, aligned memory on some device.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace twofour {

/// Move-only owner of `bytes` bytes obtained from a device; freed by the deleter that the device
/// supplied. The pointer may be a device address that the host must not dereference.
class Buffer {
 public:
  Buffer() = default;
  Buffer(void* data, std::size_t bytes, std::function<void(void*)> deleter)
      : data_(data, std::move(deleter)), bytes_(bytes) {}

  [[nodiscard]] void* data() const { return data_.get(); }
  template <class T>
  [[nodiscard]] T* as() const {
    return static_cast<T*>(data_.get());
  }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] bool empty() const { return data_ == nullptr; }

 private:
  std::unique_ptr<void, std::function<void(void*)>> data_{nullptr, [](void*) {}};
  std::size_t bytes_ = 0;
};

}  // namespace twofour
