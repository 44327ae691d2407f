// What the runner needs of a device: memory, operands, a timer, ceilings. cpu/ always exists; cuda/
// is the only place outside CUDA providers that speaks to a GPU.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "core/buffer.h"
#include "core/environment.h"
#include "core/record.h"
#include "operands/operands.h"

namespace twofour::device {

/// The device is lost to this process (a sticky CUDA error): nothing more can run on it here.
class DeviceLost : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  /// A search lost it with a launch of `algorithm`, which others may do without.
  DeviceLost(const std::string& what, std::string algorithm)
      : std::runtime_error(what), algorithm_(std::move(algorithm)) {}
  /// Empty where no search of algorithms is to blame.
  [[nodiscard]] const std::string& algorithm() const { return algorithm_; }

 private:
  std::string algorithm_;
};

/// Time of one call of TimedLoop::run, in seconds for all its launches together.
struct Elapsed {
  double device_s = 0;
  double host_s = 0;
};

/// Memory that a launch reads and that a cold measurement must keep out of cache.
struct MemoryRange {
  const void* data = nullptr;
  std::size_t bytes = 0;
};

/// What to time: `launch(slot)` reads the weights of copy `slot`, 0 <= slot < cache.copies.
struct LoopSpec {
  std::function<void(int slot)> launch;
  CacheState cache;
  /// The weights of copy 0; read by the flush method only.
  std::vector<MemoryRange> weights;
  /// About how long quantum() launches should take, where a device lays launches together; 0: as
  /// long as a sample.
  double quantum_s = 0;
};

/// Times consecutive launches of one operation in one cache state. Rotation goes on where the last
/// call stopped, so every copy is touched.
class TimedLoop {
 public:
  virtual ~TimedLoop() = default;
  /// Runs `launches` launches, a multiple of quantum(), and waits for them.
  virtual Elapsed run(std::int64_t launches) = 0;
  /// Launches come in multiples of this: 1 on a CPU, the length of the graph on a GPU. Where it is
  /// more than 1, they ran once when the loop was made.
  [[nodiscard]] virtual std::int64_t quantum() const { return 1; }
};

/// Elements of D, by rows: row i has columns[row_begin[i]] to columns[row_begin[i + 1] - 1].
struct ElementList {
  std::span<const std::int64_t> row_begin;  ///< M + 1 entries
  std::span<const std::int32_t> columns;
};

/// Does for chosen elements of D what the host cannot do in place: the operands and D stay in the
/// memory of the device. Results are in the order of ElementList::columns.
class ElementReader {
 public:
  virtual ~ElementReader() = default;
  /// sums[e] is the sum over k of A[i][k] x B[j][k] for element e = (i, j): exact for int8, in
  /// float64 otherwise. magnitudes[e] is the sum of the |A[i][k] x B[j][k]|; it may be empty. The
  /// same operands give the same bits each time.
  virtual void add_up(const operands::Operands& operands, std::span<double> sums,
                      std::span<float> magnitudes) = 0;
  /// codes[e] is element e of `d`, [M][N] row-major of a 16-bit type. Waits for all launches.
  virtual void read(const void* d, std::span<std::uint16_t> codes) = 0;
};

struct MemoryStatus {
  std::size_t free_bytes = 0;
  std::size_t total_bytes = 0;
};

class Device {
 public:
  virtual ~Device() = default;

  [[nodiscard]] virtual const DeviceInfo& info() const = 0;
  [[nodiscard]] virtual MemoryStatus memory() const = 0;
  /// Smallest time difference that the timer resolves, in seconds.
  [[nodiscard]] virtual double timer_resolution_s() const = 0;
  /// Whether cache lines can be flushed before a launch (CacheMethod::kFlush).
  [[nodiscard]] virtual bool can_flush() const = 0;

  /// Readies up to `bytes` bytes for allocate(), so that what it takes to get memory from the
  /// system is no part of a case: in a virtual machine that is given its memory as it touches it,
  /// more than a second for each GiB. Returns how many are ready: at most half of what is free, 0
  /// where nothing would be gained.
  virtual std::size_t reserve(std::size_t /*bytes*/) { return 0; }
  /// At least 64-byte aligned (256 on a GPU), not initialised. Throws std::bad_alloc or
  /// std::runtime_error with the size when it cannot be had.
  virtual Buffer allocate(std::size_t bytes) = 0;
  virtual void fill_bytes(void* data, unsigned char value, std::size_t bytes) = 0;
  /// Waits for all launches, then copies.
  virtual void copy_to_host(void* host, const void* data, std::size_t bytes) = 0;
  virtual void copy_from_host(void* data, const void* host, std::size_t bytes) = 0;
  virtual void synchronize() = 0;

  virtual operands::Operands make_operands(const operands::OperandSpec& spec) = 0;
  /// Whether there is an element_reader(). Where not, the host reads operands and D itself, in
  /// place or copied.
  [[nodiscard]] virtual bool can_read_elements() const { return false; }
  /// A reader of `elements` of the D of `shape`; it copies the list.
  virtual std::unique_ptr<ElementReader> element_reader(const GemmShape& /*shape*/,
                                                        const ElementList& /*elements*/) {
    throw std::logic_error("this device has no element reader");
  }
  virtual std::unique_ptr<TimedLoop> timed_loop(LoopSpec spec) = 0;
  /// Measures the ceilings for these operand types; takes about a second.
  virtual Roofs measure_roofs(std::span<const DataType> types) = 0;
  [[nodiscard]] virtual ClockSample clocks() const = 0;
  /// Whether it runs below its clocks at this moment, for power or heat. Asked between samples.
  [[nodiscard]] virtual bool held_back() const { return false; }
};

/// Whether the host itself computes, in its own memory.
inline bool on_host(const Device& device) { return device.info().id.kind == DeviceKind::kCpu; }

/// How to keep `bytes_per_copy` of packed weights out of a cache of `cache_bytes`: rotation over
/// copies of at least twice the cache in all where `memory_budget_bytes` allows it, else a flush
/// where `can_flush`, else CacheMethod::kNone (the row is then NOT_COLD). A pure function.
CacheState plan_cold(std::size_t bytes_per_copy, std::size_t cache_bytes,
                     std::size_t memory_budget_bytes, bool can_flush);

/// For CacheState::residency.
Residency residency(std::size_t dense_bytes, std::size_t sparse_bytes, std::size_t cache_bytes);

}  // namespace twofour::device
