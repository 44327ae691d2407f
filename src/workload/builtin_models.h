// The text of data/models.json, compiled in so that the binary needs no file beside it.
#pragma once

#include <string_view>

namespace twofour::workload {

extern const std::string_view kBuiltinModels;

}  // namespace twofour::workload
