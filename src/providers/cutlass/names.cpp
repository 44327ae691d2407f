#include <fmt/format.h>

#include "providers/cutlass/kernel.h"

namespace twofour::providers::cutlass {
namespace {

const char* short_name(Schedule schedule) {
  switch (schedule) {
    case Schedule::kPingPong:
      return "PP";
    case Schedule::kCooperative:
      return "CO";
    case Schedule::kWarpSpecialized:
      break;
  }
  return "WS";
}

const char* short_name(Mainloop mainloop) {
  switch (mainloop) {
    case Mainloop::kInFlight:
      return "+";
    case Mainloop::kInFlightWide:
      return "+w";
    case Mainloop::kInFlightSplit:
      return "+s";
    case Mainloop::kStock:
      break;
  }
  return "";
}

}  // namespace

std::string to_string(const KernelTraits& traits) {
  return fmt::format("{}x{}x{}_{}{}_c{}{}{}", traits.tile_m, traits.tile_n, traits.tile_k,
                     short_name(traits.schedule), short_name(traits.mainloop), traits.cluster_m,
                     traits.cluster_n, traits.scheduler == Scheduler::kStreamK ? "_sk" : "");
}

std::string to_string(const Tactic& tactic) {
  std::string text;
  if (tactic.swizzle != 1) text += fmt::format(" swizzle={}", tactic.swizzle);
  if (tactic.raster == Raster::kAlongM) text += " raster=m";
  if (tactic.raster == Raster::kAlongN) text += " raster=n";
  if (tactic.decomposition == Decomposition::kStreamK) text += " streamk";
  if (tactic.decomposition == Decomposition::kSplitK) {
    text += fmt::format(" splitk={}", tactic.splits);
  }
  if (tactic.programmatic) text += " pdl";
  return text;
}

std::string name_of(const Candidate& candidate) {
  return to_string(candidate.kernel->traits()) + to_string(candidate.tactic);
}

}  // namespace twofour::providers::cutlass
