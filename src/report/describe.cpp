#include "report/describe.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <deque>
#include <stdexcept>

#include "report/codecs.h"

namespace twofour::report {
namespace {

/// A column with the one that it stands behind; none: where its cell is.
struct Placed {
  std::string name;
  std::string after;
};

std::deque<Placed> own_columns(const FieldBase& field) {
  std::deque<Placed> columns;
  for (const std::string_view name : field.csv) {
    if (name.empty()) break;
    // The columns of one field stay together.
    const std::string after = field.after.empty() ? std::string()
                              : columns.empty()   ? std::string(field.after)
                                                  : columns.back().name;
    columns.push_back({std::string(name), after});
  }
  return columns;
}

struct Walk {
  std::vector<DescribedField> fields;
  std::vector<Placed> columns;  ///< in the order of the cells

  /// `given` are the columns that an object around the members named for them.
  void add(const FieldList& list, const std::string& prefix, std::deque<Placed>* given) {
    for (const FieldBase* field : list) {
      std::deque<Placed> own = own_columns(*field);
      const std::size_t entry = fields.size();
      fields.push_back({prefix + std::string(field->name), field, {}});
      if (const FieldList inner = field->inner(); !inner.empty()) {
        add(inner, fields[entry].path + ".", given != nullptr || own.empty() ? given : &own);
        continue;
      }
      for (Placed& column : own) {
        if (given != nullptr) {
          column = given->front();
          given->pop_front();
        }
        fields[entry].columns.push_back(column.name);
        columns.push_back(std::move(column));
      }
    }
  }
};

Walk walk(const FieldList& fields) {
  Walk walk;
  walk.add(fields, "", nullptr);
  return walk;
}

/// One line where that is short, else a line for each member.
std::string pretty(const Json& json, std::size_t indent) {
  constexpr std::size_t kWidth = 110;
  const std::string inside(indent + 2, ' ');
  std::vector<std::string> parts;
  std::size_t width = indent;
  const auto add = [&](std::string part) {
    width += part.size() + 2;
    parts.push_back(std::move(part));
  };
  if (!json.is_structured()) return json.dump();
  for (const auto& [key, value] : json.items()) {
    add((json.is_object() ? Json(key).dump() + ": " : "") + pretty(value, indent + 2));
  }
  const char open = json.is_object() ? '{' : '[';
  const char close = json.is_object() ? '}' : ']';
  const bool several_lines = std::any_of(parts.begin(), parts.end(), [](const std::string& part) {
    return part.find('\n') != std::string::npos;
  });
  if (width <= kWidth && !several_lines)
    return fmt::format("{}{}{}", open, fmt::join(parts, ", "), close);
  return fmt::format("{}\n{}{}\n{}{}", open, inside, fmt::join(parts, ",\n" + inside),
                     std::string(indent, ' '), close);
}

Json titled(const char* title, const Json& object) {
  Json schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", title}};
  for (const auto& [key, value] : object.items()) schema[key] = value;
  return schema;
}

}  // namespace

std::vector<DescribedField> described(const FieldList& fields) { return walk(fields).fields; }

std::vector<CsvColumn> csv_columns(const FieldList& fields) {
  const std::vector<Placed> placed = walk(fields).columns;
  std::vector<CsvColumn> columns;
  for (std::size_t i = 0; i < placed.size(); ++i) {
    if (placed[i].after.empty()) columns.push_back({placed[i].name, i});
  }
  for (std::size_t i = 0; i < placed.size(); ++i) {
    if (placed[i].after.empty()) continue;
    const auto before = std::find_if(columns.begin(), columns.end(), [&](const CsvColumn& column) {
      return column.name == placed[i].after;
    });
    if (before == columns.end()) {
      throw std::logic_error(fmt::format("column '{}' stands behind '{}', which there is not",
                                         placed[i].name, placed[i].after));
    }
    columns.insert(before + 1, {placed[i].name, i});
  }
  return columns;
}

std::string fields_markdown(const FieldList& fields) {
  std::string text = "| Member | Unit | In the .csv | Meaning |\n|---|---|---|---|\n";
  for (const DescribedField& d : described(fields)) {
    std::vector<std::string> columns;
    columns.reserve(d.columns.size());
    for (const std::string& name : d.columns) columns.push_back("`" + name + "`");
    text +=
        fmt::format("| `{}` | {} | {} | {}{}{} |\n", d.path, d.field->unit,
                    fmt::join(columns, ", "), d.field->meaning, d.field->derived ? "; derived" : "",
                    d.field->since > 1 ? fmt::format("; since version {}", d.field->since) : "");
  }
  return text;
}

std::string record_schema() {
  Json schema = titled("One result of twofour: a line of a .jsonl but the first (docs/records.md)",
                       object_schema(list_of(record_fields())));
  // Exactly what was measured has samples and what follows from them.
  const auto each = [](std::initializer_list<const char*> names, const char* type) {
    Json properties = Json::object();
    for (const char* name : names) properties[name] = {{"type", type}};
    return Json{{"properties", properties}};
  };
  schema["if"] = {
      {"properties", {{"outcome", {{"properties", {{"kind", {{"enum", {"ok", "unstable"}}}}}}}}}}};
  schema["then"] = each({"summary", "samples", "accuracy"}, "object");
  schema["else"] = each(
      {"summary", "samples", "vs_dense", "vs_bf16", "dense_equivalent_tflops", "executed_tflops"},
      "null");
  return pretty(schema, 0) + "\n";
}

std::string object_schema_text(const char* title, const FieldList& fields) {
  return pretty(titled(title, object_schema(fields)), 0) + "\n";
}

std::string environment_schema() {
  return object_schema_text(
      "What a run of twofour ran on: the first line of a .jsonl (docs/records.md)",
      list_of(environment_fields()));
}

}  // namespace twofour::report
