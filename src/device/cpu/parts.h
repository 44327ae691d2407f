// The parts of the processor as a device, and their assembly.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "device/cpu/cgroup.h"
#include "device/cpu/foreign_load.h"
#include "device/cpu/host_files.h"
#include "device/cpu/page_pool.h"
#include "device/cpu/pinning.h"
#include "device/cpu/rapl.h"
#include "device/device.h"

namespace twofour::device::cpu {

/// Host memory that `threads` threads touch, fill and copy.
class HostMemory final : public Memory {
 public:
  HostMemory(HostFiles files, int threads);

  [[nodiscard]] MemoryStatus status() const override;
  std::size_t reserve(std::size_t bytes) override;
  Buffer allocate(std::size_t bytes) override;
  void fill_bytes(void* data, unsigned char value, std::size_t bytes) override;
  void copy_to_host(void* host, const void* data, std::size_t bytes) override;
  void copy_from_host(void* data, const void* host, std::size_t bytes) override;
  void copy(void* to, const void* from, std::size_t bytes, std::size_t unit_bytes) override;
  /// A launch has ended when it returns: there is nothing to wait for.
  void synchronize() override {}

 private:
  HostFiles files_;
  int threads_;
  std::optional<PagePool> pages_;  ///< nothing where pages may not go from buffer to buffer
};

/// Times launches by CLOCK_MONOTONIC_RAW.
class CpuTimer final : public Timer {
 public:
  /// `pinning` may be null; the timer keeps it until it is destroyed.
  CpuTimer(std::unique_ptr<ThreadPinning> pinning, int threads);

  [[nodiscard]] double resolution_s() const override { return resolution_s_; }
  [[nodiscard]] bool can_flush() const override;
  std::unique_ptr<TimedLoop> timed_loop(LoopSpec spec) override;

 private:
  std::unique_ptr<ThreadPinning> pinning_;
  int threads_;
  double resolution_s_;
};

/// Ceilings are measured with `threads` threads in memory from `memory`, which must outlive it.
class CpuProbe final : public Probe {
 public:
  CpuProbe(HostFiles files, int threads, std::size_t last_level_cache_bytes, Memory& memory);

  Roofs measure_roofs(std::span<const DataType> types) override;
  void share_host() override { shares_host_ = true; }
  void watch_throttling() override;
  [[nodiscard]] ForeignWork foreign_load() const override;
  /// Those that the team is bound to; others do not matter. Until then, all.
  void watch_processors(std::vector<int> processors) { processors_ = std::move(processors); }
  [[nodiscard]] ClockSample clocks() const override;
  /// From now on the counters of these processors' packages; until then there is no energy.
  void count_energy(Rapl counters) { energy_.emplace(std::move(counters)); }
  [[nodiscard]] std::optional<double> energy_j() const override {
    return energy_ ? energy_->joules() : std::nullopt;
  }
  [[nodiscard]] std::string fine_energy_source() const override {
    return energy_ ? energy_->source() : std::string();
  }

 private:
  HostFiles files_;
  int threads_;
  std::size_t last_level_cache_bytes_;
  Memory& memory_;
  std::optional<std::uint64_t> hot_before_;
  std::map<std::string, QuotaPeriods> quota_before_;
  std::vector<int> processors_;
  bool shares_host_ = false;
  std::optional<LoadReading> load_before_;
  mutable std::optional<Rapl> energy_;  ///< reading it keeps where its counters stood
};

/// Operands in `memory`, which must outlive it.
class HostOperandSource final : public OperandSource {
 public:
  HostOperandSource(int threads, Memory& memory) : threads_(threads), memory_(memory) {}
  operands::Operands make_operands(const operands::OperandSpec& spec) override;

 private:
  int threads_;
  Memory& memory_;
};

}  // namespace twofour::device::cpu
