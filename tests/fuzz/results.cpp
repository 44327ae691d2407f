// A .jsonl: refused with a message, or results that every format shows and that are written and
// read again.
#include <stdexcept>
#include <string>
#include <vector>

#include "fuzz.h"
#include "report/attempt.h"
#include "report/formats.h"
#include "report/report.h"

namespace twofour::fuzz {
namespace {

void read_attempt(std::string_view line) {
  try {
    if (report::is_attempt_json(line)) report::parse_attempt_json(line);
  } catch (const std::invalid_argument& error) {
    require_message(error.what());
  }
}

void read(std::string_view text) {
  try {
    const std::vector<report::Run> runs = report::parse_runs("file", text);
    for (const report::Format& format : report::formats()) {
      report::document(format, runs, {.width = 80, .height = 24});
    }
    std::string again;
    for (const report::Run& run : runs) {
      again += report::environment_json(run.environment) + "\n";
      for (const Record& record : run.records) again += report::record_json(record) + "\n";
    }
    require(report::parse_runs("file", again).size() == runs.size());
  } catch (const std::invalid_argument& error) {
    require_message(error.what());
  }
}

}  // namespace
}  // namespace twofour::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = twofour::fuzz::text_of(data, size);
  twofour::fuzz::read(text);
  twofour::fuzz::read_attempt(text.substr(0, text.find('\n')));
  return 0;
}
