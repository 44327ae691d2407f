// Every member of a result line with its path, and where it is in the .csv.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "report/field.h"

namespace twofour::report {

struct DescribedField {
  std::string path;  ///< "problem.m"
  const FieldBase* field = nullptr;
  std::vector<std::string> columns;  ///< in the order of its cells
};

/// In the order of the .jsonl; an object comes before its members.
std::vector<DescribedField> described(const FieldList& fields);

/// A column of the .csv, and which of a record's cells (in the order of the fields) stands there.
struct CsvColumn {
  std::string name;
  std::size_t cell = 0;
};

/// In the order of the .csv. Throws std::logic_error where a column should stand behind one that
/// there is not.
std::vector<CsvColumn> csv_columns(const FieldList& fields);

/// A header line and a line for each of `rows`, which have the cells of `fields`; quoted as in RFC
/// 4180. Lines end in LF alone.
std::string csv_text(const FieldList& fields, std::span<const Cells> rows);

/// A table of Markdown with a row for each member.
std::string fields_markdown(const FieldList& fields);

/// A JSON Schema (draft 2020-12) of an object that has these members.
std::string object_schema_text(const char* title, const FieldList& fields);

/// JSON Schemas of the two kinds of lines of a result file.
std::string record_schema();
std::string environment_schema();

}  // namespace twofour::report
