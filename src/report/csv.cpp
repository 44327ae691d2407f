#include <utility>

#include "report/describe.h"
#include "report/formats.h"
#include "report/results.h"

namespace twofour::report {
namespace {

/// RFC 4180, section 2: a field with a comma, a quote or a line break is quoted, quotes doubled. A
/// NUL, where readers end a text, becomes U+FFFD.
void append_cell(std::string& line, std::string_view cell) {
  const bool quoted = cell.find_first_of(",\"\r\n") != std::string_view::npos;
  if (quoted) line += '"';
  for (const char c : cell) {
    if (c == '"') line += '"';
    if (c == '\0') {
      line += "\uFFFD";
    } else {
      line += c;
    }
  }
  if (quoted) line += '"';
}

template <class Text>
void append_line(std::string& text, const std::vector<CsvColumn>& columns, Text text_of) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) text += ',';
    append_cell(text, text_of(columns[i]));
  }
  text += '\n';
}

}  // namespace

std::string csv_text(const FieldList& fields, std::span<const Cells> rows) {
  const std::vector<CsvColumn> columns = csv_columns(fields);
  std::string text;
  append_line(text, columns, [](const CsvColumn& column) { return column.name; });
  for (const Cells& cells : rows) {
    append_line(text, columns, [&](const CsvColumn& column) { return cells.at(column.cell); });
  }
  return text;
}

namespace {

/// The columns of a .csv of records, which are many to gather for each row.
const std::vector<CsvColumn>& record_columns() {
  static const std::vector<CsvColumn> columns = csv_columns(list_of(record_fields()));
  return columns;
}

}  // namespace

void append_csv_row(const Record& record, std::string& text) {
  const Cells cells = cells_of(record_fields(), record);
  append_line(text, record_columns(),
              [&](const CsvColumn& column) -> std::string_view { return cells.at(column.cell); });
}

std::string csv(std::span<const Record> records) {
  std::string text;
  append_line(text, record_columns(),
              [](const CsvColumn& column) -> std::string_view { return column.name; });
  for (const Record& record : records) append_csv_row(record, text);
  return text;
}

std::string csv_document(std::span<const Run> runs) {
  std::string text = csv({});
  for (const std::vector<const Record*>& rows : kept_rows(runs)) {
    for (const Record* record : rows) append_csv_row(*record, text);
  }
  return text;
}

}  // namespace twofour::report
