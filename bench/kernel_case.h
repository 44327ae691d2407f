// One kernel of the cpu provider with operands of its own, for benchmarks that call kernels and not
// operations. One thread.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <random>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "providers/cpu/kernel_list.h"

namespace twofour::bench {

struct Free {
  void operator()(std::byte* p) const { operator delete[](p, std::align_val_t{64}); }
};
using Memory = std::unique_ptr<std::byte[], Free>;

inline Memory allocate(std::size_t bytes) {
  return Memory(new (std::align_val_t{64}) std::byte[bytes == 0 ? 1 : bytes]());
}

/// Small finite numbers in any of the types: an exponent that is not extreme and any mantissa.
inline void fill(DataType type, std::byte* data, std::int64_t count) {
  std::mt19937 random(1);
  for (std::int64_t i = 0; i < count; ++i) {
    const auto bits = static_cast<unsigned>(random());
    if (info(type).bits == 8) {
      data[i] = static_cast<std::byte>(type == DataType::kInt8 ? bits : 0x30u | (bits & 0x87u));
    } else {
      const auto code = static_cast<std::uint16_t>(0x3C00u | (bits & 0x807Fu));
      std::memcpy(data + 2 * i, &code, sizeof(code));
    }
  }
}

/// Two of each four consecutive weights become zero.
inline void prune(DataType type, std::byte* weights, std::int64_t count) {
  const auto element = bytes_of(type, 1);
  std::mt19937 random(2);
  for (std::int64_t group = 0; group < count; group += 4) {
    const std::int64_t first = static_cast<std::int64_t>(random() % 4);
    const std::int64_t second = (first + 1 + static_cast<std::int64_t>(random() % 3)) % 4;
    for (const std::int64_t i : {first, second}) {
      std::memset(weights + (group + i) * static_cast<std::int64_t>(element), 0, element);
    }
  }
}

/// A kernel with everything that running it takes. N is `shape.n` rounded up to whole panels.
class KernelCase {
 public:
  KernelCase(const providers::cpu::Kernel& kernel, const GemmShape& shape)
      : kernel_(kernel),
        shape_{shape.m, round_up(shape.n, kernel.panel_columns), shape.k},
        packed_(allocate(kernel.packed_b_bytes(shape_.n, shape_.k))),
        packed_a_(allocate(kernel.packed_a_bytes(shape_.m, shape_.k))),
        scratch_(allocate(kernel.scratch_bytes ? kernel.scratch_bytes(shape_) : 0)),
        d_(allocate(static_cast<std::size_t>(shape_.m * shape_.n) * 2)) {
    const auto element = bytes_of(kernel.type, 1);
    const Memory a = allocate(static_cast<std::size_t>(shape_.m * shape_.k) * element);
    const Memory b = allocate(static_cast<std::size_t>(shape_.n * shape_.k) * element);
    fill(kernel.type, a.get(), shape_.m * shape_.k);
    fill(kernel.type, b.get(), shape_.n * shape_.k);
    prune(kernel.type, b.get(), shape_.n * shape_.k);
    kernel.pack_b({b.get(), shape_.n, shape_.k, packed_.get(), {0, panel_count(kernel, shape_.n)}});
    kernel.pack_a({a.get(),
                   shape_.m,
                   shape_.k,
                   packed_a_.get(),
                   {0, pack_a_task_count(kernel, shape_.m, shape_.k)}});
  }

  [[nodiscard]] const providers::cpu::Kernel& kernel() const { return kernel_; }
  /// Dense-equivalent.
  [[nodiscard]] double multiply_adds() const { return dense_operations(shape_) / 2; }

  void run() const {
    static constexpr float kOne = 1;
    kernel_.run({.shape = shape_,
                 .packed_b = packed_.get(),
                 .packed_a = packed_a_.get(),
                 .scratch = scratch_.get(),
                 .panels = {0, panel_count(kernel_, shape_.n)},
                 .blocks = {0, block_count(kernel_, shape_.m, shape_.k)},
                 .output = {.scale_a = &kOne, .scale_b = &kOne, .d = d_.get()}});
  }

 private:
  const providers::cpu::Kernel& kernel_;
  GemmShape shape_;
  Memory packed_;
  Memory packed_a_;
  Memory scratch_;
  Memory d_;
};

/// The numbers of rows on the command line; `otherwise` where there are none, and an empty list
/// where one is no number from 1 to 4096.
inline std::vector<std::int64_t> parse_rows(int count, char** texts,
                                            std::vector<std::int64_t> otherwise) {
  if (count == 0) return otherwise;
  std::vector<std::int64_t> rows;
  for (int i = 0; i < count; ++i) {
    const std::string_view text = texts[i];
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < 1 || value > 4096) {
      return {};
    }
    rows.push_back(value);
  }
  return rows;
}

}  // namespace twofour::bench
