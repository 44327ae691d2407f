#include "report/formats.h"

#include <algorithm>
#include <array>

namespace twofour::report {
namespace {

constexpr std::array kFormats{
    Format{"table", ".txt", true, false, table_opening, table_case, table_closing},
    Format{"md", ".md", true, false, markdown_opening, markdown_case, markdown_closing},
    Format{"csv", ".csv", true, false, nullptr, nullptr, csv},
    Format{"jsonl", ".jsonl", true, true, jsonl_opening, jsonl_rows, nullptr},
    Format{"pkl", ".pkl", false, false, nullptr, nullptr, pickle},
};

}  // namespace

std::span<const Format> formats() { return kFormats; }

const Format* find_format(std::string_view name) {
  const auto* const found = std::find_if(kFormats.begin(), kFormats.end(),
                                         [&](const Format& format) { return format.name == name; });
  return found == kFormats.end() ? nullptr : found;
}

std::string stdout_format_names() {
  std::string names;
  for (const Format& format : kFormats) {
    if (!format.on_stdout) continue;
    if (!names.empty()) names += ", ";
    names += format.name;
  }
  return names;
}

std::string document(const Format& format, const Environment& environment,
                     std::span<const Record> records) {
  std::string text;
  if (format.opening != nullptr) text += format.opening(environment);
  if (format.row_by_row && format.case_block != nullptr) text += format.case_block(records);
  if (format.closing != nullptr) text += format.closing(records);
  return text;
}

}  // namespace twofour::report
