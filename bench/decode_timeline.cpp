#include "decode_timeline.h"

#include <cuda_runtime_api.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/median.h"
#include "device/cuda/cuda_stream.h"
#include "device/cuda/error.h"
#include "providers/cuda/sm90/phases.h"

namespace twofour::bench {
namespace {

using device::cuda::check;
using providers::cuda::sm90::kPhases;

constexpr int kLaunches = 32;
/// The sequence has its rhythm by then.
constexpr int kFirstCounted = 12;
constexpr int kMaxCtas = 1024;
constexpr std::size_t kStampsPerLaunch = std::size_t{kMaxCtas} * kPhases;
constexpr std::array<std::string_view, kPhases> kNames{"start",      "asked", "released",
                                                       "multiplied", "met",   "end"};

void launch_sequence(providers::cuda::sm90::DecodeOperation& operation,
                     const run::WeightCopies& weights, std::uint64_t* stamps, cudaStream_t stream) {
  check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed), "begin a stream capture");
  for (int i = 0; i < kLaunches; ++i) {
    operation.stamp(stamps + static_cast<std::size_t>(i) * kStampsPerLaunch);
    operation.launch(weights[i % static_cast<int>(weights.all().size())]);
  }
  operation.stamp(nullptr);
  cudaGraph_t graph = nullptr;
  check(cudaStreamEndCapture(stream, &graph), "capture the launches in a CUDA graph");
  cudaGraphExec_t executable = nullptr;
  check(cudaGraphInstantiate(&executable, graph, 0), "instantiate a CUDA graph");
  for (int i = 0; i < 3; ++i) check(cudaGraphLaunch(executable, stream), "launch a CUDA graph");
  check(cudaStreamSynchronize(stream), "finish the launches");
  check(cudaGraphExecDestroy(executable), "free a CUDA graph");
  check(cudaGraphDestroy(graph), "free a CUDA graph");
}

/// Times of one phase in one launch, of all CTAs.
std::vector<double> times(const std::vector<std::uint64_t>& stamps, int launch, int phase) {
  std::vector<double> list;
  for (int cta = 0; cta < kMaxCtas; ++cta) {
    const std::uint64_t at =
        stamps[static_cast<std::size_t>(launch) * kStampsPerLaunch +
               static_cast<std::size_t>(cta) * kPhases + static_cast<std::size_t>(phase)];
    if (at != 0) list.push_back(static_cast<double>(at) * 1e-3);
  }
  std::sort(list.begin(), list.end());
  return list;
}

}  // namespace

void print_timeline(device::Device& device, providers::cuda::sm90::DecodeOperation& operation,
                    const run::WeightCopies& weights) {
  const std::size_t bytes = kStampsPerLaunch * kLaunches * sizeof(std::uint64_t);
  const Buffer memory = device.memory().allocate(bytes);
  device.memory().fill_bytes(memory.data(), 0, bytes);
  launch_sequence(operation, weights, memory.as<std::uint64_t>(), device::stream_of(device));
  std::vector<std::uint64_t> stamps(kStampsPerLaunch * kLaunches);
  device.memory().copy_to_host(stamps.data(), memory.data(), bytes);

  std::array<std::vector<double>, kPhases> first;
  std::array<std::vector<double>, kPhases> middle;
  std::array<std::vector<double>, kPhases> last;
  for (int launch = kFirstCounted; launch < kLaunches; ++launch) {
    const double before = times(stamps, launch - 1, kPhases - 1).back();
    for (int phase = 0; phase < kPhases; ++phase) {
      const auto at = static_cast<std::size_t>(phase);
      const std::vector<double> list = times(stamps, launch, phase);
      first[at].push_back(list.front() - before);
      middle[at].push_back(list[list.size() / 2] - before);
      last[at].push_back(list.back() - before);
    }
  }
  fmt::print("    timeline {}, us after the end before:", operation.algorithm());
  for (std::size_t phase = 0; phase < kNames.size(); ++phase) {
    fmt::print("  {} {:.2f} [{:.2f} {:.2f}]", kNames[phase], median(middle[phase]),
               median(first[phase]), median(last[phase]));
  }
  fmt::print("\n");
}

}  // namespace twofour::bench
