// What a report says of clocks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "report/machine.h"

namespace twofour::report {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

Record gpu_row(std::optional<double> driver_mhz, std::optional<double> effective_mhz) {
  Record record;
  record.device = DeviceId{.kind = DeviceKind::kCuda, .name = "Invented GPU"};
  record.summary = Summary{.median_s = 1e-5, .samples = 10};
  record.clocks = {.core_mhz = driver_mhz, .effective_sm_mhz = effective_mhz};
  record.clocks.throttle_reasons = "";
  return record;
}

std::vector<std::string> facts_of(const std::vector<Record>& records) {
  Environment environment;
  environment.device.details["max_sm_clock_mhz"] = "1980";
  RowFacts facts;
  for (const Record& record : records) facts.add(record);
  return machine_facts(environment, facts);
}

TEST(ClockFact, HasTheEffectiveClockBesideTheDrivers) {
  EXPECT_THAT(facts_of({gpu_row(1830, 1640), gpu_row(1980, 1975)}),
              Contains("Clock while rows were measured: 1830 to 1980 MHz of at most 1980 by the "
                       "driver, 1640 to 1975 MHz by cycles of the SMs over time (2 rows); throttle "
                       "reasons: none (2 rows)."));
}

TEST(ClockFact, IsSilentOfWhatWasNotMeasured) {
  EXPECT_THAT(facts_of({gpu_row(1830, std::nullopt)}),
              Contains("Clock while rows were measured: 1830 to 1830 MHz of at most 1980; throttle "
                       "reasons: none (1 row)."));
  EXPECT_THAT(facts_of({gpu_row(std::nullopt, std::nullopt)}), Not(Contains(HasSubstr("Clock"))));
}

TEST(ClockFact, DoesWithoutADriverThatTellsOne) {
  EXPECT_THAT(facts_of({gpu_row(std::nullopt, 1640)}),
              Contains(HasSubstr("1640 to 1640 MHz by cycles of the SMs over time (1 row)")));
}

}  // namespace
}  // namespace twofour::report
