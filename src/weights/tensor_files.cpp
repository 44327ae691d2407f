#include "weights/tensor_files.h"

#include <fmt/format.h>

#include <set>
#include <stdexcept>
#include <system_error>

#include "core/streams.h"
#include "input/text_file.h"

namespace twofour::weights {

namespace fs = std::filesystem;

namespace {

/// A name may be of any length and hold any character.
std::string shown(const std::string& name) {
  constexpr std::size_t kMost = 200;
  return one_line(name.size() <= kMost ? name : name.substr(0, kMost) + "...");
}

}  // namespace

std::string StoredTensor::text() const {
  return fmt::format("{}: {}", file.filename().string(), shown(tensor.name));
}

void StoredTensor::refuse(std::string_view why) const {
  throw std::runtime_error(fmt::format("{}: {}: {}", file.string(), shown(tensor.name), why));
}

void TensorFiles::add(const fs::path& file) {
  const input::SafetensorsHeader header = input::read_safetensors_header(file);
  for (const input::Tensor& tensor : header.tensors) {
    const auto [found, is_new] = tensors_.try_emplace(
        tensor.name, StoredTensor{file, header.data, header.file_bytes, tensor});
    if (!is_new) found->second.refuse(fmt::format("{} has it too", file.string()));
  }
}

TensorFiles TensorFiles::of_file(const fs::path& file) {
  TensorFiles files;
  files.add(file);
  return files;
}

TensorFiles TensorFiles::of_folder(const fs::path& folder) {
  const fs::path index = folder / "model.safetensors.index.json";
  std::error_code ignored;
  if (!fs::exists(index, ignored)) return of_file(folder / "model.safetensors");
  std::set<std::string> names;
  try {
    for (const auto& [tensor, file] :
         input::parse_safetensors_index(input::read_text_file(index))) {
      names.insert(file);
    }
  } catch (const std::invalid_argument& error) {
    throw std::runtime_error(fmt::format("{}: {}", index.string(), error.what()));
  }
  TensorFiles files;
  for (const std::string& name : names) files.add(folder / name);
  return files;
}

const StoredTensor* TensorFiles::find(const std::string& name) const {
  const auto found = tensors_.find(name);
  return found == tensors_.end() ? nullptr : &found->second;
}

std::span<const std::byte> TensorFiles::bytes(const StoredTensor& stored) {
  std::unique_ptr<input::MappedFile>& mapped = mapped_[stored.file];
  if (!mapped) mapped = std::make_unique<input::MappedFile>(stored.file);
  const std::span<const std::byte> all = mapped->bytes();
  if (all.size() != stored.file_bytes) {
    throw std::runtime_error(
        fmt::format("{}: has {} bytes now, and had {} when its header was read",
                    stored.file.string(), all.size(), stored.file_bytes));
  }
  return all.subspan(static_cast<std::size_t>(stored.data + stored.tensor.begin),
                     static_cast<std::size_t>(stored.bytes()));
}

}  // namespace twofour::weights
