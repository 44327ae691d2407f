// What rows say of the stored weights of a model: what pruning costs its layers, beside the speed.
#pragma once

#include <span>
#include <string>

#include "core/record.h"
#include "report/grid.h"

namespace twofour::report {

/// A row for each layer, those with the largest error by pruning first: retained energy, errors of
/// the output by pruning, quantising and arithmetic, and the range of the ratio. No rows where
/// operands were drawn.
Grid real_weights_table(std::span<const Record> records);

/// A row for each decoder layer that was looked at, a column for each layer: error by pruning, and
/// retained energy in brackets. No rows without a survey.
Grid survey_table(std::span<const Record> records);

/// What the numbers are and what they are not, and which layers lose most; empty without any.
std::string real_weights_text(std::span<const Record> records);

}  // namespace twofour::report
