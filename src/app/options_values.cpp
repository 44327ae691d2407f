#include "app/options_values.h"

namespace twofour::app {

std::vector<std::string> split_list(std::span<const std::string> values) {
  std::vector<std::string> items;
  for (const std::string& value : values) {
    std::size_t begin = 0;
    while (true) {
      const std::size_t end = value.find(',', begin);
      items.push_back(value.substr(begin, end - begin));
      if (end == std::string::npos) break;
      begin = end + 1;
    }
  }
  return items;
}

}  // namespace twofour::app
