// 6:8 along K through 2:4: at most six non-zeros in every eight consecutive k, computed as 2:4 over
// one and a half times the columns. A group of eight becomes three windows of four that overlap by
// two,
//
//   k     0 1 2 3 4 5 6 7
//         -------             columns 0 to 3 of the twelve
//             -------         columns 4 to 7
//                 -------     columns 8 to 11
//
// Activations are copied into all windows. A weight goes into the first window that has room for
// it, so that no window has more than two non-zeros: with six in all, what the first two windows do
// not take is at most two.
#pragma once

#include <cstdint>

#include "core/data_type.h"

namespace twofour::operands {

/// Columns that K of them become; K is a multiple of eight.
constexpr std::int64_t expanded_k(std::int64_t k) { return k / 8 * 12; }

/// `expanded` [rows][expanded_k(k)] of `a` [rows][k], both row-major, of a one- or two-byte type.
void expand_activations(DataType type, const void* a, std::int64_t rows, std::int64_t k,
                        void* expanded);

/// The same for weights [rows][k] that is_six_eight(): each value stands in one window, every other
/// place is +0, and the result is 2:4. The product of both expanded forms is that of the originals.
/// Of weights that are not 6:8, values are lost.
void expand_weights(DataType type, const void* b, std::int64_t rows, std::int64_t k,
                    void* expanded);

/// Whether no group of eight of b [rows][k] has more than six non-zeros; zeros of either sign are
/// zeros, and a ragged last group counts as filled up with them.
bool is_six_eight(DataType type, const void* b, std::int64_t rows, std::int64_t k);

}  // namespace twofour::operands
