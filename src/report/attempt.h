// The lines of a .jsonl that are no results: schema/attempt.schema.json.
#pragma once

#include <string>
#include <string_view>

#include "core/ended_attempt.h"

namespace twofour::report {

/// One line of JSON without the newline.
std::string attempt_json(const EndedAttempt& attempt);

/// The inverse. Throws std::invalid_argument naming the field, its value and what is allowed.
EndedAttempt parse_attempt_json(std::string_view line);

/// Whether `line` is one of them, by its member `type`. Any other text is not.
bool is_attempt_json(std::string_view line);

}  // namespace twofour::report
