// Chosen elements of a product and of D, in the memory of a GPU.
#pragma once

#include <memory>

#include "device/device.h"

namespace twofour::device::cuda {

class Gpu;

/// Gpu::element_reader(). `gpu` must outlive it. Throws std::invalid_argument for a list that does
/// not belong to a D of `shape`.
std::unique_ptr<ElementReader> make_element_reader(Gpu& gpu, const GemmShape& shape,
                                                   const ElementList& elements);

}  // namespace twofour::device::cuda
