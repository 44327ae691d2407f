// An epilogue for cooperative kernels that each of the two consumer warpgroups runs by itself. In
// CUTLASS's own the warpgroups wait for each other at every subtile, while the tensor cores are
// idle. Here a warpgroup scales and stores its 64 columns of D as soon as it has them, and goes on
// to the next tile while the other one may still multiply.
//
// In CUTLASS's terms a warpgroup has 64 x kTileN of D^T: 64 columns and kTileN rows of D.
//
//   accumulators   registers, 64 x kTileN over 128 threads
//   subtiles       shared memory [warpgroup][kBuffers][kSubtileN rows of D][64 columns], swizzled;
//   TMA
//                  stores one buffer while the next one is written
//   scale_a        shared memory [warpgroup][kTileN]
#pragma once

#include <cutlass/arch/barrier.h>
#include <cutlass/cutlass.h>
#include <cutlass/epilogue/collective/collective_builder.hpp>

#include <cstdint>

namespace twofour::providers::cutlass::sm90 {

/// `Half` is CUTLASS's epilogue for one warpgroup's half of the tile, 64 x kTileN, in subtiles of
/// 64 x kSubtileN. Its arguments, its tree of scales and its tensor map for D are used, its code is
/// not.
template <class Half, int kTileN, int kSubtileN>
class SplitEpilogue {
 public:
  using DispatchPolicy = typename Half::DispatchPolicy;
  using ThreadEpilogueOp = typename Half::ThreadEpilogueOp;
  using GmemTiledCopyC = typename Half::GmemTiledCopyC;
  using GmemTiledCopyD = typename Half::GmemTiledCopyD;
  using ElementC = typename Half::ElementC;
  using StrideC = typename Half::StrideC;
  using ElementD = typename Half::ElementD;
  using StrideD = typename Half::StrideD;
  using Arguments = typename Half::Arguments;
  using Params = typename Half::Params;
  using LoadPipeline = typename Half::LoadPipeline;
  using LoadPipelineState = typename Half::LoadPipelineState;
  using StorePipeline = typename Half::StorePipeline;
  using StorePipelineState = typename Half::StorePipelineState;
  using PipelineStorage = typename Half::PipelineStorage;
  static constexpr bool RequiresTransactionBytes = Half::RequiresTransactionBytes;

  static constexpr int kGroupThreads = ::cutlass::NumThreadsPerWarpGroup;
  static constexpr int kGroups = 2;
  static constexpr int kRows = 64;
  static constexpr int kBuffers = 2;
  static constexpr int kSubtiles = kTileN / kSubtileN;
  static_assert(kTileN % kSubtileN == 0 && kSubtiles % kBuffers == 0 && kSubtileN % 16 == 0);
  static_assert(sizeof(ElementD) == 2 && cute::is_void_v<ElementC>);

  using BufferLayout = decltype(cute::tile_to_shape(
      typename Half::SmemLayoutAtomD{},
      cute::Shape<cute::Int<kRows>, cute::Int<kSubtileN>, cute::Int<kBuffers>>{},
      cute::Step<cute::_2, cute::_1, cute::_3>{}));

  struct SharedStorage {
    struct TensorStorage {
      alignas(1024) ElementD subtiles[kGroups][kBuffers * kSubtileN * kRows];
      float scale_a[kGroups][kTileN];
    } tensors;
    PipelineStorage pipeline;
  };
  using TensorStorage = typename SharedStorage::TensorStorage;

  template <class ProblemShape>
  static Params to_underlying_arguments(const ProblemShape& shape, const Arguments& arguments,
                                        void* workspace) {
    return Half::to_underlying_arguments(shape, arguments, workspace);
  }
  template <class ProblemShape>
  static std::size_t get_workspace_size(const ProblemShape& shape, const Arguments& arguments) {
    return Half::get_workspace_size(shape, arguments);
  }
  template <class ProblemShape>
  static ::cutlass::Status initialize_workspace(const ProblemShape& shape,
                                                const Arguments& arguments, void* workspace,
                                                cudaStream_t stream,
                                                ::cutlass::CudaHostAdapter* adapter = nullptr) {
    return Half::initialize_workspace(shape, arguments, workspace, stream, adapter);
  }
  template <class ProblemShape>
  static bool can_implement(const ProblemShape& shape, const Arguments& arguments) {
    return Half::can_implement(shape, arguments);
  }
  template <class Tile>
  CUTLASS_HOST_DEVICE static constexpr int get_load_pipe_increment(Tile /*tile*/) {
    return kSubtiles;
  }
  template <class Tile>
  CUTLASS_HOST_DEVICE static constexpr int get_store_pipe_increment(Tile /*tile*/) {
    return kSubtiles;
  }
  CUTLASS_DEVICE static void prefetch_tma_descriptors(const Params& params) {
    Half::prefetch_tma_descriptors(params);
  }

  CUTLASS_DEVICE SplitEpilogue(const Params& params, TensorStorage& /*shared*/) : params_(params) {}

  /// The epilogue has no C operand, so the producer loads nothing for it.
  CUTLASS_DEVICE bool is_producer_load_needed() const { return false; }
  template <class... Any>
  CUTLASS_DEVICE LoadPipelineState load(LoadPipeline /*pipeline*/, LoadPipelineState state,
                                        Any&&... /*rest*/) const {
    return state;
  }
  CUTLASS_DEVICE void load_tail(LoadPipeline /*pipeline*/, LoadPipelineState /*state*/) const {}

  /// Scales, rounds and stores this warpgroup's 64 columns of D of the tile at coordinates `tile`.
  template <class ProblemShape, class TileShape, class TileCoord, class Accumulators,
            class TiledMma>
  CUTLASS_DEVICE auto store(LoadPipeline /*load_pipeline*/, LoadPipelineState load_state,
                            StorePipeline /*store_pipeline*/, StorePipelineState store_state,
                            const ProblemShape& shape, const TileShape& /*tile_shape*/,
                            const TileCoord& tile, const Accumulators& accumulators,
                            const TiledMma& /*mma*/, int thread_idx, TensorStorage& shared,
                            int /*subtile*/ = -1) const {
    using namespace cute;
    static_assert(size(Accumulators{}) == kRows * kTileN / kGroupThreads);
    const int group = thread_idx / kGroupThreads;
    const int thread = thread_idx % kGroupThreads;
    const int row_tile_of_w = get<0>(tile) * kGroups + group;
    const int first_row = get<1>(tile) * kTileN;
    float* scale_a = shared.scale_a[group];
    stage_scale_a(scale_a, first_row, get<1>(shape), thread);
    const ColumnScales scales(params_, row_tile_of_w * kRows + thread / 32 * 16 + thread % 32 / 4,
                              get<0>(shape));

    const Tensor buffers = make_tensor(make_smem_ptr(shared.subtiles[group]), BufferLayout{});
    const Tensor d =
        params_.tma_store_d.get_tma_tensor(make_shape(get<0>(shape), get<1>(shape), get<3>(shape)));
    const Tensor own = local_tile(d, Shape<Int<kRows>, Int<kTileN>>{},
                                  make_coord(row_tile_of_w, get<1>(tile), get<3>(tile)));
    const auto copier = params_.tma_store_d.get_slice(_0{});
    const Tensor from = copier.partition_S(buffers);
    const Tensor to = copier.partition_D(flat_divide(own, Shape<Int<kRows>, Int<kSubtileN>>{}));
    CUTLASS_PRAGMA_UNROLL
    for (int subtile = 0; subtile < kSubtiles; ++subtile) {
      const int buffer = subtile % kBuffers;
      // The thread that issues the TMA stores waits until the last store from this buffer has read
      // it.
      if (thread == 0) tma_store_wait<kBuffers - 1>();
      synchronise(group);
      write_subtile(accumulators, subtile, scales, scale_a,
                    cast_smem_ptr_to_uint(shared.subtiles[group]) + buffer * kSubtileN * kRows * 2,
                    thread);
      tma_store_fence();
      synchronise(group);
      if (thread == 0) {
        copy(params_.tma_store_d, from(_, _, _, buffer), to(_, _, _, _0{}, subtile));
        tma_store_arrive();
      }
    }
    return make_tuple(load_state, store_state);
  }

  CUTLASS_DEVICE auto store_tail(LoadPipeline /*load_pipeline*/, LoadPipelineState load_state,
                                 StorePipeline /*store_pipeline*/,
                                 StorePipelineState store_state) const {
    // Only the thread that issued TMA stores has something to wait for.
    cute::tma_store_wait<0>();
    return cute::make_tuple(load_state, store_state);
  }

 private:
  /// scale_b and bias of the two columns of D that a thread has.
  struct ColumnScales {
    float scale[2];
    float bias[2];

    CUTLASS_DEVICE ColumnScales(const Params& params, int column, int columns) {
      const auto& b = params.thread.op_0;
      const auto& added = params.thread.op_2;
      CUTLASS_PRAGMA_UNROLL
      for (int half = 0; half < 2; ++half) {
        const int at = column + half * 8;
        const bool inside = at < columns;
        scale[half] = inside ? b.ptr_col[cute::get<0>(b.dCol) ? at : 0] : 0.0f;
        bias[half] =
            inside && added.ptr_col != nullptr ? static_cast<float>(added.ptr_col[at]) : 0.0f;
      }
    }
  };

  /// A barrier of the threads of one warpgroup.
  CUTLASS_DEVICE static void synchronise(int group) {
    ::cutlass::arch::NamedBarrier::sync(kGroupThreads, static_cast<std::uint32_t>(group));
  }

  /// Copies scale_a of the tile's rows of D to shared memory.
  CUTLASS_DEVICE void stage_scale_a(float* to, int first_row, int rows, int thread) const {
    const auto& a = params_.thread.op_1.op_0;
    CUTLASS_PRAGMA_UNROLL
    for (int i = 0; i < kTileN / kGroupThreads; ++i) {
      const int row = thread + i * kGroupThreads;
      const bool each = cute::get<1>(a.dRow);
      to[row] = first_row + row < rows ? a.ptr_row[each ? first_row + row : 0] : 0.0f;
    }
  }

  /// Two values rounded to the output type, in one word.
  CUTLASS_DEVICE static std::uint32_t round_pair(float first, float second) {
    ::cutlass::Array<float, 2> values;
    values[0] = first;
    values[1] = second;
    const auto rounded = ::cutlass::NumericArrayConverter<ElementD, float, 2>{}(values);
    return reinterpret_cast<const std::uint32_t&>(rounded);
  }

  /// Writes one subtile to a buffer. A thread has, of each 8 rows of D, two neighbouring rows of
  /// columns c and c + 8. A buffer is [kSubtileN rows of D][128 bytes of 64 columns], whose 16-byte
  /// pieces are swizzled as the tensor map says.
  template <class Accumulators>
  CUTLASS_DEVICE static void write_subtile(const Accumulators& accumulators, int subtile,
                                           const ColumnScales& scales, const float* scale_a,
                                           std::uint32_t buffer, int thread) {
    const int lane = thread % 32;
    const int warp = thread / 32;
    CUTLASS_PRAGMA_UNROLL
    for (int rows = 0; rows < kSubtileN; rows += 16) {
      std::uint32_t words[4];
      CUTLASS_PRAGMA_UNROLL
      for (int block = 0; block < 2; ++block) {
        const int first = subtile * kSubtileN + rows + block * 8;
        const float2 a = *reinterpret_cast<const float2*>(scale_a + first + lane % 4 * 2);
        CUTLASS_PRAGMA_UNROLL
        for (int half = 0; half < 2; ++half) {
          const int at = first / 8 * 4 + half * 2;
          const float scale = scales.scale[half];
          words[block * 2 + half] = round_pair(
              fmaf(scale, a.x * static_cast<float>(accumulators(at)), scales.bias[half]),
              fmaf(scale, a.y * static_cast<float>(accumulators(at + 1)), scales.bias[half]));
        }
      }
      // stmatrix: each eight lanes pass the addresses of the rows of one 8 x 8 matrix.
      const int row = rows + lane / 16 * 8 + lane % 8;
      const int chunk = (warp * 2 + lane / 8 % 2) ^ (row % 8);
      const std::uint32_t to = buffer + row * (kRows * 2) + chunk * 16;
      asm volatile(
          "stmatrix.sync.aligned.m8n8.x4.trans.shared.b16 [%0], {%1, %2, %3, %4};\n" ::"r"(to),
          "r"(words[0]), "r"(words[1]), "r"(words[2]), "r"(words[3])
          : "memory");
    }
  }

  const Params& params_;
};

}  // namespace twofour::providers::cutlass::sm90
