// Prints one rendering, for the tests in Python, and to renew a file of expected/ after a change
// that was meant: write_golden range.txt > tests/golden/expected/range.txt
#include <cstdio>
#include <exception>
#include <string>

#include "records.h"

int main(int argc, char** argv) try {
  const std::string bytes = twofour::golden::rendering(argc == 2 ? argv[1] : "");
  return std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size() ? 0 : 1;
} catch (const std::exception& error) {
  (void)std::fprintf(stderr, "write_golden: %s\n", error.what());
  return 2;
}
