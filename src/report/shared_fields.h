// Rows and rules that several lists of members have in common.
#pragma once

#include <span>

#include "core/device_id.h"
#include "core/problem.h"
#include "report/codecs.h"

namespace twofour::report {

inline constexpr char kRecordType[] = "record";
inline constexpr char kEnvironmentType[] = "environment";

/// The same text in every line.
template <const char* kText>
struct Constant : Text {
  static Json schema() { return {{"const", kText}}; }
};

/// Absent where it is the usual one, 2:4.
struct UnusualPattern : Choice<kPatternNames> {
  static Json schema() { return {{"enum", {to_string(Sparsity::kSixEight)}}}; }
};

/// Every version that is read; a run writes the last.
struct SchemaVersion : Whole<int, 1, kSchemaVersion> {
  static Json schema() { return {{"const", kSchemaVersion}}; }
};

std::span<const Field<DeviceId>> device_id_fields();
std::span<const Field<GemmProblem>> problem_fields();

}  // namespace twofour::report
