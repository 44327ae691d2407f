#include "compare/formats.h"

#include <algorithm>
#include <array>

#include "compare/change_fields.h"

namespace twofour::compare {
namespace {

using report::Display;
using report::Write;
using Changes = std::span<const Change>;

/// Of some changes at once.
void in_pieces(Changes changes, FunctionRef<void(Changes)> write) {
  constexpr std::size_t kChangesOfAPiece = 1000;
  for (std::size_t i = 0; i < changes.size(); i += kChangesOfAPiece) {
    write(changes.subspan(i, std::min(kChangesOfAPiece, changes.size() - i)));
  }
}

void write_csv(const Comparison& comparison, const Display& /*display*/, Write write) {
  const std::string heading = changes_csv({});
  write(heading);
  in_pieces(comparison.changes, [&](Changes piece) {
    write(std::string_view(changes_csv(piece)).substr(heading.size()));
  });
}

void write_jsonl(const Comparison& comparison, const Display& /*display*/, Write write) {
  in_pieces(comparison.changes, [&](Changes piece) { write(changes_jsonl(piece)); });
}

constexpr std::array kFormats{
    Format{"table", false, write_table},
    Format{"md", false,
           [](const Comparison& c, const Display&, Write write) { write(markdown(c)); }},
    Format{"csv", false, write_csv},
    Format{"jsonl", false, write_jsonl},
    Format{"html", true,
           [](const Comparison& c, const Display&, Write write) { write(html_page(c)); }},
};

}  // namespace

std::span<const Format> formats() { return kFormats; }

const Format* find_format(std::string_view name) {
  const auto* const found = std::find_if(kFormats.begin(), kFormats.end(),
                                         [&](const Format& format) { return format.name == name; });
  return found == kFormats.end() ? nullptr : found;
}

std::string document(const Format& format, const Comparison& comparison, const Display& display) {
  std::string text;
  const auto append = [&](std::string_view piece) { text += piece; };
  format.write(comparison, display, append);
  return text;
}

std::string format_names() {
  std::string names;
  for (const Format& format : kFormats) {
    if (!names.empty()) names += ", ";
    names += format.name;
  }
  return names;
}

}  // namespace twofour::compare
