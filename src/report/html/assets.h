// page.css and page.js, which the build writes into assets.cpp (CMakeLists.txt beside this).
#pragma once

#include <string_view>

namespace twofour::report::html {

struct Asset {
  std::string_view text;
  std::string_view sha256;  ///< of `text`, 64 hexadecimal digits
};

Asset style();
Asset script();

}  // namespace twofour::report::html
