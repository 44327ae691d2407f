#include "report/columns.h"
#include "report/report.h"

namespace twofour::report {
namespace {

/// RFC 4180, section 2: a field with a comma, a quote or a line break is quoted, quotes doubled.
void append_field(std::string& line, std::string_view field) {
  if (field.find_first_of(",\"\r\n") == std::string_view::npos) {
    line += field;
    return;
  }
  line += '"';
  for (const char c : field) {
    if (c == '"') line += '"';
    line += c;
  }
  line += '"';
}

template <class Text>
void append_line(std::string& text, Text text_of) {
  bool first = true;
  for (const Column& column : columns()) {
    if (column.value == nullptr) continue;
    if (!first) text += ',';
    first = false;
    append_field(text, text_of(column));
  }
  text += '\n';
}

}  // namespace

std::string csv(std::span<const Record> records) {
  std::string text;
  append_line(text, [](const Column& column) { return column.name; });
  for (const Record& record : records) {
    append_line(text, [&](const Column& column) { return column.value(record); });
  }
  return text;
}

}  // namespace twofour::report
