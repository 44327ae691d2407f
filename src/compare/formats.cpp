#include "compare/formats.h"

#include <algorithm>
#include <array>

#include "compare/change_fields.h"

namespace twofour::compare {
namespace {

using report::Display;

constexpr std::array kFormats{
    Format{"table", false, table},
    Format{"md", false, [](const Comparison& c, const Display&) { return markdown(c); }},
    Format{"csv", false,
           [](const Comparison& c, const Display&) { return changes_csv(c.changes); }},
    Format{"jsonl", false,
           [](const Comparison& c, const Display&) { return changes_jsonl(c.changes); }},
    Format{"html", true, [](const Comparison& c, const Display&) { return html_page(c); }},
};

}  // namespace

std::span<const Format> formats() { return kFormats; }

const Format* find_format(std::string_view name) {
  const auto* const found = std::find_if(kFormats.begin(), kFormats.end(),
                                         [&](const Format& format) { return format.name == name; });
  return found == kFormats.end() ? nullptr : found;
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
