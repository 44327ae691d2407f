// Operands in the memory of a device.
#pragma once

#include "operands/operands.h"

namespace twofour::device {

class OperandSource {
 public:
  virtual ~OperandSource() = default;
  /// Operands with the bits of operands::make_host_operands. Throws as Memory::allocate does.
  virtual operands::Operands make_operands(const operands::OperandSpec& spec) = 0;
};

}  // namespace twofour::device
