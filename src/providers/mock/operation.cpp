#include "providers/mock/operation.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <thread>

#include "operands/number_formats.h"
#include "providers/choice.h"
#include "providers/mock/product.h"

namespace twofour::providers::mock {
namespace {

constexpr double kSlowFirstFactor = 100;

/// Off by more than the value itself and by more than one, which no tolerance allows.
std::uint16_t wrong(std::uint16_t code) {
  const float value = operands::bf16_to_float(code);
  return operands::float_to_bf16(2 * value + std::copysign(2.0F, value));
}

[[noreturn]] void hang() {
  while (true) std::this_thread::sleep_for(std::chrono::milliseconds(20));
}

/// As a crash in a library ends the process, whoever handles the signal otherwise.
[[noreturn]] void crash(int signal) {
  std::signal(signal, SIG_DFL);
  std::raise(signal);
  std::abort();
}

double duration_us(const Config& config, const GemmProblem& problem) {
  const auto rows = static_cast<double>(problem.shape.m);
  return problem.sparsity == Sparsity::kDense ? config.dense_us + rows * config.dense_us_per_row
                                              : config.sparse_us + rows * config.sparse_us_per_row;
}

}  // namespace

MockOperation::MockOperation(const Config& config, const std::string& kernel,
                             const GemmProblem& problem)
    : kernel_(kernel),
      problem_(problem),
      algorithms_(config.algorithms),
      fault_(config.fault_of(kernel, problem)),
      faulty_algorithms_(config.fault ? config.fault->algorithms : 0),
      duration_s_(1e-6 * duration_us(config, problem)),
      sleeps_(config.sleeps),
      noise_(config.noise),
      // Kernels must not share their noise: their ratio would have none.
      random_(config.seed ^ std::hash<std::string>{}(kernel)) {}

void MockOperation::prepare(const PrepareArgs& args) {
  if (fault_ == FaultKind::kThrowInPrepare) {
    throw std::runtime_error("the mock was told to throw in prepare");
  }
  if (fault_ == FaultKind::kCrashInPrepare) crash(SIGSEGV);
  d_ = args.d;
  result_ = product_bf16(problem_, args.operands);
  if (fault_ == FaultKind::kWrongElement) {
    std::uint16_t& victim = result_[result_.size() / 2];
    victim = wrong(victim);
  }
  if (fault_ == FaultKind::kUnwritten) result_.pop_back();
}

void MockOperation::plan(const PlanArgs& args) {
  const bool loses = fault_ == FaultKind::kLostInSearch;
  const bool crashes = fault_ == FaultKind::kCrashInSearch;
  if (!loses && !crashes && fault_ != FaultKind::kHangInSearch) {
    if (algorithms_ > 0 && args.budget.count() > 0) search_algorithm(args);
    return;
  }
  std::vector<std::string> avoid;
  if (args.log != nullptr) avoid = args.log->avoid({});
  for (std::uint64_t i = 0; i < faulty_algorithms_; ++i) {
    const std::string name = "algorithm=" + std::to_string(i);
    if (std::find(avoid.begin(), avoid.end(), name) != avoid.end()) continue;
    if (args.log != nullptr) args.log->trying(name, {});
    if (loses) throw device::DeviceLost("the mock was told to lose the device in a search");
    if (crashes) crash(SIGSEGV);
    hang();
  }
  algorithm_ = "algorithm=" + std::to_string(faulty_algorithms_);
}

void MockOperation::search_algorithm(const PlanArgs& args) {
  std::vector<std::string> names;
  for (std::uint64_t i = 0; i < algorithms_; ++i) names.push_back("algorithm=" + std::to_string(i));
  const auto same = std::find(names.begin(), names.end(), args.algorithm);
  chosen_ = static_cast<std::size_t>(same - names.begin());
  if (same == names.end()) {
    SearchSubject subject = related("mock 1", kernel_, problem_, args.cache.mode);
    subject.key = {.gpu = args.device.id().name,
                   .library = "mock 1",
                   .kernel = kernel_,
                   .problem = to_string(problem_),
                   .cache = args.cache.mode};
    const auto time = [&](std::size_t algorithm, SearchStage) {
      chosen_ = algorithm;
      const double start = search_clock();
      launch(args.copies.front());
      return search_clock() - start;
    };
    auto now = [] { return search_clock(); };
    const AlgorithmChoice choice = choose_algorithm({.subject = subject,
                                                     .names = names,
                                                     .mode = args.search,
                                                     .budget_s = args.budget.count(),
                                                     .now = now,
                                                     .time = time},
                                                    SearchMemory::shared());
    chosen_ = choice.index;
    if (choice.tuning && args.log != nullptr) args.log->chosen(*choice.tuning);
  }
  algorithm_ = names[chosen_];
}

void MockOperation::launch(WeightCopy /*weights*/) {
  if (fault_ == FaultKind::kThrowInLaunch) {
    throw std::runtime_error("the mock was told to throw in launch");
  }
  if (fault_ == FaultKind::kDeviceLost) {
    throw device::DeviceLost("the mock was told to lose the device");
  }
  if (fault_ == FaultKind::kHang) hang();
  if (fault_ == FaultKind::kCrashSegv) crash(SIGSEGV);
  if (fault_ == FaultKind::kCrashAbrt) crash(SIGABRT);
  if (fault_ == FaultKind::kCrashIll) crash(SIGILL);
  if (fault_ == FaultKind::kPrints) (void)std::puts("the mock was told to print");
  const auto start = std::chrono::steady_clock::now();
  const auto duration = std::chrono::duration<double>(next_duration_s());
  std::memcpy(d_, result_.data(), result_.size() * sizeof(result_.front()));
  if (sleeps_) return std::this_thread::sleep_for(duration);
  while (std::chrono::steady_clock::now() - start < duration) {
  }
}

double MockOperation::next_duration_s() {
  const bool slow = fault_ == FaultKind::kSlowFirst && !launched_;
  launched_ = true;
  constexpr double kSlower = 0.1;
  return duration_s_ * (1 + kSlower * static_cast<double>(chosen_)) *
         (1 + noise_ * normal_(random_)) * (slow ? kSlowFirstFactor : 1);
}

}  // namespace twofour::providers::mock
