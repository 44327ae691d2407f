// What is written is what is read: every member, every digit, for random lines that the schemas
// allow. Nothing here knows the members, so that a new one is tested when it has its row.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>

#include "report/describe.h"
#include "report/report.h"

namespace twofour::report {
namespace {

/// Random values, with the odd ones often.
class Draw {
 public:
  explicit Draw(unsigned seed) : engine_(seed) {}

  std::uint64_t below(std::uint64_t bound) { return engine_() % bound; }
  bool coin() { return below(2) == 1; }

  double number(double low, double high) {
    constexpr double kOdd[] = {
        0.0, -0.0, 1.0 / 3, 1e-9, 5e-324, 1e22, std::numeric_limits<double>::max(), 0.1, -2.5e-7};
    for (;;) {
      const double any = coin() ? kOdd[below(std::size(kOdd))] : std::bit_cast<double>(engine_());
      if (std::isfinite(any) && any >= low && any <= high) return any;
    }
  }

  std::string text() {
    constexpr const char* kOdd[] = {"",     "a \"b\"\n\\", "\t\r\b\f",  "\x01\x1f",
                                    "\x7f", "µs ≤ 中 😀",   "</script>", "a,b|c"};
    return kOdd[below(std::size(kOdd))];
  }

  /// What `schema` allows. `if` and what follows it are passed over.
  Json value(const Json& schema) {
    if (schema.contains("const")) return schema["const"];
    if (schema.contains("enum")) return schema["enum"][below(schema["enum"].size())];
    Json type = schema["type"];
    if (type.is_array()) type = type[below(type.size())];
    if (type == "null") return nullptr;
    if (type == "boolean") return coin();
    if (type == "string") return schema.contains("minLength") ? "x" + text() : text();
    if (type == "number") {
      return number(std::max(schema.value("minimum", -1e300),
                             schema.value("exclusiveMinimum", -1e300) + 1e-300),
                    schema.value("maximum", 1e300));
    }
    if (type == "integer") return integer(schema);
    return type == "array" ? array(schema) : object(schema);
  }

 private:
  Json integer(const Json& schema) {
    if (schema.contains("maximum")) return coin() ? engine_() : below(100);
    return schema.value("minimum", -3) + static_cast<std::int64_t>(below(1000));
  }

  Json array(const Json& schema) {
    Json list = Json::array();
    const std::uint64_t low = schema.value("minItems", 0U);
    const std::uint64_t high = schema.value("maxItems", 4U);
    for (std::uint64_t count = low + below(high - low + 1); count > 0; --count) {
      list.push_back(value(schema["items"]));
    }
    return list;
  }

  Json object(const Json& schema) {
    Json members = Json::object();
    if (!schema.contains("properties"))
      return {{"a " + text(), value(schema["additionalProperties"])}};
    for (const auto& [name, inner] : schema["properties"].items()) {
      const bool required = schema.contains("required") &&
                            std::find(schema["required"].begin(), schema["required"].end(), name) !=
                                schema["required"].end();
      if (required || coin()) members[name] = value(inner);
    }
    return members;
  }

  std::mt19937_64 engine_;
};

/// `line` with the members that follow from others as the writer has them.
Json with_derived(Json line, const FieldList& fields, const Json& written) {
  for (const FieldBase* field : fields) {
    if (field->derived) line[std::string(field->name)] = written[std::string(field->name)];
  }
  return line;
}

template <class Parse, class Write>
void expect_round_trips(const std::string& schema_text, const FieldList& fields, unsigned seed,
                        const Parse& parse, const Write& write) {
  const Json schema = Json::parse(schema_text);
  Draw draw(seed);
  for (int i = 0; i < 300; ++i) {
    const Json drawn = draw.value(schema);
    const std::string written = write(parse(drawn.dump()));
    EXPECT_EQ(written.find('\n'), std::string::npos);
    EXPECT_EQ(with_derived(drawn, fields, Json::parse(written)).dump(), written);
    EXPECT_EQ(write(parse(written)), written);
    if (::testing::Test::HasFailure()) FAIL() << drawn;
  }
}

TEST(RoundTrip, OfRandomRecordsKeepsEveryMember) {
  expect_round_trips(record_schema(), list_of(record_fields()), 4, parse_record_json, record_json);
}

TEST(RoundTrip, OfRandomEnvironmentsKeepsEveryMember) {
  expect_round_trips(environment_schema(), list_of(environment_fields()), 5, parse_environment_json,
                     environment_json);
}

// How many members a struct has: as many as it can be made of.

template <class T>
constexpr bool kIsOptional = false;
template <class T>
constexpr bool kIsOptional<std::optional<T>> = true;

/// Makes any member, as far as types go; an optional one by way of what it holds.
struct Anything {
  template <class T>
  requires(!kIsOptional<T>) operator T() const {  // NOLINT(google-explicit-constructor)
    std::abort();
  }
};

template <class T, class... Members>
constexpr std::size_t member_count() {
  if constexpr (requires { T{Members{}..., Anything{}}; }) {
    return member_count<T, Members..., Anything>();
  } else {
    return sizeof...(Members);
  }
}

FieldList inner_of(const FieldList& fields, std::string_view name) {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [&](const FieldBase* field) { return field->name == name; });
  return (*found)->inner();
}

std::size_t members_of(const FieldList& fields) {
  return static_cast<std::size_t>(std::count_if(
      fields.begin(), fields.end(), [](const FieldBase* field) { return !field->derived; }));
}

TEST(Fields, AreAllMembersOfARecord) {
  const FieldList record = list_of(record_fields());
  EXPECT_EQ(members_of(record), member_count<Record>());
  // The shape is one member, and three of the line.
  EXPECT_EQ(inner_of(record, "problem").size(), member_count<GemmProblem>() + 2);
  EXPECT_EQ(inner_of(record, "executed").size(), member_count<GemmShape>());
  EXPECT_EQ(inner_of(record, "device").size(), member_count<DeviceId>());
  EXPECT_EQ(inner_of(record, "outcome").size(), member_count<Outcome>());
  EXPECT_EQ(inner_of(record, "cache").size(), member_count<CacheState>());
  EXPECT_EQ(inner_of(record, "accuracy").size(), member_count<Accuracy>());
  EXPECT_EQ(inner_of(record, "summary").size(), member_count<Summary>());
  EXPECT_EQ(inner_of(record, "vs_dense").size(), member_count<Ratio>());
  EXPECT_EQ(inner_of(record, "clocks").size(), member_count<ClockSample>());
  EXPECT_EQ(inner_of(record, "phases").size(), member_count<Phases>());
  EXPECT_EQ(inner_of(record, "samples").size(), member_count<Samples>());
}

TEST(Fields, AreAllMembersOfTheEnvironment) {
  const FieldList environment = list_of(environment_fields());
  EXPECT_EQ(members_of(environment), member_count<Environment>());
  // The name of the device is one member, and five of the line.
  EXPECT_EQ(inner_of(environment, "device").size(),
            member_count<DeviceInfo>() + member_count<DeviceId>() - 1);
  EXPECT_EQ(inner_of(environment, "roofs").size(), member_count<Roofs>());
}

Record odd_record() {
  Record record;
  record.problem.shape = {16, 16, 16};
  record.summary = Summary{.mean_s = -std::numeric_limits<double>::infinity()};
  record.samples = Samples{.device_s = {1, std::numeric_limits<double>::infinity(),
                                        std::numeric_limits<double>::quiet_NaN()}};
  record.clocks.power_w = std::numeric_limits<double>::infinity();
  return record;
}

TEST(RoundTrip, TurnsWhatIsNotFiniteIntoNan) {
  const std::string line = record_json(odd_record());
  EXPECT_EQ(line.find("nan"), std::string::npos);
  EXPECT_EQ(line.find("inf"), std::string::npos);
  const Record read = parse_record_json(line);
  EXPECT_TRUE(std::isnan(read.samples->device_s[1]));
  EXPECT_TRUE(std::isnan(read.samples->device_s[2]));
  EXPECT_TRUE(std::isnan(read.summary->mean_s));
  EXPECT_FALSE(read.clocks.power_w);
  EXPECT_EQ(record_json(read), line);
}

TEST(RoundTrip, KeepsALineWhoseTextIsNotUtf8) {
  Record record = odd_record();
  record.outcome.reason =
      "\xff"
      "bad\xc3";
  EXPECT_EQ(parse_record_json(record_json(record)).outcome.reason,
            "\xef\xbf\xbd"
            "bad\xef\xbf\xbd");
}

}  // namespace
}  // namespace twofour::report
