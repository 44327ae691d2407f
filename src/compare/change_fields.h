// Changes for programs: schema/change.schema.json and docs/compare.md say what the members are.
#pragma once

#include <span>
#include <string>

#include "compare/change.h"
#include "report/field.h"

namespace twofour::compare {

/// Of the lines of `--format jsonl`.
inline constexpr int kChangeVersion = 1;

std::span<const report::Field<Change>> change_fields();

/// One line of JSON for each change, newlines included.
std::string changes_jsonl(std::span<const Change> changes);

/// A header line and one line for each change, quoted as in RFC 4180.
std::string changes_csv(std::span<const Change> changes);

/// JSON Schema (draft 2020-12) of a line.
std::string change_schema();

}  // namespace twofour::compare
