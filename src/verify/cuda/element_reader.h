// Reads elements of results in the memory of a GPU.
#pragma once

#include "device/device.h"
#include "verify/element_reader.h"

namespace twofour::verify {

/// Readers on `gpu`, which must outlive them. The function throws std::invalid_argument for a list
/// that does not belong to a D of the shape. Throws std::logic_error for a device that is no GPU.
MakeElementReader cuda_element_readers(device::Device& gpu);

}  // namespace twofour::verify
