#include "support/fake_device.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <string>
#include <utility>

#include "operands/host_operands.h"

namespace twofour::testing {
namespace {

using State = FakeDevice::State;

constexpr std::align_val_t kAlignment{64};
constexpr std::size_t kMemoryBytes = std::size_t{1} << 30;

class FakeMemory final : public device::Memory {
 public:
  explicit FakeMemory(std::shared_ptr<State> state) : state_(std::move(state)) {}

  [[nodiscard]] device::MemoryStatus status() const override {
    if (state_->out_of_memory) throw std::bad_alloc();
    return state_->memory;
  }
  Buffer allocate(std::size_t bytes) override {
    state_->live_bytes += bytes;
    state_->peak_bytes = std::max(state_->peak_bytes, state_->live_bytes);
    return {::operator new(bytes, kAlignment), bytes, [state = state_, bytes](void* data) {
              state->live_bytes -= bytes;
              ::operator delete(data, kAlignment);
            }};
  }
  void fill_bytes(void* data, unsigned char value, std::size_t bytes) override {
    std::memset(data, value, bytes);
  }
  void copy_to_host(void* host, const void* data, std::size_t bytes) override {
    std::memcpy(host, data, bytes);
  }
  void copy_from_host(void* data, const void* host, std::size_t bytes) override {
    std::memcpy(data, host, bytes);
  }
  void copy(void* to, const void* from, std::size_t bytes, std::size_t /*unit_bytes*/) override {
    std::memcpy(to, from, bytes);
  }
  void synchronize() override {}

 private:
  std::shared_ptr<State> state_;
};

class FakeLoop final : public device::TimedLoop {
 public:
  FakeLoop(std::shared_ptr<State> state, device::LoopSpec spec)
      : state_(std::move(state)), spec_(std::move(spec)) {}

  device::Elapsed run(std::int64_t launches) override {
    const double start = state_->now_s;
    for (std::int64_t i = 0; i < launches; ++i) {
      spec_.launch(slot_);
      state_->slots.insert(slot_);
      slot_ = (slot_ + 1) % spec_.cache.copies;
    }
    const double elapsed_s = state_->now_s - start;
    return {.device_s = elapsed_s,
            .host_s = elapsed_s,
            .effective_mhz = spec_.effective_clock ? state_->effective_mhz : std::nullopt};
  }

 private:
  std::shared_ptr<State> state_;
  device::LoopSpec spec_;
  int slot_ = 0;
};

class FakeTimer final : public device::Timer {
 public:
  explicit FakeTimer(std::shared_ptr<State> state) : state_(std::move(state)) {}

  [[nodiscard]] double resolution_s() const override { return 1e-9; }
  [[nodiscard]] bool can_flush() const override { return state_->can_flush; }
  std::unique_ptr<device::TimedLoop> timed_loop(device::LoopSpec spec) override {
    state_->loops.push_back(spec.cache);
    return std::make_unique<FakeLoop>(state_, std::move(spec));
  }

 private:
  std::shared_ptr<State> state_;
};

class FakeProbe final : public device::Probe {
 public:
  explicit FakeProbe(std::shared_ptr<State> state) : state_(std::move(state)) {}

  Roofs measure_roofs(std::span<const DataType> /*types*/) override { return state_->roofs; }
  [[nodiscard]] bool held_back() const override { return state_->held_back; }
  [[nodiscard]] std::optional<double> energy_j() const override {
    if (!state_->watts) return std::nullopt;
    return *state_->watts * state_->now_s;
  }
  [[nodiscard]] std::string fine_energy_source() const override { return state_->fine_energy; }
  [[nodiscard]] ClockSample clocks() const override { return state_->clocks; }

 private:
  std::shared_ptr<State> state_;
};

class FakeOperandSource final : public device::OperandSource {
 public:
  explicit FakeOperandSource(device::Memory& memory) : memory_(memory) {}

  operands::Operands make_operands(const operands::OperandSpec& spec) override {
    return operands::make_host_operands(
        spec, 1, [this](std::size_t bytes) { return memory_.allocate(bytes); });
  }

 private:
  device::Memory& memory_;
};

DeviceInfo fake_info() {
  DeviceInfo info;
  info.id = {.kind = DeviceKind::kCpu, .name = "fake"};
  info.architecture = "portable";
  info.last_level_cache_bytes = std::size_t{1} << 10;
  info.memory_bytes = kMemoryBytes;
  return info;
}

std::shared_ptr<State> fresh_state() {
  auto state = std::make_shared<State>();
  state->memory = {.free_bytes = kMemoryBytes, .total_bytes = kMemoryBytes};
  return state;
}

device::Device::Parts fake_parts(const std::shared_ptr<State>& state) {
  auto memory = std::make_unique<FakeMemory>(state);
  auto operands = std::make_unique<FakeOperandSource>(*memory);
  return {.memory = std::move(memory),
          .timer = std::make_unique<FakeTimer>(state),
          .probe = std::make_unique<FakeProbe>(state),
          .operands = std::move(operands)};
}

}  // namespace

FakeDevice::FakeDevice() : FakeDevice(fresh_state()) {}

FakeDevice::FakeDevice(const std::shared_ptr<State>& state)
    : Device(fake_info(), fake_parts(state)), state_(state) {}

const device::Device& any_cpu() {
  static const FakeDevice device;
  return device;
}

}  // namespace twofour::testing
