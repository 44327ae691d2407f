// Every kernel in the list that this machine can run, on ragged shapes, against plain sums in int64
// or double.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <random>
#include <string>
#include <vector>

#include "operands/fill.h"
#include "providers/cpu/grid.h"
#include "providers/cpu/kernel_list.h"
#include "providers/cpu/operation.h"
#include "providers/cpu/two_four.h"

namespace twofour::providers::cpu {
namespace {

/// Zeroed memory as aligned as the kernels ask for; exact in size, so that a sanitizer sees every
/// overrun.
class AlignedBytes {
 public:
  explicit AlignedBytes(std::size_t bytes)
      : data_(new (std::align_val_t{64}) std::byte[bytes == 0 ? 1 : bytes]()) {}
  [[nodiscard]] std::byte* data() const { return data_.get(); }

 private:
  struct Free {
    void operator()(std::byte* p) const { operator delete[](p, std::align_val_t{64}); }
  };
  std::unique_ptr<std::byte[], Free> data_;
};

double value_of(DataType type, const std::byte* data, std::size_t i) {
  return with_operand_type(type, [&]<DataType kType>() {
    using Format = operands::Format<kType>;
    typename Format::Code code = 0;
    std::memcpy(&code, data + i * sizeof code, sizeof code);
    return static_cast<double>(Format::decode(code));
  });
}

void set_value(DataType type, std::byte* data, std::size_t i, float value) {
  with_operand_type(type, [&]<DataType kType>() {
    const auto code = operands::Format<kType>::encode(value);
    std::memcpy(data + i * sizeof code, &code, sizeof code);
  });
}

struct Problem {
  GemmShape shape;
  DataType type;
  DataType d_type;
  bool vectors;  ///< scales of both sides are vectors, and there is a bias
  AlignedBytes a;
  AlignedBytes b;
  std::vector<float> scale_a;
  std::vector<float> scale_b;
  std::vector<std::uint16_t> bias;
};

/// Values over the whole range of int8, -128 included; b is 2:4, with groups of fewer than two
/// non-zeros among the others, and -0.0 where the type has one.
Problem make_problem(GemmShape shape, DataType type, DataType d_type, bool vectors) {
  const auto m = static_cast<std::size_t>(shape.m);
  const auto n = static_cast<std::size_t>(shape.n);
  const auto k = static_cast<std::size_t>(shape.k);
  const auto bytes = [type](std::size_t elements) {
    return bytes_of(type, static_cast<std::int64_t>(elements));
  };
  Problem p{shape, type, d_type, vectors, AlignedBytes(bytes(m * k)), AlignedBytes(bytes(n * k)),
            {},    {},   {}};
  std::mt19937 random(static_cast<unsigned>(m * 1000003 + n * 1009 + k));
  const float extreme = type == DataType::kInt8 ? 128.0f : 4.0f;
  std::uniform_real_distribution<float> uniform(-extreme, extreme);
  for (std::size_t i = 0; i < m * k; ++i) {
    set_value(type, p.a.data(), i, random() % 16 == 0 ? -extreme : uniform(random));
  }
  for (std::size_t j = 0; j < n; ++j) {
    for (std::size_t g = 0; g < k; g += 4) {
      unsigned mask = random() % 16;
      while (__builtin_popcount(mask) > 2) mask &= mask - 1;
      for (std::size_t i = g; i < std::min(g + 4, k); ++i) {
        const bool kept = mask >> (i - g) & 1u;
        set_value(type, p.b.data(), j * k + i,
                  kept ? (random() % 16 == 0 ? -extreme : uniform(random)) : -0.0f);
      }
    }
  }
  // Powers of two: int8 results stay exact.
  for (std::size_t i = 0; i < (vectors ? m : 1); ++i) {
    p.scale_a.push_back(std::ldexp(1.0f, static_cast<int>(random() % 5) - 12));
  }
  for (std::size_t j = 0; j < (vectors ? n : 1); ++j) {
    p.scale_b.push_back(std::ldexp(1.0f, static_cast<int>(random() % 5) - 2));
  }
  for (std::size_t j = 0; j < (vectors ? n : 0); ++j) {
    const auto value = static_cast<float>(static_cast<int>(random() % 64) - 32) / 8;
    p.bias.push_back(d_type == DataType::kBf16 ? operands::float_to_bf16(value)
                                               : operands::float_to_fp16(value));
  }
  return p;
}

std::vector<std::uint16_t> multiply(const Kernel& kernel, const Problem& p, ThreadGrid grid) {
  const auto& [m, n, k] = p.shape;
  const std::int64_t panels = panel_count(kernel, n);
  const std::int64_t blocks = block_count(kernel, m, k);
  const AlignedBytes packed(kernel.packed_b_bytes(n, k));
  const AlignedBytes packed_a(kernel.packed_a_bytes(m, k));
  // Poison: what is not written must not look right.
  std::vector<std::uint16_t> d(static_cast<std::size_t>(m * n), 0xFFFF);
  for (std::int64_t i = 0; i < panels; ++i) {
    kernel.pack_b({p.b.data(), n, k, packed.data(), {i, i + 1}});
  }
  for (std::int64_t i = 0; i < pack_a_task_count(kernel, m, k); ++i) {
    kernel.pack_a({p.a.data(), m, k, packed_a.data(), {i, i + 1}});
  }
  for (int across = 0; across < grid.across; ++across) {
    for (int down = 0; down < grid.down; ++down) {
      const AlignedBytes scratch(kernel.scratch_bytes ? kernel.scratch_bytes(p.shape) : 0);
      const Range panel_share = thread_share(panels, across, grid.across);
      const Range block_share = thread_share(blocks, down, grid.down);
      if (panel_share.begin == panel_share.end || block_share.begin == block_share.end) continue;
      kernel.run({.shape = p.shape,
                  .packed_b = packed.data(),
                  .packed_a = packed_a.data(),
                  .scratch = scratch.data(),
                  .panels = panel_share,
                  .blocks = block_share,
                  .output = {.scale_a = p.scale_a.data(),
                             .scale_b = p.scale_b.data(),
                             .scale_a_per_row = p.vectors,
                             .scale_b_per_column = p.vectors,
                             .bias = p.bias.empty() ? nullptr : p.bias.data(),
                             .d_type = p.d_type,
                             .d = d.data()}});
    }
  }
  return d;
}

void expect_right(const Kernel& kernel, const Problem& p, const std::vector<std::uint16_t>& d) {
  const auto& [m, n, k] = p.shape;
  const bool to_bf16 = p.d_type == DataType::kBf16;
  const auto widen = [&](std::uint16_t code) {
    return to_bf16 ? operands::bf16_to_float(code) : operands::fp16_to_float(code);
  };
  int wrong = 0;
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      double sum = 0;  // exact for int8: far below 2^53
      double magnitude = 0;
      for (std::int64_t x = 0; x < k; ++x) {
        const double product = value_of(p.type, p.a.data(), static_cast<std::size_t>(i * k + x)) *
                               value_of(p.type, p.b.data(), static_cast<std::size_t>(j * k + x));
        sum += product;
        magnitude += std::abs(product);
      }
      const double scale = static_cast<double>(p.scale_a[p.vectors ? std::size_t(i) : 0]) *
                           static_cast<double>(p.scale_b[p.vectors ? std::size_t(j) : 0]);
      const double bias = p.bias.empty() ? 0 : static_cast<double>(widen(p.bias[std::size_t(j)]));
      const auto expected = static_cast<float>(sum * scale + bias);
      const std::uint16_t got = d[static_cast<std::size_t>(i * n + j)];
      bool right = false;
      if (p.type == DataType::kInt8) {
        right = got ==
                (to_bf16 ? operands::float_to_bf16(expected) : operands::float_to_fp16(expected));
      } else {
        // Any order of float32 additions, then half a unit of the output type (2^-9 or 2^-12).
        const double sums = static_cast<double>(k + 2) * 0x1p-24 * magnitude * scale;
        const double unit = to_bf16 ? 0x1p-8 : 0x1p-11;
        const double tolerance =
            sums + unit * (std::abs(static_cast<double>(expected)) + sums) + 0x1p-24;
        right =
            std::abs(static_cast<double>(widen(got)) - static_cast<double>(expected)) <= tolerance;
      }
      if (!right && ++wrong <= 3) {
        ADD_FAILURE() << kernel.name << " D[" << i << "][" << j << "] = " << widen(got)
                      << ", expected " << expected;
      }
    }
  }
  EXPECT_EQ(wrong, 0);
}

std::string test_name(const ::testing::TestParamInfo<const Kernel*>& param) {
  const Kernel& kernel = *param.param;
  return std::string(to_string(kernel.isa)) + "_" + std::string(info(kernel.type).kernel_name) +
         (kernel.sparsity == Sparsity::kDense ? "_dense" : "_two_four") + "_" +
         std::to_string(param.index);
}

class CpuKernel : public ::testing::TestWithParam<const Kernel*> {
 protected:
  void SetUp() override {
    if (!processor_features().has(GetParam()->needs)) {
      GTEST_SKIP() << "this machine lacks the instructions";
    }
  }
};
INSTANTIATE_TEST_SUITE_P(List, CpuKernel,
                         ::testing::ValuesIn(kernel_list().begin(), kernel_list().end()),
                         test_name);

/// One row more than whole vectors of eight or sixteen rows.
constexpr std::int64_t kOddRows = 33;

TEST_P(CpuKernel, MultipliesRaggedShapes) {
  const Kernel& kernel = *GetParam();
  const std::int64_t columns = kernel.panel_columns;
  const std::int64_t rows = kernel.max_rows;
  for (const std::int64_t m : {std::int64_t{1}, rows - 1, rows, rows + 1, 2 * rows + 3}) {
    for (const std::int64_t n : {std::int64_t{1}, columns - 1, columns, 2 * columns + 3}) {
      for (const std::int64_t k : {4, 8, 36, 60, 64, 68, 132}) {
        if (m < 1 || n < 1) continue;
        SCOPED_TRACE(mkn({m, n, k}));
        const Problem p = make_problem({m, n, k}, kernel.type, DataType::kBf16, n % 2 == 1);
        expect_right(kernel, p, multiply(kernel, p, {1, 1}));
        if (HasFailure()) return;
      }
    }
  }
}

TEST_P(CpuKernel, DenseTakesAnyK) {
  const Kernel& kernel = *GetParam();
  if (kernel.sparsity != Sparsity::kDense) GTEST_SKIP() << "2:4 needs K to be a multiple of 4";
  for (std::int64_t k = 1; k < 20; ++k) {
    const Problem p = make_problem({3, 19, k}, kernel.type, DataType::kFp16, true);
    SCOPED_TRACE(mkn(p.shape));
    expect_right(kernel, p, multiply(kernel, p, {1, 1}));
  }
}

TEST_P(CpuKernel, EveryNumberOfRows) {
  const Kernel& kernel = *GetParam();
  for (std::int64_t m = 1; m <= std::min(2 * kernel.max_rows + kernel.spare_rows + 1, 81); ++m) {
    const Problem p = make_problem({m, 2 * kernel.panel_columns, 72}, kernel.type,
                                   m % 2 == 0 ? DataType::kBf16 : DataType::kFp16, true);
    SCOPED_TRACE(mkn(p.shape));
    expect_right(kernel, p, multiply(kernel, p, {1, 1}));
  }
}

/// Row blocks of several sizes, the last one with a row that fills no vector.
TEST_P(CpuKernel, ManyRows) {
  const Kernel& kernel = *GetParam();
  for (const std::int64_t m : {113, 161, 257, 300}) {
    const Problem p =
        make_problem({m, kernel.panel_columns, 68}, kernel.type, DataType::kBf16, true);
    SCOPED_TRACE(mkn(p.shape));
    expect_right(kernel, p, multiply(kernel, p, {1, 2}));
  }
}

TEST_P(CpuKernel, SharesAddUpToTheWhole) {
  const Kernel& kernel = *GetParam();
  const Problem p =
      make_problem({2 * kernel.max_rows + kernel.spare_rows + 1, 5 * kernel.panel_columns + 1, 100},
                   kernel.type, DataType::kFp16, true);
  for (const ThreadGrid grid : {ThreadGrid{1, 3}, ThreadGrid{4, 1}, ThreadGrid{3, 2}}) {
    expect_right(kernel, p, multiply(kernel, p, grid));
  }
}

TEST_P(CpuKernel, LongSums) {
  const Kernel& kernel = *GetParam();
  for (const std::int64_t m : {std::int64_t{5}, kOddRows}) {
    const Problem p =
        make_problem({m, kernel.panel_columns + 1, 8204}, kernel.type, DataType::kBf16, false);
    SCOPED_TRACE(mkn(p.shape));
    expect_right(kernel, p, multiply(kernel, p, {1, 1}));
  }
}

TEST_P(CpuKernel, NanInAWeightReachesItsColumnAlone) {
  const Kernel& kernel = *GetParam();
  if (kernel.type == DataType::kInt8) GTEST_SKIP() << "int8 has no NaN";
  // In full stretches of columns and k, and in what is left over.
  const GemmShape shape{kOddRows, kernel.panel_columns + 2, 132};
  for (const std::int64_t bad : {std::int64_t{5}, shape.n - 1}) {
    for (const std::int64_t at : {std::int64_t{40}, shape.k - 4}) {
      const Problem p = make_problem(shape, kernel.type, DataType::kBf16, true);
      for (std::int64_t i = 0; i < 4; ++i) {
        const float value = i == 2 ? std::numeric_limits<float>::quiet_NaN() : 0.0f;
        set_value(kernel.type, p.b.data(), static_cast<std::size_t>(bad * shape.k + at + i), value);
      }
      const std::vector<std::uint16_t> d = multiply(kernel, p, {1, 1});
      for (std::size_t i = 0; i < d.size(); ++i) {
        const bool expected = static_cast<std::int64_t>(i) % shape.n == bad;
        ASSERT_EQ(std::isnan(operands::bf16_to_float(d[i])), expected)
            << kernel.name << " element " << i << ", NaN in column " << bad << " at k = " << at;
      }
    }
  }
}

TEST_P(CpuKernel, NanInAnActivationReachesItsRowAlone) {
  const Kernel& kernel = *GetParam();
  if (kernel.type == DataType::kInt8) GTEST_SKIP() << "int8 has no NaN";
  const GemmShape shape{kOddRows, kernel.panel_columns + 2, 132};
  for (const std::int64_t bad : {std::int64_t{2}, shape.m - 1}) {
    for (const std::int64_t at : {std::int64_t{42}, shape.k - 1}) {
      const Problem p = make_problem(shape, kernel.type, DataType::kBf16, true);
      set_value(kernel.type, p.a.data(), static_cast<std::size_t>(bad * shape.k + at),
                std::numeric_limits<float>::quiet_NaN());
      const std::vector<std::uint16_t> d = multiply(kernel, p, {1, 1});
      for (std::int64_t i = 0; i < shape.m * shape.n; ++i) {
        const std::int64_t column = i % shape.n;
        const bool nan = std::isnan(operands::bf16_to_float(d[static_cast<std::size_t>(i)]));
        const auto weight = static_cast<std::size_t>(column * shape.k + at);
        // Where 2:4 did not keep the weight, which is zero, it does not see the activation.
        const bool seen =
            kernel.sparsity == Sparsity::kDense || value_of(kernel.type, p.b.data(), weight) != 0;
        if (i / shape.n != bad) {
          ASSERT_FALSE(nan) << kernel.name << " element " << i << ", NaN in row " << bad;
        } else if (seen) {
          ASSERT_TRUE(nan) << kernel.name << " element " << i << ", NaN at k = " << at;
        }
      }
    }
  }
}

TEST(CpuKernelList, HasAPortableKernelForEveryTypeAndSparsity) {
  for (const DataTypeInfo& type : kDataTypes) {
    if (!type.operand) continue;
    for (const Sparsity sparsity : {Sparsity::kDense, Sparsity::kTwoFour}) {
      const Kernel* portable = find_kernel({}, type.type, sparsity, 1);
      ASSERT_NE(portable, nullptr);
      EXPECT_EQ(portable->isa, Isa::kPortable);
    }
  }
}

TEST(CpuKernelList, AKernelNeedsNothingThatItsSetDoesNotHave) {
  for (const Kernel* kernel : kernel_list()) {
    EXPECT_TRUE(info(kernel->isa).features.has(kernel->needs)) << kernel->name;
  }
}

/// The instruction sets of the kernels for int8, fp8, bf16 and fp16, dense and with many rows.
std::string choices(Features features) {
  std::string names;
  for (const DataType type :
       {DataType::kInt8, DataType::kFp8E4m3, DataType::kBf16, DataType::kFp16}) {
    for (const Sparsity sparsity : {Sparsity::kDense, Sparsity::kTwoFour}) {
      const Kernel* kernel = find_kernel(features, type, sparsity, 64);
      if (kernel == nullptr) return "none";
      if (sparsity == Sparsity::kDense) {
        if (!names.empty()) names += ' ';
        names += to_string(kernel->isa);
      } else if (kernel->isa != find_kernel(features, type, Sparsity::kDense, 64)->isa) {
        names += '/';
        names += to_string(kernel->isa);
      }
    }
  }
  return names;
}

TEST(CpuKernelList, TheFirstKernelWhoseNeedsAreMetIsUsed) {
  const Features zen3{Feature::kAvx2, Feature::kFma, Feature::kF16c, Feature::kBmi2,
                      Feature::kClflushopt};
  const Features alder_lake = zen3 | Features{Feature::kAvxVnni};
  const Features skylake_x = zen3 | Features{Feature::kAvx512F, Feature::kAvx512Bw,
                                             Feature::kAvx512Dq, Feature::kAvx512Vl};
  const Features cascade_lake = skylake_x | Features{Feature::kAvx512Vnni};
  const Features cooper_lake = cascade_lake | Features{Feature::kAvx512Bf16};
  const Features zen4 = cooper_lake | Features{Feature::kAvx512Vbmi2};
  const Features sapphire_rapids =
      zen4 | Features{Feature::kAvxVnni, Feature::kAmxTile, Feature::kAmxInt8, Feature::kAmxBf16};

  EXPECT_EQ(choices({}), "portable portable portable portable");
  EXPECT_EQ(choices(zen3), "avx2 avx2 avx2 avx2");
  EXPECT_EQ(choices(alder_lake), "avx2 avx2 avx2 avx2");
  EXPECT_EQ(choices(skylake_x), "avx2 avx2 avx2 avx2");
  EXPECT_EQ(choices(cascade_lake), "avx512 avx512 avx512 avx512");
  EXPECT_EQ(choices(cooper_lake), "avx512 avx512_bf16 avx512_bf16 avx512");
  EXPECT_EQ(choices(zen4), "avx512 avx512_bf16 avx512_bf16 avx512");
  EXPECT_EQ(choices(sapphire_rapids), "amx avx512_bf16 amx avx512");
}

TEST(CpuKernelList, AProcessorThatLacksOneThingFallsToWhatItCanDo) {
  const Features amx = info(Isa::kAmx).features;
  const auto without = [&](Feature feature) { return amx & ~Features{feature}; };
  EXPECT_EQ(choices(without(Feature::kAmxTile)), "avx512 avx512_bf16 avx512_bf16 avx512");
  EXPECT_EQ(choices(without(Feature::kAmxInt8)), "avx512 avx512_bf16 amx avx512");
  EXPECT_EQ(choices(without(Feature::kAmxBf16)), "amx avx512_bf16 avx512_bf16 avx512");
  EXPECT_EQ(choices(without(Feature::kAvx512Vbmi2)), "avx512 avx512_bf16 avx512_bf16 avx512");
  EXPECT_EQ(choices(without(Feature::kAvx512Bf16)), "avx512 avx512 avx512 avx512");
  EXPECT_EQ(choices(without(Feature::kAvx512Vnni)), "avx2 avx2 avx2 avx2");
  EXPECT_EQ(choices(without(Feature::kF16c)), "portable portable portable portable");
}

TEST(CpuKernelList, SaysWhereDenseIsMeant) {
  const auto algorithm = [](const Kernel& kernel, const GemmShape& shape) {
    const GemmProblem problem{.shape = shape,
                              .a = kernel.type,
                              .b = kernel.type,
                              .d = DataType::kBf16,
                              .sparsity = kernel.sparsity};
    return CpuOperation(kernel, problem).algorithm();
  };
  const std::string meant = " (dense is meant here)";
  for (const Kernel* kernel : kernel_list()) {
    const std::string name(kernel->name);
    const bool told = kernel->isa == Isa::kAmx && kernel->sparsity == Sparsity::kTwoFour;
    EXPECT_EQ(algorithm(*kernel, {1, 4096, 14336}), name);
    EXPECT_EQ(algorithm(*kernel, {128, 4096, 4096}), name);
    EXPECT_EQ(algorithm(*kernel, {128, 4096, 14336}), told ? name + meant : name);
    EXPECT_EQ(algorithm(*kernel, {129, 4096, 256}), told ? name + meant : name);
    EXPECT_EQ(algorithm(*kernel, {4096, 4096, 4096}), told ? name + meant : name);
  }
}

TEST(CpuKernelList, PanelsFollowEachOther) {
  for (const Kernel* kernel : kernel_list()) {
    const std::size_t one = kernel->packed_b_bytes(kernel->panel_columns, 260);
    EXPECT_EQ(kernel->packed_b_bytes(3 * kernel->panel_columns - 1, 260), 3 * one) << kernel->name;
  }
}

TEST(CpuKeptPairs, HoldEveryNonZeroInOrder) {
  for (unsigned mask = 0; mask < 16; ++mask) {
    const GroupPositions kept = kKeptPairs[mask];
    EXPECT_LT(kept.first, kept.second);
    EXPECT_LT(kept.second, 4);
    if (__builtin_popcount(mask) <= 2) {
      EXPECT_EQ(mask & ~(1u << kept.first | 1u << kept.second), 0u);
    }
  }
}

TEST(CpuGrid, GivesEveryThreadWorkWherePossible) {
  EXPECT_EQ(choose_grid(4, 128, 1).across, 4);
  EXPECT_EQ(choose_grid(4, 1, 8).down, 4);
  const ThreadGrid square = choose_grid(4, 2, 8);
  EXPECT_EQ(square.across * square.down, 4);
  EXPECT_EQ(choose_grid(1, 128, 8).across, 1);
}

}  // namespace
}  // namespace twofour::providers::cpu
