#include "report/formats.h"
#include "report/report.h"

namespace twofour::report {

std::string jsonl_opening(const Environment& environment) {
  return environment_json(environment) + "\n";
}

std::string jsonl_rows(std::span<const Record> records) {
  std::string text;
  for (const Record& record : records) text += record_json(record) + "\n";
  return text;
}

}  // namespace twofour::report
