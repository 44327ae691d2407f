// The frame of a page: one file that asks for nothing else, ever. A Content-Security-Policy lets
// its own style and script run, by hash, and nothing else: no attribute style="", no handlers, no
// network. What the pictures and the table are made with is in svg.h and data_table.h.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace twofour::report::html {

struct Section {
  std::string id;     ///< of the element, for links
  std::string title;  ///< a text, escaped by page()
  std::string body;   ///< HTML
};

/// A whole page. `title` and `subtitle` are texts and are escaped; sections without a body are left
/// out. Bodies show a Record's texts through escape() or name(). A table of data_table() is sorted
/// and filtered, also the marks of pictures (Svg::mark) that name its rows.
std::string page(std::string_view title, std::string_view subtitle,
                 std::span<const Section> sections);

/// The policy of the page, for its meta element.
std::string content_security_policy();

}  // namespace twofour::report::html
