// A kernel whose duration is known and whose result was computed beforehand.
#pragma once

#include <optional>
#include <random>
#include <string>
#include <vector>

#include "providers/mock/config.h"
#include "providers/provider.h"

namespace twofour::providers::mock {

class MockOperation final : public Operation {
 public:
  MockOperation(const Config& config, const std::string& kernel, const GemmProblem& problem);

  void prepare(const PrepareArgs& args) override;
  /// Goes through algorithms that differ in nothing but the fault, and takes the first that has
  /// none.
  void plan(const PlanArgs& args) override;
  /// Writes D and returns when the duration of this launch has passed.
  void launch(WeightCopy weights) override;
  [[nodiscard]] std::string algorithm() const override { return algorithm_; }
  [[nodiscard]] std::string architecture() const override { return "none"; }
  [[nodiscard]] GemmShape executed() const override { return problem_.shape; }

 private:
  [[nodiscard]] double next_duration_s();
  /// By the tuning file, or a search that it keeps.
  void search_algorithm(const PlanArgs& args);

  std::string kernel_;
  GemmProblem problem_;
  std::uint64_t algorithms_ = 0;
  std::size_t chosen_ = 0;
  std::optional<FaultKind> fault_;
  std::uint64_t faulty_algorithms_ = 0;
  std::string algorithm_ = "known duration";
  double duration_s_;
  bool sleeps_;
  double noise_;
  std::mt19937_64 random_;
  std::normal_distribution<double> normal_;
  bool launched_ = false;
  std::vector<std::uint16_t> result_;  ///< what launch() writes: [M][N], or less for kUnwritten
  void* d_ = nullptr;
};

}  // namespace twofour::providers::mock
