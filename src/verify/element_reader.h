// Elements of a result that stays in the memory of a device.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "core/problem.h"
#include "operands/operands.h"

namespace twofour::verify {

/// Elements of D, by rows: row i has columns[row_begin[i]] to columns[row_begin[i + 1] - 1].
struct ElementList {
  std::span<const std::int64_t> row_begin;  ///< M + 1 entries
  std::span<const std::int32_t> columns;
};

/// Does for chosen elements of D what the host cannot do in place: the operands and D stay in the
/// memory of the device. Results are in the order of ElementList::columns.
class ElementReader {
 public:
  virtual ~ElementReader() = default;
  /// sums[e] is the sum over k of A[i][k] x B[j][k] for element e = (i, j): exact for int8, in
  /// float64 otherwise. magnitudes[e] is the sum of the |A[i][k] x B[j][k]|; it is empty for int8.
  /// The same operands give the same bits each time.
  virtual void add_up(const operands::Operands& operands, std::span<double> sums,
                      std::span<float> magnitudes) = 0;
  /// codes[e] is element e of `d`, [M][N] row-major of a 16-bit type. Waits for all launches.
  virtual void read(const void* d, std::span<std::uint16_t> codes) = 0;
};

/// Makes a reader of elements of the D of a shape; it copies the list. An empty function stands for
/// a device whose operands and D the host reads itself, in place or copied.
using MakeElementReader = std::function<std::unique_ptr<ElementReader>(
    const GemmShape& shape, const ElementList& elements)>;

}  // namespace twofour::verify
