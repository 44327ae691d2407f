// One CUTLASS kernel, dense or 2:4, with scales and bias in its epilogue. Included by the sources
// that the build generates from kernel_list.txt, one for each tile shape, so that what kernels of a
// tile shape share is compiled once.
//
// In CUTLASS's terms A is W [N][K], B is A^T and D is D^T, see kernel.h.
#pragma once

#include <cutlass/cutlass.h>
#include <cutlass/gemm/device/gemm_universal_adapter.h>
#include <cutlass/epilogue/collective/collective_builder.hpp>
#include <cutlass/epilogue/fusion/sm90_callbacks_tma_warpspecialized.hpp>
#include <cutlass/gemm/collective/collective_builder.hpp>
#include <cutlass/gemm/kernel/gemm_universal.hpp>
#include <cutlass/util/packed_stride.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>

#include "device/cuda/error.h"
#include "providers/cutlass/kernel.h"
#include "providers/cutlass/sm90/sparse_mainloop.cuh"
#include "providers/cutlass/sm90/split_epilogue.cuh"

namespace twofour::providers::cutlass::sm90 {

/// CUTLASS 4.2's stream-K scheduler does not compile together with programmatic dependent launch:
/// its is_last_tile() passes a constant member by reference. The result only decides when the next
/// kernel may start, so here no CTA says that it computes its last tile.
template <class TileShape, class ClusterShape>
class StreamK final
    : public ::cutlass::gemm::kernel::detail::PersistentTileSchedulerSm90StreamK<TileShape,
                                                                                 ClusterShape> {
  using Base =
      ::cutlass::gemm::kernel::detail::PersistentTileSchedulerSm90StreamK<TileShape, ClusterShape>;

 public:
  using Base::Base;
  CUTLASS_DEVICE bool is_last_tile(const typename Base::WorkTileInfo& /*tile*/,
                                   std::uint32_t /*advance*/ = 1) const {
    return false;
  }
};
/// The tag by which CUTLASS selects it.
struct StreamKTag {};

}  // namespace twofour::providers::cutlass::sm90

template <class TileShape, class ClusterShape, std::uint32_t kStages>
struct cutlass::gemm::kernel::detail::TileSchedulerSelector<
    twofour::providers::cutlass::sm90::StreamKTag, cutlass::arch::Sm90, TileShape, ClusterShape,
    kStages> {
  using Scheduler = twofour::providers::cutlass::sm90::StreamK<TileShape, ClusterShape>;
};

namespace twofour::providers::cutlass::sm90 {

template <DataType kType>
struct Element;
template <>
struct Element<DataType::kInt8> {
  using Type = int8_t;
  using Accumulator = int32_t;
};
template <>
struct Element<DataType::kFp8E4m3> {
  using Type = ::cutlass::float_e4m3_t;
  using Accumulator = float;
};
template <>
struct Element<DataType::kBf16> {
  using Type = ::cutlass::bfloat16_t;
  using Accumulator = float;
};
template <>
struct Element<DataType::kFp16> {
  using Type = ::cutlass::half_t;
  using Accumulator = float;
};

/// CUTLASS's tags of the schedules. FP8 always has fast accumulation, that is, without promotion of
/// partial sums to fp32 accumulators of their own: with them 2:4 kernels of large tiles spill
/// registers.
template <Schedule kSchedule, bool kFp8>
struct ScheduleTags;
template <bool kFp8>
struct ScheduleTags<Schedule::kWarpSpecialized, kFp8> {
  using Mainloop = cute::conditional_t<kFp8, ::cutlass::gemm::KernelTmaWarpSpecializedFP8FastAccum,
                                       ::cutlass::gemm::KernelTmaWarpSpecialized>;
  using Epilogue = ::cutlass::epilogue::TmaWarpSpecialized;
};
template <bool kFp8>
struct ScheduleTags<Schedule::kPingPong, kFp8> {
  using Mainloop =
      cute::conditional_t<kFp8, ::cutlass::gemm::KernelTmaWarpSpecializedPingpongFP8FastAccum,
                          ::cutlass::gemm::KernelTmaWarpSpecializedPingpong>;
  using Epilogue = ::cutlass::epilogue::TmaWarpSpecialized;
};
template <bool kFp8>
struct ScheduleTags<Schedule::kCooperative, kFp8> {
  using Mainloop =
      cute::conditional_t<kFp8, ::cutlass::gemm::KernelTmaWarpSpecializedCooperativeFP8FastAccum,
                          ::cutlass::gemm::KernelTmaWarpSpecializedCooperative>;
  using Epilogue = ::cutlass::epilogue::TmaWarpSpecializedCooperative;
};

/// The epilogue visitor tree: D^T = fma(scale_b, scale_a * accumulator, bias) in float32, rounded
/// once. scale_a: [M] or [1], scale_b: [N] or [1]; a stride that is a boolean at run time chooses
/// between vector and scalar. bias: [N], or a null pointer.
template <class TileShape, class ElementD>
struct Epilogue {
  template <class T, class Stride>
  using PerColumnOfD =
      ::cutlass::epilogue::fusion::Sm90ColBroadcast<0, TileShape, T, float, Stride>;
  using ScaleA =
      ::cutlass::epilogue::fusion::Sm90RowBroadcast<0, TileShape, float, float,
                                                    cute::Stride<cute::_0, bool, cute::_0>>;
  using ScaleB = PerColumnOfD<float, cute::Stride<bool, cute::_0, cute::_0>>;
  using Bias = PerColumnOfD<ElementD, cute::Stride<cute::_1, cute::_0, cute::_0>>;
  using Scaled = ::cutlass::epilogue::fusion::Sm90EVT<
      ::cutlass::epilogue::fusion::Sm90Compute<::cutlass::multiplies, float, float,
                                               ::cutlass::FloatRoundStyle::round_to_nearest>,
      ScaleA, ::cutlass::epilogue::fusion::Sm90AccFetch>;
  using Tree = ::cutlass::epilogue::fusion::Sm90EVT<
      ::cutlass::epilogue::fusion::Sm90Compute<::cutlass::homogeneous_multiply_add, ElementD, float,
                                               ::cutlass::FloatRoundStyle::round_to_nearest>,
      ScaleB, Scaled, Bias>;
};

/// Layouts of W [N][K], A^T and D^T in CUTLASS's terms.
using WeightLayout = ::cutlass::layout::RowMajor;
using ActivationLayout = ::cutlass::layout::ColumnMajor;
using OutputLayout = ::cutlass::layout::ColumnMajor;

template <Mainloop kMainloop>
using EpilogueTile =
    cute::conditional_t<kMainloop == Mainloop::kInFlightWide, cute::Shape<cute::_128, cute::_64>,
                        ::cutlass::epilogue::collective::EpilogueTileAuto>;

template <class Stock, class OperatorClass, class TileShape, class ClusterShape, class Accumulator,
          class ElementD, Mainloop kMainloop>
struct EpilogueOf {
  using Type = Stock;
};
template <class Stock, class OperatorClass, class TileShape, class ClusterShape, class Accumulator,
          class ElementD>
struct EpilogueOf<Stock, OperatorClass, TileShape, ClusterShape, Accumulator, ElementD,
                  Mainloop::kInFlightSplit> {
  static constexpr int kTileN = cute::size<1>(TileShape{});
  using HalfTile = cute::Shape<cute::_64, cute::Int<kTileN>, decltype(cute::get<2>(TileShape{}))>;
  using Half = typename ::cutlass::epilogue::collective::CollectiveBuilder<
      ::cutlass::arch::Sm90, OperatorClass, HalfTile, ClusterShape,
      cute::Shape<cute::_64, cute::_64>, Accumulator, float, void, OutputLayout,
      16 / sizeof(ElementD), ElementD, OutputLayout, 16 / sizeof(ElementD),
      ::cutlass::epilogue::TmaWarpSpecialized,
      typename Epilogue<HalfTile, ElementD>::Tree>::CollectiveOp;
  using Type = SplitEpilogue<Half, kTileN, 64>;
};

template <DataType kA, DataType kD, Sparsity kSparsity, int kTileM, int kTileN, int kTileK,
          Schedule kSchedule, int kClusterM, int kClusterN, Scheduler kScheduler,
          Mainloop kMainloop = Mainloop::kStock>
struct Gemm {
  static constexpr KernelTraits kTraits{.architecture = GpuArchitecture::kSm90,
                                        .a = kA,
                                        .d = kD,
                                        .sparsity = kSparsity,
                                        .tile_m = kTileM,
                                        .tile_n = kTileN,
                                        .tile_k = kTileK,
                                        .cluster_m = kClusterM,
                                        .cluster_n = kClusterN,
                                        .schedule = kSchedule,
                                        .scheduler = kScheduler,
                                        .mainloop = kMainloop};
  static constexpr bool kSparse = kSparsity == Sparsity::kTwoFour;

  using ElementA = typename Element<kA>::Type;
  using ElementD = typename Element<kD>::Type;
  using Accumulator = typename Element<kA>::Accumulator;
  using OperatorClass = cute::conditional_t<kSparse, ::cutlass::arch::OpClassSparseTensorOp,
                                            ::cutlass::arch::OpClassTensorOp>;
  using TileShape = cute::Shape<cute::Int<kTileM>, cute::Int<kTileN>, cute::Int<kTileK>>;
  using ClusterShape = cute::Shape<cute::Int<kClusterM>, cute::Int<kClusterN>, cute::_1>;
  using Tags = ScheduleTags<kSchedule, kA == DataType::kFp8E4m3>;
  using EpilogueTree = Epilogue<TileShape, ElementD>;

  static constexpr int kAlignA = 16 / sizeof(ElementA);
  static constexpr int kAlignD = 16 / sizeof(ElementD);

  using StockEpilogue = typename ::cutlass::epilogue::collective::CollectiveBuilder<
      ::cutlass::arch::Sm90, OperatorClass, TileShape, ClusterShape, EpilogueTile<kMainloop>,
      Accumulator, float, void, OutputLayout, kAlignD, ElementD, OutputLayout, kAlignD,
      typename Tags::Epilogue, typename EpilogueTree::Tree>::CollectiveOp;
  using CollectiveEpilogue =
      typename EpilogueOf<StockEpilogue, OperatorClass, TileShape, ClusterShape, Accumulator,
                          ElementD, kMainloop>::Type;
  using StockMainloop = typename ::cutlass::gemm::collective::CollectiveBuilder<
      ::cutlass::arch::Sm90, OperatorClass, ElementA, WeightLayout, kAlignA, ElementA,
      ActivationLayout, kAlignA, Accumulator, TileShape, ClusterShape,
      ::cutlass::gemm::collective::StageCountAutoCarveout<static_cast<int>(
          sizeof(typename CollectiveEpilogue::SharedStorage))>,
      typename Tags::Mainloop>::CollectiveOp;
  using CollectiveMainloop = cute::conditional_t<kMainloop == Mainloop::kStock, StockMainloop,
                                                 SparseMainloop<StockMainloop>>;
  using SchedulerTag = cute::conditional_t<kScheduler == Scheduler::kStreamK, StreamKTag,
                                           ::cutlass::gemm::PersistentScheduler>;
  using GemmKernel = ::cutlass::gemm::kernel::GemmUniversal<
      cute::Shape<int, int, int, int>, CollectiveMainloop, CollectiveEpilogue,
      cute::conditional_t<kSchedule == Schedule::kWarpSpecialized, void, SchedulerTag>>;
  using Adapter = ::cutlass::gemm::device::GemmUniversalAdapter<GemmKernel>;
  using Arguments = typename Adapter::Arguments;

  static Arguments mainloop_arguments(const GemmArguments& from) {
    const cute::Shape<int, int, int, int> shape{static_cast<int>(from.shape.n),
                                                static_cast<int>(from.shape.m),
                                                static_cast<int>(from.shape.k), 1};
    const auto [m, n, k, l] = shape;
    Arguments to{};
    to.mode = ::cutlass::gemm::GemmUniversalMode::kGemm;
    to.problem_shape = shape;
    [[maybe_unused]] const auto* weights = static_cast<const ElementA*>(from.weights);
    [[maybe_unused]] const auto* activations = static_cast<const ElementA*>(from.activations);
    const auto stride_b = ::cutlass::make_cute_packed_stride(typename GemmKernel::StrideB{},
                                                             cute::make_shape(n, k, l));
    if constexpr (kSparse) {
      using Config = typename CollectiveMainloop::SparseConfig;
      // The layout of weights rounds K up; that of activations does not, and TMA gives zeros there.
      static_assert(typename Config::TensorAAlignmentK{} == 2 * kAlignA, "packed_k() of layout.h");
      to.mainloop = {weights,
                     Config::fill_layoutA(shape),
                     activations,
                     stride_b,
                     static_cast<const typename CollectiveMainloop::ElementE*>(from.metadata),
                     Config::fill_layoutE(shape)};
    } else {
      to.mainloop = {weights,
                     ::cutlass::make_cute_packed_stride(typename GemmKernel::StrideA{},
                                                        cute::make_shape(m, k, l)),
                     activations, stride_b};
    }
    to.epilogue.ptr_D = static_cast<ElementD*>(from.d);
    to.epilogue.dD = ::cutlass::make_cute_packed_stride(typename GemmKernel::StrideD{},
                                                        cute::make_shape(m, n, l));
    return to;
  }

  static Arguments arguments(const GemmArguments& from, const Tactic& tactic) {
    Arguments to = mainloop_arguments(from);
    to.epilogue.thread = {
        .op_0 = {from.scale_b, 1.0f, {from.scale_b_per_column, cute::_0{}, cute::_0{}}},
        .op_1 = {.op_0 = {from.scale_a, 1.0f, {cute::_0{}, from.scale_a_per_row, cute::_0{}}},
                 .op_1 = {},
                 .op_2 = {}},
        .op_2 = {static_cast<const ElementD*>(from.bias), ElementD(0), {}},
        .op_3 = {}};
    if constexpr (kSchedule != Schedule::kWarpSpecialized) {
      auto& scheduler = to.scheduler;
      scheduler.max_swizzle_size = tactic.swizzle;
      using Order = cute::remove_cvref_t<decltype(scheduler.raster_order)>;
      scheduler.raster_order = tactic.raster == Raster::kAlongM   ? Order::AlongM
                               : tactic.raster == Raster::kAlongN ? Order::AlongN
                                                                  : Order::Heuristic;
      if constexpr (kScheduler == Scheduler::kStreamK) {
        using Mode = cute::remove_cvref_t<decltype(scheduler.decomposition_mode)>;
        scheduler.splits = tactic.decomposition == Decomposition::kSplitK ? tactic.splits : 1;
        scheduler.decomposition_mode = tactic.decomposition == Decomposition::kSplitK ? Mode::SplitK
                                       : tactic.decomposition == Decomposition::kStreamK
                                           ? Mode::StreamK
                                           : Mode::Heuristic;
      }
    }
    return to;
  }

  /// Sets the kernel's shared memory limit on the GPU of `from`, and counts its clusters that fit
  /// on it at once. Without that number CUTLASS's grid leaves SMs idle with large clusters.
  static ::cutlass::KernelHardwareInfo set_up(const GemmArguments& from) {
    using device::cuda::check;
    const auto* kernel = reinterpret_cast<const void*>(&::cutlass::device_kernel<GemmKernel>);
    constexpr int kSharedBytes = GemmKernel::SharedStorageSize;
    check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, kSharedBytes),
          "give a CUTLASS kernel its shared memory");
    ::cutlass::KernelHardwareInfo hardware;
    hardware.device_id = from.gpu;
    hardware.sm_count = from.multiprocessors;
    const dim3 cluster(kClusterM, kClusterN, 1);
    auto config = ::cutlass::ClusterLauncher::make_cluster_launch_config(
        cluster, cluster, dim3(GemmKernel::MaxThreadsPerBlock), kSharedBytes);
    // make_cluster_launch_config returns a copy that points to the attributes of the original.
    config.launch_config.attrs = config.launch_attribute;
    check(cudaOccupancyMaxActiveClusters(&hardware.max_active_clusters, kernel,
                                         &config.launch_config),
          "count the clusters of a CUTLASS kernel that fit on the GPU");
    return hardware;
  }

  /// arguments() with the result of set_up(), which runs once for each GPU.
  static Arguments arguments_on_gpu(const GemmArguments& from, const Tactic& tactic) {
    static std::mutex mutex;
    static std::map<int, ::cutlass::KernelHardwareInfo> by_gpu;
    Arguments to = arguments(from, tactic);
    const std::lock_guard lock(mutex);
    auto found = by_gpu.find(from.gpu);
    if (found == by_gpu.end()) found = by_gpu.emplace(from.gpu, set_up(from)).first;
    to.hw_info = found->second;
    return to;
  }
};

inline void check(::cutlass::Status status, const KernelTraits& traits, const char* what) {
  if (status == ::cutlass::Status::kSuccess) return;
  device::cuda::throw_failure("could not " + std::string(what) + " CUTLASS kernel " +
                              to_string(traits) + ": " + ::cutlass::cutlassGetStatusString(status));
}

template <class G>
class PreparedGemm final : public PreparedLaunch {
 public:
  // GemmUniversalAdapter::initialize() is not called: it would also reset the barriers, on another
  // stream, possibly after a launch has begun.
  PreparedGemm(const typename G::Arguments& arguments, bool programmatic, void* workspace)
      : arguments_(arguments),
        programmatic_(programmatic),
        workspace_(workspace),
        params_(G::GemmKernel::to_underlying_arguments(arguments, workspace)) {}

  void launch(cudaStream_t stream) override {
    if constexpr (G::kTraits.scheduler == Scheduler::kStreamK) {
      check(G::GemmKernel::initialize_workspace(arguments_, workspace_, stream), G::kTraits,
            "reset the barriers of");
    }
    check(G::Adapter::run(params_, stream, nullptr, programmatic_), G::kTraits, "launch");
  }

 private:
  typename G::Arguments arguments_;
  bool programmatic_;
  void* workspace_;
  typename G::Adapter::Params params_;
};

template <class G>
class CompiledKernel final : public Kernel {
 public:
  [[nodiscard]] const KernelTraits& traits() const override { return G::kTraits; }
  [[nodiscard]] bool can_implement(const GemmShape& shape) const override {
    // CUTLASS wants rows of compressed weights without padding to be aligned; ours are packed_k().
    GemmShape packed = shape;
    if constexpr (G::kSparse) packed.k = packed_k(shape.k, G::kTraits.a);
    return shape.k % G::kAlignA == 0 && G::Adapter::can_implement(G::arguments(
                                            {.shape = packed}, {})) == ::cutlass::Status::kSuccess;
  }
  [[nodiscard]] std::size_t workspace_bytes(const GemmArguments& arguments,
                                            const Tactic& tactic) const override {
    return G::Adapter::get_workspace_size(G::arguments_on_gpu(arguments, tactic));
  }
  [[nodiscard]] std::unique_ptr<PreparedLaunch> prepare(const GemmArguments& arguments,
                                                        const Tactic& tactic,
                                                        void* workspace) const override {
    return std::make_unique<PreparedGemm<G>>(G::arguments_on_gpu(arguments, tactic),
                                             tactic.programmatic, workspace);
  }
};

template <class G>
const Kernel* compiled() {
  static const CompiledKernel<G> kernel;
  return &kernel;
}

}  // namespace twofour::providers::cutlass::sm90
