// A safetensors file with the tensors of a module "m": refused with a message, or weights whose
// rows can be read, and are 2:4 where they are compressed.
#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "fuzz.h"
#include "weights/quantised.h"
#include "weights/stored_matrix.h"

namespace twofour::fuzz {
namespace {

constexpr std::int64_t kMostElements = 1 << 16;

/// A file in memory that goes when the object does.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view text) : number_(memfd_create("weights", MFD_CLOEXEC)) {
    require(number_ >= 0);
    while (!text.empty()) {
      const ssize_t count = write(number_, text.data(), text.size());
      require(count > 0);
      text.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  ~MemoryFile() { close(number_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  MemoryFile(MemoryFile&&) = delete;
  MemoryFile& operator=(MemoryFile&&) = delete;
  [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(number_); }

 private:
  int number_;
};

void read_rows(weights::TensorFiles& files, std::int64_t n, std::int64_t k) {
  if (n < 1 || k < 1 || n > kMostElements || k > kMostElements / n) return;
  const auto header = weights::WeightHeader::find(files, "m", n, k, 0);
  const weights::StoredMatrix matrix(files, header);
  std::vector<float> row(static_cast<std::size_t>(k));
  for (std::int64_t i = 0; i < n; ++i) {
    matrix.row(i, 0, row);
    if (header.mask == nullptr) continue;
    const std::vector<float> as_stored = row;
    weights::prune_row(row);
    for (std::size_t j = 0; j < row.size(); ++j) {
      require(as_stored[j] == row[j] || as_stored[j] != as_stored[j]);
    }
  }
}

void read(std::string_view text) {
  const MemoryFile file(text);
  try {
    weights::TensorFiles files = weights::TensorFiles::of_file(file.path());
    for (const char* name : {"m.weight", "m", "m.compressed"}) {
      const weights::StoredTensor* values = files.find(name);
      if (values == nullptr || values->tensor.shape.size() < 2) continue;
      const auto& shape = values->tensor.shape;
      const std::int64_t last = shape.back();
      const bool compressed = name == std::string_view("m.compressed");
      if (last > kMostElements) return;
      return read_rows(files, shape[shape.size() - 2], compressed ? 2 * last : last);
    }
  } catch (const std::runtime_error& error) {
    require_message(error.what());
  }
}

}  // namespace
}  // namespace twofour::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  twofour::fuzz::read(twofour::fuzz::text_of(data, size));
  return 0;
}
