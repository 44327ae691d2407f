// Lines of a .jsonl, by the lists of fields.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <utility>

#include "report/report.h"
#include "report/shared_fields.h"

namespace twofour::report {
namespace {

/// Text that is not UTF-8 (a command line can hold any bytes) must not lose a result: what is
/// invalid becomes U+FFFD. nlohmann-json writes null for a number that is not finite.
template <class Owner>
std::string line_of(std::span<const Field<Owner>> fields, const Owner& owner) {
  return write_fields(fields, owner, owner.schema_version)
      .dump(-1, ' ', false, Json::error_handler_t::replace);
}

template <class Owner>
Owner parse(std::span<const Field<Owner>> fields, const nlohmann::json& json, const char* type) {
  const JsonField root(json, "");
  const JsonField type_field = root.at("type", type);
  type_field.require(type_field.json() == type, type);
  const int version =
      SchemaVersion::read(root.at("schema_version", SchemaVersion::allowed()), kSchemaVersion);
  Owner owner;
  read_fields(fields, root, owner, version);
  return owner;
}

/// Written before what may not return; no result.
constexpr std::string_view kAttemptType = "attempt";

std::string type_of(const nlohmann::json& json) {
  return Text::read(JsonField(json, "").at("type", Text::allowed()), kSchemaVersion);
}

/// `line` without the numbers of its samples, to parse which takes half of the time of a line, as
/// far as they stand in lists of nothing but numbers; `space` holds it. The keys are found as text:
/// inside of a JSON text their quotes would be escaped.
std::string_view without_samples(std::string_view line, std::string& space) {
  for (const std::string_view key : {R"("device_s":[)", R"("host_s":[)"}) {
    const std::size_t found = line.find(key);
    if (found == std::string_view::npos) continue;
    const std::size_t begin = found + key.size();
    const std::size_t end = line.find_first_not_of("0123456789.,+-eEnul \t", begin);
    if (end == std::string_view::npos || line[end] != ']') continue;
    std::string shorter(line.substr(0, begin));
    shorter += line.substr(end);
    space = std::move(shorter);
    line = space;
  }
  return line;
}

}  // namespace

std::string record_json(const Record& record) { return line_of(record_fields(), record); }

std::string environment_json(const Environment& environment) {
  return line_of(environment_fields(), environment);
}

Record parse_record_json(std::string_view line) {
  return parse(record_fields(), parse_line(line), kRecordType);
}

Environment parse_environment_json(std::string_view line) {
  return parse(environment_fields(), parse_line(line), kEnvironmentType);
}

std::string line_type(std::string_view line) { return type_of(parse_line(line)); }

void drop_samples(Record& record, KeepSamples keep) {
  if (!record.samples || keep == KeepSamples::kYes) return;
  record.samples->host_s = {};
  if (keep == KeepSamples::kNo) record.samples->device_s = {};
}

void RunsParser::line(std::string_view text) {
  ++number_;
  try {
    std::string space;
    const nlohmann::json line =
        parse_line(keep_ == KeepSamples::kNo ? without_samples(text, space) : text);
    const std::string type = type_of(line);
    if (runs_.empty() || type == kEnvironmentType) {
      runs_.push_back(
          {.source = source_, .environment = parse(environment_fields(), line, kEnvironmentType)});
      if (take_.begin) take_.begin(runs_.back());
    } else if (type == kAttemptType) {
      ++runs_.back().attempts;
    } else {
      Record record = parse(record_fields(), line, kRecordType);
      if (record.schema_version == 1) record.device = runs_.back().environment.device.id;
      drop_samples(record, keep_);
      if (take_.row) return take_.row(runs_.back(), std::move(record));
      runs_.back().records.push_back(std::move(record));
    }
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(fmt::format("line {}: {}", number_, error.what()));
  }
}

std::vector<Run> RunsParser::finish(bool cut) {
  if (runs_.empty()) throw std::invalid_argument("line 1: it is missing; allowed: the environment");
  runs_.back().cut = cut;
  return std::move(runs_);
}

std::vector<Run> parse_runs(std::string_view source, std::string_view bytes) {
  RunsParser parser(source);
  for (std::size_t end = 0; (end = bytes.find('\n')) != std::string_view::npos;) {
    parser.line(bytes.substr(0, end));
    bytes.remove_prefix(end + 1);
  }
  return parser.finish(!bytes.empty());
}

}  // namespace twofour::report
