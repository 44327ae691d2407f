// Memory that a process shares with those that it starts from then on.
#pragma once

#include <sys/mman.h>

#include <cerrno>
#include <cstddef>
#include <new>
#include <system_error>

namespace twofour::job {

/// `count` values that all processes see which are copies of this one. Members of T are atomic
/// numbers: a process that dies at any moment holds nothing that another one waits for.
template <class T>
class SharedArray {
 public:
  explicit SharedArray(std::size_t count) : bytes_((count == 0 ? 1 : count) * sizeof(T)) {
    void* const memory =
        mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
      throw std::system_error(errno, std::generic_category(), "cannot get memory to share");
    }
    values_ = static_cast<T*>(memory);
    for (std::size_t i = 0; i < count; ++i) new (values_ + i) T();
  }
  ~SharedArray() { munmap(values_, bytes_); }
  SharedArray(const SharedArray&) = delete;
  SharedArray& operator=(const SharedArray&) = delete;

  T& operator[](std::size_t i) const { return values_[i]; }

 private:
  std::size_t bytes_;
  T* values_ = nullptr;
};

}  // namespace twofour::job
