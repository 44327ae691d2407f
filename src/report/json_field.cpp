#include "report/json_field.h"

#include <fmt/format.h>

#include <stdexcept>

#include "input/json.h"

namespace twofour::report {
void JsonField::reject(std::string_view allowed) const {
  const std::string name = path_.empty() ? "the line" : fmt::format("field '{}'", path_);
  throw std::invalid_argument(
      fmt::format("{} has the value {}; allowed: {}", name, input::shown(*value_), allowed));
}

bool JsonField::has(std::string_view key) const {
  return value_->is_object() && value_->contains(std::string(key));
}

JsonField JsonField::at(std::string_view key, std::string_view allowed) const {
  require(value_->is_object(), "an object");
  const std::string path = path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
  const auto member = value_->find(std::string(key));
  if (member == value_->end()) {
    throw std::invalid_argument(fmt::format("field '{}' is missing; allowed: {}", path, allowed));
  }
  return {*member, path};
}

JsonField JsonField::entry(std::size_t index) const {
  return {(*value_)[index], fmt::format("{}[{}]", path_, index)};
}

nlohmann::json parse_line(std::string_view line) {
  try {
    return input::parse_json(line);
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(std::string("the line is ") + error.what());
  }
}

}  // namespace twofour::report
