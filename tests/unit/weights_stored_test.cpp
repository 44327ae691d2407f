// Weights as files have them: types, scales, the compressed form, and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "weights/bitmask.h"
#include "weights/stored_matrix.h"
#include "weights_files.h"

namespace twofour::weights {
namespace {

using testing::bytes;
using ::testing::ElementsAre;
using testing::Folder;
using ::testing::HasSubstr;
using testing::SafetensorsText;
using Floats = std::vector<float>;

/// W of module "m", read from a file that `fill` makes.
class Stored {
 public:
  explicit Stored(const SafetensorsText& text) {
    folder_.write("model.safetensors", text.text());
    files_ = TensorFiles::of_folder(folder_.path());
  }
  std::vector<Floats> rows(std::int64_t n, std::int64_t k,
                           std::optional<std::int64_t> expert = std::nullopt) {
    const StoredMatrix matrix(files_, WeightHeader::find(files_, "m", n, k, expert));
    std::vector<Floats> rows(static_cast<std::size_t>(n), Floats(static_cast<std::size_t>(k)));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      matrix.row(static_cast<std::int64_t>(i), 0, rows[i]);
    }
    return rows;
  }
  std::string form(std::int64_t n, std::int64_t k) {
    return WeightHeader::find(files_, "m", n, k, std::nullopt).form();
  }
  /// What reading says, without the folder; "accepted".
  std::string message(std::int64_t n, std::int64_t k) {
    try {
      rows(n, k);
    } catch (const std::runtime_error& error) {
      std::string text = error.what();
      const std::string path = folder_.path().string() + "/";
      return text.starts_with(path) ? text.substr(path.size()) : text;
    }
    return "accepted";
  }

 private:
  Folder folder_;
  TensorFiles files_;
};

TEST(StoredMatrix, ReadsEachTypeOfValue) {
  const Floats row{1, -2, 0.5F, 0};
  Stored f32(SafetensorsText().add("m.weight", "F32", {1, 4}, bytes(row)));
  EXPECT_THAT(f32.rows(1, 4), ElementsAre(row));
  EXPECT_EQ(f32.form(1, 4), "F32");
  using Codes = std::vector<std::uint16_t>;
  Stored bf16(
      SafetensorsText().add("m.weight", "BF16", {1, 4}, bytes(Codes{0x3F80, 0xC000, 0x3F00, 0})));
  EXPECT_THAT(bf16.rows(1, 4), ElementsAre(row));
  Stored f16(
      SafetensorsText().add("m.weight", "F16", {1, 4}, bytes(Codes{0x3C00, 0xC000, 0x3800, 0})));
  EXPECT_THAT(f16.rows(1, 4), ElementsAre(row));
}

TEST(StoredMatrix, MultipliesByScalesOfEachGranularity) {
  const std::string codes = "\x38\xC0\x30\x7E";  // 1, -2, 0.5, 448 in e4m3
  const auto with = [&](const std::string& name, std::vector<std::int64_t> shape, Floats scales) {
    return SafetensorsText()
        .add("m.weight", "F8_E4M3", {2, 2}, codes)
        .add(name, "F32", std::move(shape), bytes(scales));
  };
  Stored tensor(with("m.weight_scale", {1}, {2}));
  EXPECT_THAT(tensor.rows(2, 2), ElementsAre(Floats{2, -4}, Floats{1, 896}));
  EXPECT_EQ(tensor.form(2, 2), "F8_E4M3 with one scale");
  Stored channel(with("m.weight_scale", {2, 1}, {2, 0.5F}));
  EXPECT_THAT(channel.rows(2, 2), ElementsAre(Floats{2, -4}, Floats{0.25F, 224}));
  EXPECT_EQ(channel.form(2, 2), "F8_E4M3 with a scale for each channel");
  Stored int8(
      SafetensorsText()
          .add("m.weight", "I8", {1, 2}, std::string("\x7F\x80", 2))
          .add("m.weight_scale", "BF16", {1, 1}, bytes(std::vector<std::uint16_t>{0x4000})));
  EXPECT_THAT(int8.rows(1, 2), ElementsAre(Floats{254, -256}));
}

TEST(StoredMatrix, MultipliesByTheScaleOfEachBlock) {
  // 129 x 130: two by two blocks, of which three are cut off.
  const std::int64_t n = 129;
  const std::int64_t k = 130;
  Stored stored(SafetensorsText()
                    .add("m.weight", "F8_E4M3", {n, k}, std::string(129UL * 130UL, '\x38'))
                    .add("m.weight_scale_inv", "F32", {2, 2}, bytes(Floats{1, 2, 3, 4})));
  const auto rows = stored.rows(n, k);
  EXPECT_EQ(rows[127][127], 1);
  EXPECT_EQ(rows[127][128], 2);
  EXPECT_EQ(rows[128][127], 3);
  EXPECT_EQ(rows[128][129], 4);
  EXPECT_EQ(stored.form(n, k), "F8_E4M3 with a scale for each block of 128 x 128, dequantised");
}

TEST(StoredMatrix, ReadsStackedExpertsOfEitherOrientation) {
  const Floats values{0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6};
  Stored n_first(SafetensorsText().add("m", "F32", {2, 2, 3}, bytes(values)));
  EXPECT_THAT(n_first.rows(2, 3, 1), ElementsAre(Floats{1, 2, 3}, Floats{4, 5, 6}));
  EXPECT_THAT(n_first.rows(3, 2, 1), ElementsAre(Floats{1, 4}, Floats{2, 5}, Floats{3, 6}));
  EXPECT_THAT(n_first.message(4, 3), HasSubstr("its shape is [2, 2, 3]; allowed: [E, 4, 3]"));
}

TEST(StoredMatrix, RefusesWhatItDoesNotReadByFileAndTensor) {
  const auto message = [](const SafetensorsText& text) { return Stored(text).message(1, 4); };
  const std::string four(4, '\x38');
  EXPECT_EQ(message(SafetensorsText().add("x.weight", "U8", {1, 4}, four)), "there is no m.weight");
  EXPECT_EQ(message(SafetensorsText().add("m.weight", "U8", {1, 4}, four)),
            "model.safetensors: m.weight: its type is U8; allowed: F32, BF16, F16, and F8_E4M3 or "
            "I8 with a scale");
  EXPECT_EQ(
      message(SafetensorsText().add("m.weight", "F32", {2, 2}, bytes(Floats(4)))),
      "model.safetensors: m.weight: its shape is [2, 2]; allowed: [1, 4], which the layer has");
  EXPECT_THAT(message(SafetensorsText().add("m.weight", "F8_E4M3", {1, 4}, four)),
              HasSubstr("there is no m.weight_scale for it"));
  const auto scaled = [&](std::vector<std::int64_t> shape, Floats scales) {
    return message(SafetensorsText()
                       .add("m.weight", "F8_E4M3", {1, 4}, four)
                       .add("m.weight_scale", "F32", std::move(shape), bytes(scales)));
  };
  EXPECT_THAT(scaled({3}, {1, 1, 1}), HasSubstr("m.weight_scale: its shape is [3]; allowed: [1]"));
  EXPECT_THAT(scaled({1}, {-1}), HasSubstr("value 0 is -1; allowed: numbers from 0 on"));
  EXPECT_THAT(scaled({1}, {NAN}), HasSubstr("value 0 is nan"));
}

/// A row of 12: the groups keep (0, 3), (1, 2) and (0, 1); one kept value is 0.
SafetensorsText compressed(const std::string& mask, std::vector<std::int64_t> shape = {1, 12}) {
  const std::int64_t dimensions = static_cast<std::int64_t>(shape.size());
  return SafetensorsText()
      .add("m.compressed", "F32", {1, 6}, bytes(Floats{1, 2, 3, 0, 5, 6}))
      .add("m.bitmask", "U8", {1, 2}, mask)
      .add("m.shape", "I64", {dimensions, 1}, bytes(shape));
}

TEST(Bitmask, IsExpandedInLittleBitOrder) {
  Stored stored(compressed(std::string("\x69\x03", 2)));
  EXPECT_EQ(stored.message(1, 12), "accepted");
  EXPECT_THAT(stored.rows(1, 12), ElementsAre(Floats{1, 0, 0, 2, 0, 3, 0, 0, 5, 6, 0, 0}));
  EXPECT_EQ(stored.form(1, 12), "F32 as sparse-24-bitmask");
}

TEST(Bitmask, OfAnyOtherKindIsRefused) {
  const auto message = [](const std::string& mask) {
    return Stored(compressed(mask)).message(1, 12);
  };
  EXPECT_EQ(message(std::string("\x61\x03", 2)),
            "model.safetensors: m.bitmask: row 0 has not two bits for k = 0 to 3; allowed: exactly "
            "two of four");
  EXPECT_THAT(message(std::string("\x79\x03", 2)), HasSubstr("k = 4 to 7"));
  EXPECT_THAT(message(std::string("\x69\x07", 2)), HasSubstr("k = 8 to 11"));
  EXPECT_THAT(message(std::string("\x69\x33", 2)), HasSubstr("row 0 has bits beyond K = 12"));
  EXPECT_THAT(Stored(compressed(std::string("\x69\x03", 2), {1, 16})).message(1, 12),
              HasSubstr("m.shape: it says [1, 16]; allowed: [1, 12], which the layer has"));
  EXPECT_THAT(Stored(compressed(std::string("\x69\x03", 2))).message(1, 16),
              HasSubstr("m.shape: it says [1, 12]"));
  // Sizes whose product overflows are no sizes of the layer.
  EXPECT_THAT(Stored(compressed(std::string("\x69\x03", 2), {INT64_MAX, INT64_MAX})).message(1, 12),
              HasSubstr("allowed: [1, 12]"));
  EXPECT_THAT(
      Stored(SafetensorsText().add("m.compressed", "F32", {1, 6}, bytes(Floats(6)))).message(1, 12),
      HasSubstr("there is no m.bitmask beside it"));
}

TEST(TensorFiles, NoticesAFileThatWasCutShort) {
  const Folder folder;
  const std::string text =
      SafetensorsText().add("m.weight", "F32", {1, 4}, bytes(Floats(4))).text();
  folder.write("model.safetensors", text);
  TensorFiles files = TensorFiles::of_folder(folder.path());
  folder.write("model.safetensors", text.substr(0, text.size() - 1));
  EXPECT_THROW(static_cast<void>(files.bytes(*files.find("m.weight"))), std::runtime_error);
  EXPECT_THROW(TensorFiles::of_folder(folder.path()), std::runtime_error);
}

}  // namespace
}  // namespace twofour::weights
