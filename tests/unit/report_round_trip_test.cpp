// What is written is what is read, for random records: every member, every digit.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <string>

#include "report/report.h"

namespace twofour::report {
namespace {

/// Random values, with the odd ones often.
class Draw {
 public:
  explicit Draw(unsigned seed) : engine_(seed) {}

  std::uint64_t below(std::uint64_t bound) { return engine_() % bound; }
  bool coin() { return below(2) == 1; }

  double number() {
    constexpr double kOdd[] = {0.0,
                               -0.0,
                               1.0 / 3,
                               1e-9,
                               5e-324,
                               1e22,
                               std::numeric_limits<double>::max(),
                               0.1,
                               -2.5e-7,
                               std::numeric_limits<double>::epsilon()};
    if (coin()) return kOdd[below(std::size(kOdd))];
    const double any = std::bit_cast<double>(engine_());
    return std::isfinite(any) ? any : 1.5;
  }

  std::uint64_t whole() { return coin() ? below(100) : engine_(); }
  int small() { return static_cast<int>(1 + below(1000000)); }

  std::string text() {
    constexpr const char* kOdd[] = {
        "",       "plain", "a,\"b\"\\\n\t\r|", "gr\xc3\xb6\xc3\x9f e", "\x01",
        "\u2028", "null",  "\xf0\x9f\x98\x80"};
    return kOdd[below(std::size(kOdd))];
  }

  template <class Value, std::size_t kCount>
  Value one_of(const Value (&values)[kCount]) {
    return values[below(kCount)];
  }

  Interval interval() { return {number(), number()}; }
  Ratio ratio() { return {number(), interval(), kVerdictNames[below(4)].first}; }
  std::optional<double> maybe_number() { return coin() ? std::optional(number()) : std::nullopt; }
  std::vector<double> numbers() {
    std::vector<double> values(below(5));
    std::generate(values.begin(), values.end(), [&] { return number(); });
    return values;
  }

 private:
  std::mt19937_64 engine_;
};

GemmProblem random_problem(Draw& draw) {
  GemmProblem problem;
  problem.shape = {.m = draw.small(), .n = draw.small(), .k = draw.small()};
  problem.a = kDataTypes[draw.below(kDataTypes.size())].type;
  problem.b = kDataTypes[draw.below(kDataTypes.size())].type;
  problem.d = kDataTypes[draw.below(kDataTypes.size())].type;
  problem.scales = parse_scale_scheme(draw.one_of<const char*>(
                                          {"none", "tensor", "token", "channel", "token-channel"}))
                       .value();
  problem.bias = draw.coin();
  problem.sparsity = draw.coin() ? Sparsity::kDense : Sparsity::kTwoFour;
  return problem;
}

CacheState random_cache(Draw& draw) {
  return {.mode = draw.coin() ? CacheMode::kCold : CacheMode::kHot,
          .method = draw.one_of({CacheMethod::kNone, CacheMethod::kRotate, CacheMethod::kFlush}),
          .copies = draw.small(),
          .bytes_per_copy = draw.whole(),
          .last_level_cache_bytes = draw.whole(),
          .residency = kResidencyNames[draw.below(kResidencyNames.size())].first};
}

void add_measurement(Record& r, Draw& draw) {
  r.accuracy = Accuracy{draw.number(), draw.number(), draw.number(), draw.coin()};
  r.samples = Samples{draw.numbers(), draw.numbers(), draw.small(), draw.coin() ? 0.5 : 0};
  r.summary = Summary{.median_s = draw.number(),
                      .median_interval_s = draw.interval(),
                      .mean_s = draw.number(),
                      .std_s = draw.number(),
                      .min_s = draw.number(),
                      .host_median_s = draw.number(),
                      .samples = draw.small()};
  if (draw.coin()) r.vs_dense = draw.ratio();
  if (draw.coin()) r.vs_bf16 = draw.ratio();
}

Record random_record(Draw& draw) {
  Record r;
  r.mode = kBenchModeNames[draw.below(kBenchModeNames.size())].first;
  r.dtype = kDataTypes[draw.below(kDataTypes.size())].type;
  r.case_index = draw.small();
  r.problem = random_problem(draw);
  r.executed = {.m = draw.small(), .n = draw.small(), .k = draw.small()};
  r.model = draw.text();
  r.layer = draw.text();
  r.tensor_parallel = draw.small();
  r.provider = draw.text();
  r.provider_version = draw.text();
  r.kernel = draw.text();
  r.algorithm = draw.text();
  r.architecture = draw.text();
  for (std::uint64_t i = draw.below(3); i > 0; --i) r.lost_algorithms.push_back(draw.text());
  r.outcome = {kOutcomeNames[draw.below(kOutcomeNames.size())].first, draw.text()};
  r.cache = random_cache(draw);
  r.phases = {draw.number(), draw.number(), draw.number(),
              draw.number(), draw.number(), draw.number()};
  if (draw.coin()) add_measurement(r, draw);
  r.baseline = draw.text();
  r.bf16_baseline = draw.text();
  for (std::uint64_t i = draw.below(3); i > 0; --i)
    r.flags.push_back(kFlags[draw.below(kFlags.size())].flag);
  r.clocks = {draw.maybe_number(), draw.maybe_number(), draw.maybe_number(), draw.maybe_number(),
              draw.text()};
  r.read_roof_bytes_per_s = draw.number();
  r.seed = draw.whole();
  r.repro = draw.text();
  return r;
}

Environment random_environment(Draw& draw) {
  Environment e;
  for (std::string* text :
       {&e.twofour_version, &e.git_commit, &e.build_type, &e.compiler, &e.started_utc, &e.host_cpu,
        &e.operating_system, &e.operand_distribution, &e.device.id.name, &e.device.architecture,
        &e.device.last_level_cache_source}) {
    *text = draw.text();
  }
  for (std::uint64_t i = draw.below(3); i > 0; --i) e.argv.push_back(draw.text());
  e.started_unix_s = draw.small();
  e.load_average_1min = draw.number();
  e.seed = draw.whole();
  e.device.last_level_cache_bytes = draw.whole();
  e.device.id.kind = draw.coin() ? DeviceKind::kCpu : DeviceKind::kCuda;
  e.device.memory_bytes = draw.whole();
  e.device.threads = draw.small();
  e.device.details = {{draw.text(), draw.text()}, {draw.text(), draw.text()}};
  for (const DataTypeInfo& type : kDataTypes) {
    if (draw.coin()) e.roofs.multiply_adds_per_s[type.type] = draw.number();
    if (draw.coin()) e.roofs.sparse_multiply_adds_per_s[type.type] = draw.number();
  }
  e.roofs.read_bytes_per_s = draw.number();
  e.libraries = {{draw.text(), draw.text()}, {draw.text(), draw.text()}};
  return e;
}

/// Equal as bits: -0.0 is not 0.0.
bool same(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}
bool same(const std::optional<double>& a, const std::optional<double>& b) {
  return a.has_value() == b.has_value() && (!a || same(*a, *b));
}
bool same(const std::vector<double>& a, const std::vector<double>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](double x, double y) { return same(x, y); });
}
bool same(const Interval& a, const Interval& b) {
  return same(a.low, b.low) && same(a.high, b.high);
}
bool same(const Ratio& a, const Ratio& b) {
  return same(a.value, b.value) && same(a.interval, b.interval) && a.verdict == b.verdict;
}
bool same(const Accuracy& a, const Accuracy& b) {
  return same(a.max_error, b.max_error) && same(a.max_error_ratio, b.max_error_ratio) &&
         same(a.share_checked, b.share_checked) && a.exact == b.exact;
}
bool same(const Samples& a, const Samples& b) {
  return same(a.device_s, b.device_s) && same(a.host_s, b.host_s) &&
         a.launches_per_sample == b.launches_per_sample && same(a.rest_share, b.rest_share);
}
bool same(const Summary& a, const Summary& b) {
  return same(a.median_s, b.median_s) && same(a.median_interval_s, b.median_interval_s) &&
         same(a.mean_s, b.mean_s) && same(a.std_s, b.std_s) && same(a.min_s, b.min_s) &&
         same(a.host_median_s, b.host_median_s) && a.samples == b.samples;
}
bool same(const Phases& a, const Phases& b) {
  return same(a.operands_s, b.operands_s) && same(a.reference_s, b.reference_s) &&
         same(a.prepare_s, b.prepare_s) && same(a.plan_s, b.plan_s) &&
         same(a.verify_s, b.verify_s) && same(a.measure_s, b.measure_s);
}
bool same(const CacheState& a, const CacheState& b) {
  return a.mode == b.mode && a.method == b.method && a.copies == b.copies &&
         a.bytes_per_copy == b.bytes_per_copy &&
         a.last_level_cache_bytes == b.last_level_cache_bytes && a.residency == b.residency;
}
template <class T>
bool same(const std::optional<T>& a, const std::optional<T>& b) {
  return a.has_value() == b.has_value() && (!a || same(*a, *b));
}
bool same(const ClockSample& a, const ClockSample& b) {
  return same(a.core_mhz, b.core_mhz) && same(a.memory_mhz, b.memory_mhz) &&
         same(a.power_w, b.power_w) && same(a.temperature_c, b.temperature_c) &&
         a.throttle_reasons == b.throttle_reasons;
}

void expect_same(const Record& a, const Record& b) {
  EXPECT_EQ(a.schema_version, b.schema_version);
  EXPECT_EQ(a.mode, b.mode);
  EXPECT_EQ(a.dtype, b.dtype);
  EXPECT_EQ(a.case_index, b.case_index);
  EXPECT_TRUE(a.problem == b.problem);
  EXPECT_TRUE(a.executed == b.executed);
  EXPECT_EQ(a.model, b.model);
  EXPECT_EQ(a.layer, b.layer);
  EXPECT_EQ(a.tensor_parallel, b.tensor_parallel);
  EXPECT_EQ(a.provider, b.provider);
  EXPECT_EQ(a.provider_version, b.provider_version);
  EXPECT_EQ(a.kernel, b.kernel);
  EXPECT_EQ(a.algorithm, b.algorithm);
  EXPECT_EQ(a.architecture, b.architecture);
  EXPECT_EQ(a.lost_algorithms, b.lost_algorithms);
  EXPECT_EQ(a.outcome.kind, b.outcome.kind);
  EXPECT_EQ(a.outcome.reason, b.outcome.reason);
  EXPECT_TRUE(same(a.cache, b.cache));
  EXPECT_TRUE(same(a.phases, b.phases));
  EXPECT_TRUE(same(a.accuracy, b.accuracy));
  EXPECT_TRUE(same(a.samples, b.samples));
  EXPECT_TRUE(same(a.summary, b.summary));
  EXPECT_EQ(a.baseline, b.baseline);
  EXPECT_TRUE(same(a.vs_dense, b.vs_dense));
  EXPECT_EQ(a.bf16_baseline, b.bf16_baseline);
  EXPECT_TRUE(same(a.vs_bf16, b.vs_bf16));
  EXPECT_EQ(a.flags, b.flags);
  EXPECT_TRUE(same(a.clocks, b.clocks));
  EXPECT_EQ(a.read_roof_bytes_per_s, b.read_roof_bytes_per_s);
  EXPECT_EQ(a.seed, b.seed);
  EXPECT_EQ(a.repro, b.repro);
}

bool same(const std::map<DataType, double>& a, const std::map<DataType, double>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.first == y.first && same(x.second, y.second);
  });
}

void expect_same(const Environment& a, const Environment& b) {
  EXPECT_EQ(a.schema_version, b.schema_version);
  EXPECT_EQ(a.twofour_version, b.twofour_version);
  EXPECT_EQ(a.git_commit, b.git_commit);
  EXPECT_EQ(a.build_type, b.build_type);
  EXPECT_EQ(a.compiler, b.compiler);
  EXPECT_EQ(a.argv, b.argv);
  EXPECT_EQ(a.started_utc, b.started_utc);
  EXPECT_EQ(a.started_unix_s, b.started_unix_s);
  EXPECT_EQ(a.host_cpu, b.host_cpu);
  EXPECT_EQ(a.operating_system, b.operating_system);
  EXPECT_TRUE(same(a.load_average_1min, b.load_average_1min));
  EXPECT_EQ(a.seed, b.seed);
  EXPECT_EQ(a.operand_distribution, b.operand_distribution);
  EXPECT_TRUE(a.device.id == b.device.id);
  EXPECT_EQ(a.device.architecture, b.device.architecture);
  EXPECT_EQ(a.device.last_level_cache_bytes, b.device.last_level_cache_bytes);
  EXPECT_EQ(a.device.last_level_cache_source, b.device.last_level_cache_source);
  EXPECT_EQ(a.device.memory_bytes, b.device.memory_bytes);
  EXPECT_EQ(a.device.threads, b.device.threads);
  EXPECT_EQ(a.device.details, b.device.details);
  EXPECT_TRUE(same(a.roofs.multiply_adds_per_s, b.roofs.multiply_adds_per_s));
  EXPECT_TRUE(same(a.roofs.sparse_multiply_adds_per_s, b.roofs.sparse_multiply_adds_per_s));
  EXPECT_TRUE(same(a.roofs.read_bytes_per_s, b.roofs.read_bytes_per_s));
  EXPECT_EQ(a.libraries, b.libraries);
}

TEST(RoundTrip, OfRandomRecordsKeepsEveryMember) {
  Draw draw(4);
  for (int i = 0; i < 500; ++i) {
    const Record record = random_record(draw);
    const std::string line = record_json(record);
    EXPECT_EQ(line.find('\n'), std::string::npos);
    expect_same(record, parse_record_json(line));
    if (HasFailure()) FAIL() << line;
  }
}

TEST(RoundTrip, OfRandomEnvironmentsKeepsEveryMember) {
  Draw draw(5);
  for (int i = 0; i < 500; ++i) {
    const Environment environment = random_environment(draw);
    const std::string line = environment_json(environment);
    EXPECT_EQ(line.find('\n'), std::string::npos);
    expect_same(environment, parse_environment_json(line));
    if (HasFailure()) FAIL() << line;
  }
}

TEST(RoundTrip, TurnsWhatIsNotFiniteIntoNan) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  Draw draw(6);
  Record record = random_record(draw);
  add_measurement(record, draw);
  record.samples->device_s = {1, kInfinity, std::numeric_limits<double>::quiet_NaN()};
  record.summary->mean_s = -kInfinity;
  record.clocks.power_w = kInfinity;
  const std::string line = record_json(record);
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
  Draw draw(7);
  Record record = random_record(draw);
  record.outcome.reason =
      "\xff"
      "bad\xc3";
  EXPECT_EQ(parse_record_json(record_json(record)).outcome.reason,
            "\xef\xbf\xbd"
            "bad\xef\xbf\xbd");
}

}  // namespace
}  // namespace twofour::report
