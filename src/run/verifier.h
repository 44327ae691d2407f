// The reference of one operand type of a case, and the way D takes to where it is compared.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "core/buffer.h"
#include "device/device.h"
#include "operands/operands.h"
#include "verify/element_reader.h"
#include "verify/verify.h"

namespace twofour::run {

/// On a CPU everything is read in place. A device that reads elements computes the sums and hands
/// over the checked elements of D alone; of another one, operands and D are copied.
class Verifier {
 public:
  /// Computes the reference. `operands` may be freed afterwards, `device` must stay. `make_reader`
  /// is empty where the host reads all itself.
  Verifier(const operands::Operands& operands, device::Device& device,
           const verify::MakeElementReader& make_reader, int threads);

  /// Compares D as the last launch left it; waits for that. Where every checked element has the
  /// same bits as in an earlier check of the same problem and accumulation, the result is that one:
  /// it depends on nothing else.
  verify::CheckResult check(const GemmProblem& problem, Accumulation accumulation, const Buffer& d);

 private:
  verify::Reference make_reference(const operands::Operands& operands,
                                   const verify::MakeElementReader& make_reader);
  /// What a check was of, and what it found.
  struct Checked {
    GemmProblem problem;
    Accumulation accumulation = Accumulation::kWide;
    std::vector<std::uint16_t> codes;
    verify::CheckResult result;
  };
  verify::CheckResult check_read(const GemmProblem& problem, Accumulation accumulation,
                                 const Buffer& d);

  device::Device& device_;
  int threads_;
  std::unique_ptr<verify::ElementReader> reader_;
  verify::Reference reference_;
  std::vector<std::uint16_t> codes_;  ///< checked elements of D
  /// The last check of each output type with and without bias.
  std::map<std::pair<DataType, bool>, Checked> checked_;
  std::vector<std::byte> copy_;  ///< all of D
};

}  // namespace twofour::run
