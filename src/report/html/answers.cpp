// The answer: a word, a sentence, and what to be careful about. One for each device and type.
#include <fmt/format.h>

#include <algorithm>

#include "report/answer.h"
#include "report/html/escape.h"
#include "report/html/sections.h"
#include "report/left_out.h"
#include "report/pattern_text.h"

namespace twofour::report::html {
namespace {

std::string_view tone(std::string_view word) {
  if (word == "Yes") return "yes";
  if (word == "No") return "no";
  return word.starts_with("Not") ? "unknown" : "part";
}

std::string paragraph(std::string_view classes, std::string_view text) {
  if (text.empty()) return {};
  return fmt::format("<p{}>{}</p>\n", classes.empty() ? "" : fmt::format(" class=\"{}\"", classes),
                     name(text, 1200));
}

std::string capital(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 32);
  return text + ".";
}

/// A line, and the reasons behind it folded away.
std::string without_result(std::span<const Record> records) {
  const std::vector<std::string> lines = rows_without_result(records);
  if (lines.empty()) return {};
  std::string_view first = lines.front();
  if (first.ends_with(':')) first.remove_suffix(1);
  std::string html =
      fmt::format("<details class=\"soft\">\n<summary>{}</summary>\n<ul>\n", name(first, 200));
  for (std::size_t i = 1; i < lines.size(); ++i) {
    html += fmt::format("<li>{}</li>\n", name(lines[i], 400));
  }
  return html + "</ul>\n</details>\n";
}

std::string one(const Group& group, const Sweep& sweep) {
  const AnswerParts parts = answer_parts(sweep.records);
  std::string html =
      fmt::format("<div class=\"answer {}\">\n<h3>{}, {}{} {}</h3>\n<p class=\"word\">{}</p>\n",
                  tone(parts.word), name(group.name, 80), info(sweep.dtype).cli_name,
                  pattern_mark(sweep.pattern), to_string(sweep.mode), escape(parts.word));
  html += paragraph("", capital(parts.finding));
  html += paragraph("", parts.reasons);
  html += paragraph("", parts.load);
  html += paragraph("warning", parts.caution);
  html += paragraph("soft", parts.control);
  for (const std::string& line : verdict_counts(sweep.records)) html += paragraph("soft", line);
  return html + without_result(sweep.records) + "</div>\n";
}

}  // namespace

std::string answers(const Contents& contents) {
  std::string html;
  for (const Group& group : contents.groups) {
    for (const Sweep& sweep : group.device->sweeps) html += one(group, sweep);
  }
  if (html.empty()) {
    html =
        "<div class=\"answer unknown\">\n<p class=\"word\">Not known</p>\n"
        "<p>There are no results.</p>\n</div>\n";
  }
  html = "<div class=\"answers\">\n" + html + "</div>\n";
  html += paragraph("warning", note_of_some(contents.groups));
  for (const std::string& line : contents.results.left_out) {
    html += paragraph("warning", "Left out: " + line + ".");
  }
  return html;
}

}  // namespace twofour::report::html
