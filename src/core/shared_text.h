// A text that many rows have: names of kernels, models, reasons. Equal ones share memory.
#pragma once

#include <fmt/core.h>

#include <compare>
#include <cstddef>
#include <iosfwd>
#include <string>
#include <string_view>

namespace twofour {

/// As a std::string that is replaced as a whole. Texts are kept until the program ends, each once:
/// this is for names and sentences, of which there are few however many rows there are.
class SharedText {
 public:
  SharedText();
  SharedText(std::string_view text);                                    // NOLINT: as a string
  SharedText(const char* text) : SharedText(std::string_view(text)) {}  // NOLINT: likewise
  SharedText(const std::string& text) : SharedText(std::string_view(text)) {}  // NOLINT: likewise

  operator const std::string&() const { return *text_; }  // NOLINT: it is read as a string
  operator std::string_view() const { return *text_; }    // NOLINT: likewise
  [[nodiscard]] const std::string& str() const { return *text_; }
  [[nodiscard]] std::string_view view() const { return *text_; }
  [[nodiscard]] bool empty() const { return text_->empty(); }
  [[nodiscard]] std::size_t size() const { return text_->size(); }
  [[nodiscard]] bool starts_with(std::string_view part) const { return text_->starts_with(part); }
  [[nodiscard]] bool ends_with(std::string_view part) const { return text_->ends_with(part); }
  void clear() { *this = {}; }

  friend bool operator==(SharedText a, SharedText b) { return a.text_ == b.text_; }
  friend bool operator==(SharedText a, std::string_view b) { return a.view() == b; }
  friend bool operator==(SharedText a, const std::string& b) { return a.view() == b; }
  friend bool operator==(SharedText a, const char* b) { return a.view() == b; }
  friend std::strong_ordering operator<=>(SharedText a, SharedText b) {
    return a.view() <=> b.view();
  }
  friend std::string operator+(SharedText a, std::string_view b) {
    return a.str() + std::string(b);
  }
  friend std::string operator+(std::string_view a, SharedText b) {
    return std::string(a) + b.str();
  }

 private:
  const std::string* text_;  ///< never null
};

std::ostream& operator<<(std::ostream& stream, SharedText text);

}  // namespace twofour

template <>
struct fmt::formatter<twofour::SharedText> : fmt::formatter<std::string_view> {
  template <class Context>
  auto format(twofour::SharedText text, Context& context) const {
    return fmt::formatter<std::string_view>::format(text.view(), context);
  }
};
