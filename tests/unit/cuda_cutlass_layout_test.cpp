// Where the metadata of a 2:4 weight lie, compared with CUTLASS's own description of its layout.
#include <gtest/gtest.h>

#include <cutlass/numeric_types.h>
#include <cutlass/gemm/collective/builders/sm90_sparse_config.inl>

#include <cstdint>

#include "providers/cutlass/sm90/layout.h"

namespace twofour::providers::cutlass::sm90 {
namespace {

// Two and a half atoms either way.
constexpr int kRows = 160;
constexpr int kDepth = 352;

template <class Element>
void expect_the_layout_of_cutlass() {
  using Config =
      ::cutlass::Sm90GemmSparseConfig<cute::sparse_elem<2, Element>, cute::GMMA::Major::K,
                                      cute::sparse_elem<8, std::uint8_t>, cute::_128>;
  const auto layout = Config::fill_layoutE(cute::make_shape(kRows, 16, kDepth, 1));
  EXPECT_EQ(static_cast<std::size_t>(cute::cosize(layout)) / 8, metadata_bytes(kRows, kDepth));
  for (int row = 0; row < kRows; ++row) {
    for (int k = 0; k < kDepth; k += 4) {
      const std::int64_t position =
          metadata_position(row, k, kRows, static_cast<int>(sizeof(Element)));
      ASSERT_EQ(position, static_cast<std::int64_t>(layout(row, k, 0))) << row << ", " << k;
    }
  }
}

TEST(CutlassLayout, PutsTheMetadataOfEightBitTypesWhereCutlassReadsThem) {
  expect_the_layout_of_cutlass<std::int8_t>();
  expect_the_layout_of_cutlass<::cutlass::float_e4m3_t>();
}

TEST(CutlassLayout, PutsTheMetadataOfSixteenBitTypesWhereCutlassReadsThem) {
  expect_the_layout_of_cutlass<::cutlass::half_t>();
  expect_the_layout_of_cutlass<::cutlass::bfloat16_t>();
}

TEST(CutlassLayout, CountsTheBytesOfValues) {
  EXPECT_EQ(values_bytes(160, 352, DataType::kInt8), 160U * 176U);
  EXPECT_EQ(values_bytes(160, 352, DataType::kBf16), 160U * 352U);
}

// Two neighbouring groups share a byte, so a thread that compresses both owns it.
TEST(CutlassLayout, KeepsEightElementsOfARowInOneByte) {
  for (const int element_bytes : {1, 2}) {
    for (int row = 0; row < kRows; ++row) {
      for (int k = 0; k < kDepth; k += 8) {
        const std::int64_t first = metadata_position(row, k, kRows, element_bytes);
        ASSERT_EQ(first % 8, 0);
        ASSERT_EQ(metadata_position(row, k + 4, kRows, element_bytes), first + 4);
      }
    }
  }
}

}  // namespace
}  // namespace twofour::providers::cutlass::sm90
