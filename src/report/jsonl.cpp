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
  const std::vector<std::vector<const Record*>> kept = kept_rows(runs);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    text += jsonl_opening(runs[i].environment);
    for (const Record* record : kept[i]) text += jsonl_rows({record, 1});
  }
  return text;
}

}  // namespace twofour::report
