// The mock must be what it claims, before anything is judged by it.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <memory>

#include "operands/number_formats.h"
#include "providers/mock/config.h"
#include "providers/mock/operation.h"
#include "providers/mock/product.h"
#include "support/fake_device.h"

namespace twofour::providers::mock {
namespace {

template <class T>
Buffer buffer_of(std::vector<T> values) {
  auto owner = std::make_shared<std::vector<T>>(std::move(values));
  const std::size_t bytes = owner->size() * sizeof(T);
  return {owner->data(), bytes, [owner](void*) {}};
}

/// A [2][4], B [2][4], one scale for each row and each column.
operands::Operands small_operands() {
  operands::Operands o;
  o.a = buffer_of<std::int8_t>({1, 2, 3, 4, -128, 0, 0, 1});
  o.b = buffer_of<std::int8_t>({5, 0, 6, 0, 0, 127, 0, -1});
  o.scale_a = buffer_of<float>({0.5F, 2});
  o.scale_b = buffer_of<float>({1, 4});
  o.bias_bf16 = buffer_of<std::uint16_t>({operands::float_to_bf16(1), operands::float_to_bf16(-3)});
  return o;
}

GemmProblem small_problem(bool bias) {
  return {.shape = {.m = 2, .n = 2, .k = 4},
          .scales = *parse_scale_scheme("token-channel"),
          .bias = bias};
}

std::vector<float> floats(const std::vector<std::uint16_t>& codes) {
  std::vector<float> values;
  values.reserve(codes.size());
  for (const std::uint16_t code : codes) values.push_back(operands::bf16_to_float(code));
  return values;
}

TEST(MockProduct, ScalesThenAddsTheBiasThenRounds) {
  // Sums: 1*5 + 3*6 = 23, 2*127 - 4 = 250, -128*5 = -640, -1.
  EXPECT_THAT(floats(product_bf16(small_problem(false), small_operands())),
              ::testing::ElementsAre(11.5F, 500, -1280, -8));
  EXPECT_THAT(floats(product_bf16(small_problem(true), small_operands())),
              ::testing::ElementsAre(12.5F, 496, -1280, -11));  // 497 and -1279 are no bfloat16
}

/// D after prepare() and one launch, each element 7 before.
std::vector<std::uint16_t> launched(std::string_view config_text) {
  MockOperation operation(parse_config(config_text), "mock_mm", small_problem(true));
  testing::FakeDevice device;
  const operands::Operands operands = small_operands();
  std::vector<std::uint16_t> d(4, 7);
  operation.prepare({.device = device, .operands = operands, .d = d.data()});
  operation.launch({});
  return d;
}

TEST(MockOperation, WritesTheProduct) {
  EXPECT_EQ(launched("{}"), product_bf16(small_problem(true), small_operands()));
}

TEST(MockOperation, NeverReturnsBeforeItsDurationIsOver) {
  const auto start = std::chrono::steady_clock::now();
  launched(R"({"dense_us": 3000, "noise": 0})");
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::microseconds(3000));
}

TEST(MockOperation, FaultsAreWhatTheirNamesSay) {
  const auto right = product_bf16(small_problem(true), small_operands());
  const auto wrong = launched(R"({"fault": {"kind": "wrong_element"}})");
  int differing = 0;
  for (std::size_t i = 0; i < right.size(); ++i) differing += right[i] != wrong[i] ? 1 : 0;
  EXPECT_EQ(differing, 1);

  auto unwritten = right;
  unwritten.back() = 7;
  EXPECT_EQ(launched(R"({"fault": {"kind": "unwritten"}})"), unwritten);
  EXPECT_EQ(launched(R"({"fault": {"kind": "slow_first"}})"), right);
  EXPECT_THROW(launched(R"({"fault": {"kind": "throw_in_prepare"}})"), std::runtime_error);
  EXPECT_THROW(launched(R"({"fault": {"kind": "throw_in_launch"}})"), std::runtime_error);
  EXPECT_THROW(launched(R"({"fault": {"kind": "device_lost"}})"), device::DeviceLost);
}

/// Remembers what was tried last.
class Log final : public SearchLog {
 public:
  explicit Log(std::vector<std::string> avoid) : avoid_(std::move(avoid)) {}
  std::vector<std::string> avoid(const SearchScope& /*scope*/) override { return avoid_; }
  void trying(const std::string& algorithm, const SearchScope& /*scope*/) override {
    tried_ = algorithm;
  }
  void tried() override { tried_.clear(); }
  [[nodiscard]] const std::string& in_hand() const { return tried_; }

 private:
  std::vector<std::string> avoid_;
  std::string tried_;
};

/// The algorithm that plan() loses the device with; empty: none.
std::string lost_in_plan(MockOperation& operation, const std::vector<std::string>& avoid) {
  testing::FakeDevice device;
  Log log(avoid);
  try {
    operation.plan({.device = device, .log = &log});
  } catch (const device::DeviceLost& error) {
    EXPECT_EQ(error.what(), "the mock was told to lose the device in a search");
  }
  return log.in_hand();
}

TEST(MockOperation, ItsSearchLosesTheDeviceOnceForEachAlgorithm) {
  const Config config = parse_config(R"({"fault": {"kind": "lost_in_search", "algorithms": 2}})");
  MockOperation operation(config, "mock_mm", small_problem(true));
  EXPECT_EQ(lost_in_plan(operation, {}), "algorithm=0");
  EXPECT_EQ(lost_in_plan(operation, {"algorithm=0"}), "algorithm=1");
  EXPECT_EQ(lost_in_plan(operation, {"algorithm=1"}), "algorithm=0");
  EXPECT_EQ(lost_in_plan(operation, {"algorithm=0", "algorithm=1"}), "");
  EXPECT_EQ(operation.algorithm(), "algorithm=2");
  MockOperation sound(parse_config("{}"), "mock_mm", small_problem(true));
  EXPECT_EQ(lost_in_plan(sound, {}), "");
}

TEST(MockOperation, CrashesEndTheProcessByTheirSignal) {
  const auto launch = [](const char* kind) {
    return [text = fmt::format(R"({{"fault": {{"kind": "{}"}}}})", kind)] { launched(text); };
  };
  EXPECT_EXIT(launch("crash_segv")(), ::testing::KilledBySignal(SIGSEGV), "");
  EXPECT_EXIT(launch("crash_abrt")(), ::testing::KilledBySignal(SIGABRT), "");
  EXPECT_EXIT(launch("crash_ill")(), ::testing::KilledBySignal(SIGILL), "");
  EXPECT_EXIT(launch("crash_in_prepare")(), ::testing::KilledBySignal(SIGSEGV), "");
}

TEST(MockConfig, SaysWhatIsWrong) {
  const auto message = [](std::string_view text) -> std::string {
    try {
      parse_config(text);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_THAT(message("{"), ::testing::StartsWith("TWOFOUR_MOCK: not JSON: "));
  EXPECT_EQ(message("[1]"),
            "TWOFOUR_MOCK: it is [1]; allowed: an object with the fields dense_us, sparse_us, "
            "dense_us_per_row, sparse_us_per_row, "
            "noise, seed, sleeps, algorithms, fault");
  EXPECT_EQ(message(R"({"dense": 1})"),
            "TWOFOUR_MOCK: it is given the field \"dense\"; allowed: dense_us, sparse_us, "
            "dense_us_per_row, sparse_us_per_row, noise, seed, "
            "sleeps, algorithms, fault");
  EXPECT_EQ(message(R"({"dense_us": -1})"),
            "TWOFOUR_MOCK: dense_us is -1; allowed: a number from 0 to 10000000");
  EXPECT_EQ(message(R"({"seed": "x"})"),
            "TWOFOUR_MOCK: seed is \"x\"; allowed: a whole number from 0 to "
            "18446744073709551615");
  EXPECT_EQ(message(R"({"sleeps": 1})"), "TWOFOUR_MOCK: sleeps is 1; allowed: true or false");
  EXPECT_EQ(message(R"({"sleeps": true})"), "accepted");
  EXPECT_EQ(message(R"({"fault": {"kind": "explode"}})"),
            "TWOFOUR_MOCK: fault.kind is \"explode\"; allowed: wrong_element, unwritten, "
            "throw_in_prepare, throw_in_launch, unsupported, hang, slow_first, device_lost, "
            "lost_in_search, hang_in_search, crash_segv, crash_abrt, crash_ill, crash_in_prepare, "
            "crash_in_search, prints");
  EXPECT_EQ(message(R"({"fault": {"kind": "hang", "kernel": "("}})"),
            "TWOFOUR_MOCK: fault.kernel is \"(\"; allowed: a regular expression of at most 500 "
            "characters");
  EXPECT_EQ(message(R"({"fault": {"kind": "hang", "case_m": 1.5}})"),
            "TWOFOUR_MOCK: case_m is 1.5; allowed: a whole number from 0 to "
            "9223372036854775807");
  EXPECT_EQ(message("{}"), "accepted");
}

TEST(MockConfig, AFaultStrikesWhereItWasTold) {
  const Config config =
      parse_config(R"({"fault": {"kind": "unwritten", "kernel": "sparse", "case_m": 2}})");
  EXPECT_EQ(config.fault_of("mock_sparse_mm", small_problem(false)), FaultKind::kUnwritten);
  EXPECT_EQ(config.fault_of("mock_mm", small_problem(false)), std::nullopt);
  GemmProblem other = small_problem(false);
  other.shape.m = 3;
  EXPECT_EQ(config.fault_of("mock_sparse_mm", other), std::nullopt);
}

}  // namespace
}  // namespace twofour::providers::mock
