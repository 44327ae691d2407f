#include "verify/cuda/element_reader.h"

#include <cstddef>
#include <stdexcept>
#include <vector>

#include "device/cuda/cuda_stream.h"
#include "verify/cuda/elements.h"

namespace twofour::verify {
namespace {

using cuda::ElementSites;

class GpuElementReader final : public ElementReader {
 public:
  GpuElementReader(device::Device& gpu, const GemmShape& shape, const ElementList& elements)
      : memory_(gpu.memory()),
        stream_(device::stream_of(gpu)),
        shape_(shape),
        count_(elements.columns.size()) {
    const std::vector<std::int32_t> rows = rows_of(elements);
    rows_ = upload(rows.data());
    columns_ = upload(elements.columns.data());
    codes_ = memory_.allocate(count_ * sizeof(std::uint16_t));
  }

  void add_up(const operands::Operands& operands, std::span<double> sums,
              std::span<float> magnitudes) override {
    const bool with_magnitudes = !is_integer(operands.spec.type);
    if (sums.size() != count_ || magnitudes.size() != (with_magnitudes ? count_ : 0)) {
      throw std::invalid_argument("sums and magnitudes must have an entry for each element");
    }
    const Buffer gpu_sums = memory_.allocate(sums.size_bytes());
    const Buffer gpu_magnitudes = memory_.allocate(magnitudes.size_bytes());
    cuda::add_up_elements(operands.spec.type, sites(), operands.a.data(), operands.b.data(),
                          shape_.k, gpu_sums.as<double>(), gpu_magnitudes.as<float>(), stream_);
    memory_.copy_to_host(sums.data(), gpu_sums.data(), sums.size_bytes());
    if (with_magnitudes) {
      memory_.copy_to_host(magnitudes.data(), gpu_magnitudes.data(), magnitudes.size_bytes());
    }
  }

  void read(const void* d, std::span<std::uint16_t> codes) override {
    if (codes.size() != count_) {
      throw std::invalid_argument("codes must have an entry for each element");
    }
    cuda::gather_elements(sites(), d, shape_.n, codes_.as<std::uint16_t>(), stream_);
    memory_.copy_to_host(codes.data(), codes_.data(), codes.size_bytes());
  }

 private:
  /// The row of each element.
  [[nodiscard]] std::vector<std::int32_t> rows_of(const ElementList& elements) const {
    const auto& begin = elements.row_begin;
    if (begin.size() != static_cast<std::size_t>(shape_.m) + 1 ||
        begin.back() != static_cast<std::int64_t>(count_)) {
      throw std::invalid_argument("the list of elements is not one of " + mkn(shape_));
    }
    std::vector<std::int32_t> rows;
    rows.reserve(count_);
    for (std::size_t i = 0; i + 1 < begin.size(); ++i) {
      rows.insert(rows.end(), static_cast<std::size_t>(begin[i + 1] - begin[i]),
                  static_cast<std::int32_t>(i));
    }
    return rows;
  }

  Buffer upload(const std::int32_t* values) {
    Buffer buffer = memory_.allocate(count_ * sizeof(std::int32_t));
    memory_.copy_from_host(buffer.data(), values, buffer.bytes());
    return buffer;
  }

  [[nodiscard]] ElementSites sites() const {
    return {.rows = rows_.as<std::int32_t>(),
            .columns = columns_.as<std::int32_t>(),
            .count = static_cast<std::int64_t>(count_)};
  }

  device::Memory& memory_;
  cudaStream_t stream_;
  GemmShape shape_;
  std::size_t count_;
  Buffer rows_;
  Buffer columns_;
  Buffer codes_;
};

}  // namespace

MakeElementReader cuda_element_readers(device::Device& gpu) {
  device::stream_of(gpu);  // throws for what is no GPU
  return [&gpu](const GemmShape& shape, const ElementList& elements) {
    return std::make_unique<GpuElementReader>(gpu, shape, elements);
  };
}

}  // namespace twofour::verify
