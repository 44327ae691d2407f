// A plain matrix product, for a mock whose results must be right.
#pragma once

#include <cstdint>
#include <vector>

#include "core/problem.h"
#include "operands/operands.h"

namespace twofour::providers::mock {

/// D[M][N] of `problem` as bfloat16 codes, from operands in host memory of type int8, fp8 or bf16:
/// exact sums for int8, sums in double precision otherwise; then scales and bias in float32 and one
/// rounding.
std::vector<std::uint16_t> product_bf16(const GemmProblem& problem,
                                        const operands::Operands& operands);

}  // namespace twofour::providers::mock
