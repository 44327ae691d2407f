#include "input/json.h"

#include <fmt/format.h>

#include <set>
#include <stdexcept>
#include <vector>

#include "core/streams.h"

namespace twofour::input {
namespace {

using nlohmann::json;

constexpr std::size_t kLongestValue = 80;
constexpr std::size_t kLongestMessage = 240;

std::string shortened(std::string text, std::size_t most) {
  text = one_line(text);
  if (text.size() <= most) return text;
  // Not in the middle of a character of UTF-8.
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80U) --most;
  return text.substr(0, most) + "...";
}

/// Looks at each value as it is read.
class Rules {
 public:
  bool operator()(int depth, json::parse_event_t event, json& parsed) {
    switch (event) {
      case json::parse_event_t::object_start:
      case json::parse_event_t::array_start:
        if (depth >= kMostLevels) {
          throw std::invalid_argument(
              fmt::format("it is nested more than {} levels deep", kMostLevels));
        }
        if (event == json::parse_event_t::object_start) names_.emplace_back();
        break;
      case json::parse_event_t::object_end:
        names_.pop_back();
        break;
      case json::parse_event_t::key:
        if (!names_.back().insert(parsed.get_ref<const std::string&>()).second) {
          throw std::invalid_argument(
              fmt::format("an object has the member {} twice", shown(parsed)));
        }
        break;
      case json::parse_event_t::array_end:
      case json::parse_event_t::value:
        break;
    }
    return true;
  }

 private:
  std::vector<std::set<std::string>> names_;
};

}  // namespace

nlohmann::json parse_json(std::string_view text) {
  // To the library it is the end.
  if (text.find('\0') != std::string_view::npos) {
    throw std::invalid_argument("not JSON: it holds a NUL byte");
  }
  Rules rules;
  try {
    return json::parse(text, [&](int depth, json::parse_event_t event, json& parsed) {
      return rules(depth, event, parsed);
    });
  } catch (const json::exception& error) {
    throw std::invalid_argument("not JSON: " + shortened(error.what(), kLongestMessage));
  }
}

std::string shown(const nlohmann::json& value) {
  return shortened(value.dump(-1, ' ', false, json::error_handler_t::replace), kLongestValue);
}

}  // namespace twofour::input
