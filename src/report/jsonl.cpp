#include "report/formats.h"
#include "report/report.h"
#include "report/results.h"

namespace twofour::report {

std::string jsonl_opening(const Environment& environment) {
  return environment_json(environment) + "\n";
}

std::string jsonl_rows(std::span<const Record> records) {
  std::string text;
  for (const Record& record : records) text += record_json(record) + "\n";
  return text;
}

std::string jsonl_document(std::span<const Run> runs) {
  std::string text;
  for (const Run& run : without_doubles(runs)) {
    text += jsonl_opening(run.environment) + jsonl_rows(run.records);
  }
  return text;
}

}  // namespace twofour::report
