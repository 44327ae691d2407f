// What the table of providers and their lists of kernels must be like, whatever the kernels
// compute.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "providers/provider.h"
#include "support/fake_device.h"

namespace twofour::contract {
namespace {

using providers::KernelInfo;

struct Listed {
  std::string provider;
  KernelInfo kernel;
};

std::vector<Listed> kernels_on_cpu() {
  std::vector<Listed> listed;
  for (const providers::ProviderRow& row : providers::provider_table()) {
    if (row.device_kind != DeviceKind::kCpu || row.make == nullptr) continue;
    for (KernelInfo& kernel : row.make(testing::any_cpu())->kernels()) {
      listed.push_back({std::string(row.name), std::move(kernel)});
    }
  }
  return listed;
}

TEST(ProviderTable, HasTheCpuProviders) {
  std::vector<std::string> names;
  for (const providers::ProviderRow& row : providers::provider_table()) {
    names.emplace_back(row.name);
  }
  EXPECT_THAT(names, ::testing::IsSupersetOf({"cpu", "onednn", "mock"}));
  EXPECT_EQ(std::set(names.begin(), names.end()).size(), names.size());
}

TEST(ProviderTable, ARowIsBuiltOrSaysWhyNot) {
  for (const providers::ProviderRow& row : providers::provider_table()) {
    EXPECT_NE(row.make == nullptr, row.not_built_reason.empty()) << row.name;
  }
}

TEST(ProviderTable, EveryStartedProviderHasAVersionAndKernels) {
  for (const providers::ProviderRow& row : providers::provider_table()) {
    if (row.device_kind != DeviceKind::kCpu || row.make == nullptr) continue;
    const auto provider = row.make(testing::any_cpu());
    EXPECT_FALSE(provider->version().empty()) << row.name;
    EXPECT_FALSE(provider->kernels().empty()) << row.name;
  }
}

TEST(KernelList, NamesAreUniqueAndSayWhatTheKernelComputes) {
  std::set<std::string> names;
  for (const auto& [provider, kernel] : kernels_on_cpu()) {
    EXPECT_TRUE(names.insert(kernel.name).second) << kernel.name;
    if (kernel.scaled) {
      EXPECT_EQ(kernel.name, providers::kernel_name(provider, kernel.a, kernel.b, kernel.d,
                                                    kernel.sparsity, kernel.bias));
    } else {
      EXPECT_THAT(kernel.name, ::testing::StartsWith(provider + "_"));
      EXPECT_THAT(kernel.name, ::testing::EndsWith("_matmul-no-scales"));
      EXPECT_FALSE(kernel.bias) << kernel.name;
    }
  }
}

// A ratio always compares like with like.
TEST(KernelList, EverySparseKernelHasADenseTwin) {
  const std::vector<Listed> listed = kernels_on_cpu();
  for (const Listed& entry : listed) {
    const KernelInfo& sparse = entry.kernel;
    if (sparse.sparsity != Sparsity::kTwoFour) continue;
    const bool has_twin = std::any_of(listed.begin(), listed.end(), [&](const Listed& other) {
      const KernelInfo& dense = other.kernel;
      return dense.sparsity == Sparsity::kDense && dense.a == sparse.a && dense.d == sparse.d &&
             dense.bias == sparse.bias && dense.scaled == sparse.scaled;
    });
    EXPECT_TRUE(has_twin) << sparse.name;
  }
}

}  // namespace
}  // namespace twofour::contract
