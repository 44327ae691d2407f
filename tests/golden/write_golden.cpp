// write_golden NAME prints one rendering, for the tests in Python. After a change that was meant,
// write_golden --renew SOURCE_DIR writes all files that a test compares with what the program
// makes: tests/golden/expected, schema, and parts of docs/records.md and docs/results-h200.md.
#include <cstdio>
#include <exception>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "records.h"

namespace twofour::golden {
namespace {

std::string read(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

void write(const std::string& path, const std::string& text) {
  std::ofstream stream(path, std::ios::binary);
  stream << text;
  if (!stream.flush()) throw std::runtime_error("cannot write " + path);
}

void renew(const std::string& source_dir) {
  for (const std::string& name : rendering_names()) {
    write(source_dir + "/tests/golden/expected/" + name, rendering(name));
  }
  for (const GeneratedFile& generated : generated_files()) {
    const std::string path = source_dir + "/" + generated.path;
    std::string text = read(path);
    const auto [begin, length] = place_in(text, generated);
    write(path, text.replace(begin, length, generated.text()));
  }
}

}  // namespace
}  // namespace twofour::golden

int main(int argc, char** argv) try {
  if (argc == 3 && std::string_view(argv[1]) == "--renew") {
    twofour::golden::renew(argv[2]);
    return 0;
  }
  const std::string bytes = twofour::golden::rendering(argc == 2 ? argv[1] : "");
  return std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size() ? 0 : 1;
} catch (const std::exception& error) {
  (void)std::fprintf(stderr, "write_golden: %s\n", error.what());
  return 2;
}
