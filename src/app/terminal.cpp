#include "app/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include "app/options_values.h"

#include "app/standard_streams.h"

namespace twofour::app {
namespace {

constexpr std::size_t kUsualWidth = 80;
constexpr std::size_t kUsualHeight = 24;
constexpr std::size_t kMostColumns = 10000;

std::string_view text_of(const char* variable) {
  return variable == nullptr ? std::string_view() : variable;
}

/// What the terminal said, else what the variable says, else what is usual.
std::size_t size_of(std::size_t told, std::string_view from_variable, std::size_t usual) {
  if (told > 0) return told;
  return parse_number<std::size_t>(from_variable, 1, kMostColumns).value_or(usual);
}

}  // namespace

bool stdout_is_terminal() { return isatty(results_descriptor()) == 1; }

report::Display stdout_display(bool wide) {
  report::Display display;
  if (!stdout_is_terminal()) return display;
  display.colour =
      text_of(std::getenv("NO_COLOR")).empty() && text_of(std::getenv("TERM")) != "dumb";
  if (wide) return display;
  winsize size{};
  if (ioctl(results_descriptor(), TIOCGWINSZ, &size) != 0) size = {};
  display.width = size_of(size.ws_col, text_of(std::getenv("COLUMNS")), kUsualWidth);
  display.height = size_of(size.ws_row, text_of(std::getenv("LINES")), kUsualHeight);
  return display;
}

}  // namespace twofour::app
