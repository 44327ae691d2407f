#include "report/attempt.h"

#include <nlohmann/json.hpp>

#include "core/environment.h"
#include "report/codecs.h"
#include "report/json_field.h"

namespace twofour::report {
namespace {

constexpr std::string_view kType = "attempt";

}  // namespace

std::string attempt_json(const EndedAttempt& attempt) {
  nlohmann::ordered_json json;
  json["type"] = kType;
  json["schema_version"] = kSchemaVersion;
  json["case_index"] = attempt.case_index;
  json["kernel"] = attempt.kernel;
  json["algorithm"] = attempt.algorithm;
  json["ended"] = attempt.ended;
  // Names come from libraries: what is not UTF-8 is replaced, not thrown at.
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

bool is_attempt_json(std::string_view line) {
  if (line.starts_with(R"({"type":"record")")) return false;  // long, and nearly all lines are
  const nlohmann::json json = nlohmann::json::parse(line, nullptr, false);
  return json.is_object() && json.contains("type") && json["type"] == kType;
}

EndedAttempt parse_attempt_json(std::string_view line) {
  const nlohmann::json json = parse_line(line);
  const JsonField root(json, "");
  const JsonField type = root.at("type", kType);
  type.require(type.json() == kType, kType);
  EndedAttempt attempt;
  using Index = Whole<int, 0>;
  attempt.case_index = Index::read(root.at("case_index", Index::allowed()), kSchemaVersion);
  const auto text = [&](const char* name) {
    return Text::read(root.at(name, Text::allowed()), kSchemaVersion);
  };
  attempt.kernel = text("kernel");
  attempt.algorithm = text("algorithm");
  attempt.ended = text("ended");
  return attempt;
}

}  // namespace twofour::report
