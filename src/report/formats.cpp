#include "report/formats.h"

#include <algorithm>
#include <array>

#include "report/html/page.h"
#include "report/results.h"

namespace twofour::report {
namespace {

constexpr OnTerminal kTableOnTerminal{table_case_on, table_summary_on, table_document_on};

constexpr Pieces kCsvPieces{[] { return csv({}); }, nullptr, append_csv_row, nullptr};
constexpr Pieces kJsonlPieces{nullptr, jsonl_opening,
                              [](const Record& record, std::string& text) {
                                text += jsonl_rows({&record, 1});
                              },
                              nullptr};
constexpr Pieces kPicklePieces{pickle_begin, nullptr,
                               [](const Record& record, std::string& text) {
                                 text += pickle_rows({&record, 1});
                               },
                               pickle_end};

constexpr std::array kFormats{
    Format{"table", ".txt", true, false, table_opening, table_case, table_document,
           &kTableOnTerminal, false, nullptr, write_table},
    Format{"md", ".md", true, false, markdown_opening, markdown_case,
           [](std::span<const Run> runs) { return markdown_document(runs); }, nullptr, false,
           nullptr,
           [](const Results& results, const Display& /*display*/, Write write) {
             write(markdown_document(results));
           }},
    Format{"csv", ".csv", true, false, nullptr, nullptr, csv_document, nullptr, false, &kCsvPieces},
    Format{"jsonl", ".jsonl", true, true, jsonl_opening, jsonl_rows, jsonl_document, nullptr, true,
           &kJsonlPieces},
    Format{"pkl", ".pkl", false, false, nullptr, nullptr, pickle_document, nullptr, true,
           &kPicklePieces},
    Format{"html", ".html", false, false, nullptr, nullptr,
           [](std::span<const Run> runs) { return html_document(runs); }, nullptr, true, nullptr,
           [](const Results& results, const Display& /*display*/, Write write) {
             write(html_document(results, {}));
           }},
};

template <class Holds>
std::string names_of(Holds holds) {
  std::string names;
  for (const Format& format : kFormats) {
    if (!holds(format)) continue;
    if (!names.empty()) names += ", ";
    names += format.name;
  }
  return names;
}

}  // namespace

std::span<const Format> formats() { return kFormats; }

const Format* find_format(std::string_view name) {
  const auto* const found = std::find_if(kFormats.begin(), kFormats.end(),
                                         [&](const Format& format) { return format.name == name; });
  return found == kFormats.end() ? nullptr : found;
}

std::string document(const Format& format, std::span<const Run> runs, const Display& display) {
  return format.on_terminal != nullptr ? format.on_terminal->document(runs, display)
                                       : format.document(runs);
}

std::string stdout_format_names() {
  return names_of([](const Format& format) { return format.on_stdout; });
}

std::string format_names() {
  return names_of([](const Format&) { return true; });
}

}  // namespace twofour::report
