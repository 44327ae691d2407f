#include "providers/cutlass/sm90/candidates.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "core/rounding.h"
#include "providers/cutlass/sm90/tile_orders.h"

namespace twofour::providers::cutlass::sm90 {
namespace {

/// Enough for every kernel that passes the filter by shape, and few enough to be timed.
constexpr std::size_t kMaxCandidates = 120;
/// Rasterisations of one kernel that are timed. The first one by the model is seldom far from the
/// best.
constexpr std::size_t kMaxOrders = 5;
/// With fewer tiles than this all operands are read at once in any rasterisation.
constexpr double kFewestToOrder = 16;

// Rough figures of an H200, good enough to say which candidates to time first.
constexpr double kClock_hz = 1.7e9;
constexpr double kReadPerSm_bytes_per_s = 33e9;
/// Read bandwidth of one SM when few are busy.
constexpr double kMaxReadPerSm_bytes_per_s = 60e9;
constexpr double kDenseMultiplyAddsPerClock_8bit = 4096;
constexpr double kTileOverhead_s = 1.0e-6;
constexpr double kLaunchOverhead_s = 3.0e-6;
/// Speed-up of the main loop that keeps matrix instructions in flight over CUTLASS's.
constexpr double kInFlightGain = 1.06;

/// Share of the peak that a matrix instruction of n = tile_n reaches with both operands in shared
/// memory.
double instruction_efficiency(int tile_n) {
  if (tile_n >= 256) return 0.85;
  if (tile_n >= 128) return 0.75;
  if (tile_n >= 64) return 0.6;
  if (tile_n >= 32) return 0.35;
  return 0.18;
}

double blocks_of(const KernelTraits& traits, const GemmShape& shape) {
  const auto up = [](std::int64_t size, int tile, int cluster) {
    return round_up(ceil_div(size, tile), cluster);
  };
  return static_cast<double>(up(shape.n, traits.tile_m, traits.cluster_m) *
                             up(shape.m, traits.tile_n, traits.cluster_n));
}

double estimate_s(const KernelTraits& traits, const GemmShape& shape, int multiprocessors) {
  const double element = info(traits.a).bits / 8.0;
  const bool sparse = traits.sparsity == Sparsity::kTwoFour;
  const double sms = multiprocessors;
  const double k = static_cast<double>(shape.k);
  const double blocks = blocks_of(traits, shape);
  const bool split = traits.scheduler == Scheduler::kStreamK;
  const double waves = split ? std::max(blocks / sms, 0.3) : std::ceil(blocks / sms);
  const double halves = traits.tile_m == 64 && traits.schedule == Schedule::kWarpSpecialized;
  const double rate = kDenseMultiplyAddsPerClock_8bit / element * (sparse ? 2 : 1) *
                      instruction_efficiency(traits.tile_n) * (halves > 0 ? 0.8 : 1) * kClock_hz;
  const double compute = traits.tile_m * traits.tile_n * k / rate;
  const double weights = traits.tile_m * k * element * (sparse ? 0.625 : 1) / traits.cluster_n;
  const double activations =
      std::min<double>(traits.tile_n, static_cast<double>(shape.m)) * k * element / 4;
  const double bandwidth =
      std::min(kMaxReadPerSm_bytes_per_s, kReadPerSm_bytes_per_s * sms / std::min(sms, blocks));
  const double read = (weights + activations) / bandwidth;
  // Ping-pong hides the epilogue of one tile behind the products of the next.
  const double epilogue = traits.schedule == Schedule::kPingPong ? 0.3 : 1;
  const double gain = traits.mainloop == Mainloop::kStock ? 1 : kInFlightGain;
  return waves * (std::max(compute, read) / gain + epilogue * kTileOverhead_s) + kLaunchOverhead_s +
         (split ? 2.0e-6 : 0);
}

/// Tiles whose n is far larger or smaller than M are never the fastest.
bool fits_rows(const KernelTraits& traits, std::int64_t m) {
  std::int64_t rows = 16;
  while (rows < m && rows < 256) rows *= 2;
  if (m <= 64) return traits.tile_n <= std::max<std::int64_t>(64, rows * 2);
  if (m < 512) return traits.tile_n >= rows / 4;
  return traits.tile_n >= 128;
}

std::vector<Tactic> tactics(const KernelTraits& traits, const GemmShape& shape,
                            int multiprocessors) {
  std::vector<Tactic> list{{}};
  const bool persistent = traits.schedule != Schedule::kWarpSpecialized;
  if (persistent && shape.m > 128 && blocks_of(traits, shape) > kFewestToOrder) {
    list = tile_orders(traits, shape, multiprocessors, kMaxOrders);
  }
  if (traits.scheduler == Scheduler::kStreamK) {
    list.push_back({.decomposition = Decomposition::kStreamK});
    for (const int splits : {2, 4}) {
      if (blocks_of(traits, shape) * splits > 2.0 * multiprocessors) break;
      list.push_back({.decomposition = Decomposition::kSplitK, .splits = splits});
    }
  } else if (shape.m <= 512) {
    // Stream-K resets its barriers before each launch, so its kernels cannot start early.
    Tactic early = list.front();
    early.programmatic = true;
    list.insert(list.begin() + 1, early);
  }
  return list;
}

struct FixedRule {
  DataType type;
  std::int64_t max_rows;  ///< largest M; 0: any
  std::int64_t columns;   ///< N; 0: any, negative: less than its magnitude
  std::string_view kernel;
};

constexpr std::array kFixedRules{
#define TWOFOUR_FIXED_TILE(type, max_rows, columns, kernel) \
  FixedRule{DataType::type, max_rows, columns, kernel},
#include "providers/cutlass/sm90/fixed_tiles.inc"
#undef TWOFOUR_FIXED_TILE
};

bool fits(const FixedRule& rule, const GemmProblem& problem) {
  const std::int64_t n = problem.shape.n;
  return rule.type == problem.a && (rule.max_rows == 0 || problem.shape.m <= rule.max_rows) &&
         (rule.columns == 0 || rule.columns == n || (rule.columns < 0 && n < -rule.columns));
}

bool computes(const KernelTraits& traits, const GemmProblem& problem) {
  return traits.a == problem.a && traits.d == problem.d && traits.sparsity == problem.sparsity;
}

}  // namespace

std::vector<Candidate> candidates(std::span<const Kernel* const> kernels,
                                  const GemmProblem& problem, int multiprocessors) {
  struct Ranked {
    Candidate candidate;
    double estimate_s;
  };
  std::vector<Ranked> ranked;
  bool any_fits = false;
  for (const bool filter : {true, false}) {
    // A build with few kernels may have none with a suitable n.
    if (any_fits) break;
    for (const Kernel* kernel : kernels) {
      const KernelTraits& traits = kernel->traits();
      if (!computes(traits, problem) || !kernel->can_implement(problem.shape)) continue;
      if (filter && !fits_rows(traits, problem.shape.m)) continue;
      any_fits = true;
      const double estimate = estimate_s(traits, problem.shape, multiprocessors);
      double penalty = 1;
      for (const Tactic& tactic : tactics(traits, problem.shape, multiprocessors)) {
        ranked.push_back({{kernel, tactic}, estimate * penalty});
        // The first tactic of every kernel comes before further tactics of much slower kernels.
        penalty += 0.05;
      }
    }
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const Ranked& x, const Ranked& y) { return x.estimate_s < y.estimate_s; });
  if (ranked.size() > kMaxCandidates) ranked.resize(kMaxCandidates);
  std::vector<Candidate> list;
  list.reserve(ranked.size());
  for (const Ranked& each : ranked) list.push_back(each.candidate);
  return list;
}

std::vector<Candidate> fixed_candidate(std::span<const Kernel* const> kernels,
                                       const GemmProblem& problem) {
  for (const FixedRule& rule : kFixedRules) {
    if (!fits(rule, problem)) continue;
    for (const Kernel* kernel : kernels) {
      if (computes(kernel->traits(), problem) && to_string(kernel->traits()) == rule.kernel &&
          kernel->can_implement(problem.shape)) {
        return {{kernel, {}}};
      }
    }
    break;
  }
  return {};
}

}  // namespace twofour::providers::cutlass::sm90
