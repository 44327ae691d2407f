// Tables with a row for each GPU architecture that something is made for: which row a GPU needs.
#pragma once

#include <span>
#include <stdexcept>
#include <vector>

#include "core/gpu_architecture.h"

namespace twofour {

/// The row of `rows` that GPUs of `compute_capability` (major * 10 + minor) need; a Row has a
/// member `architecture`. Throws std::runtime_error, with the compute capabilities of all rows,
/// where there is none.
template <class Row>
const Row& row_for(std::span<const Row> rows, int compute_capability) {
  std::vector<GpuArchitecture> architectures;
  architectures.reserve(rows.size());
  for (const Row& row : rows) {
    if (info(row.architecture).compute_capability == compute_capability) return row;
    architectures.push_back(row.architecture);
  }
  throw std::runtime_error(refusal(architectures, compute_capability).value_or(""));
}

}  // namespace twofour
