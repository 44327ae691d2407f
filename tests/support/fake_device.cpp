#include "support/fake_device.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "operands/host_operands.h"

namespace twofour::testing {
namespace {

constexpr std::align_val_t kAlignment{64};

}  // namespace

class FakeLoop final : public device::TimedLoop {
 public:
  FakeLoop(FakeDevice& device, device::LoopSpec spec) : device_(device), spec_(std::move(spec)) {}

  device::Elapsed run(std::int64_t launches) override {
    const double start = device_.now_s();
    for (std::int64_t i = 0; i < launches; ++i) {
      spec_.launch(slot_);
      device_.slots_.insert(slot_);
      slot_ = (slot_ + 1) % spec_.cache.copies;
    }
    const double elapsed_s = device_.now_s() - start;
    return {.device_s = elapsed_s, .host_s = elapsed_s};
  }

 private:
  FakeDevice& device_;
  device::LoopSpec spec_;
  int slot_ = 0;
};

FakeDevice::FakeDevice() {
  info_.id.kind = DeviceKind::kCpu;
  info_.id.name = "fake";
  info_.architecture = "portable";
  info_.last_level_cache_bytes = std::size_t{1} << 10;
  info_.memory_bytes = std::size_t{1} << 30;
  memory_ = {.free_bytes = info_.memory_bytes, .total_bytes = info_.memory_bytes};
}

Buffer FakeDevice::allocate(std::size_t bytes) {
  *live_bytes_ += bytes;
  peak_bytes_ = std::max(peak_bytes_, *live_bytes_);
  return {::operator new(bytes, kAlignment), bytes, [live = live_bytes_, bytes](void* data) {
            *live -= bytes;
            ::operator delete(data, kAlignment);
          }};
}

void FakeDevice::fill_bytes(void* data, unsigned char value, std::size_t bytes) {
  std::memset(data, value, bytes);
}

void FakeDevice::copy_to_host(void* host, const void* data, std::size_t bytes) {
  std::memcpy(host, data, bytes);
}

void FakeDevice::copy_from_host(void* data, const void* host, std::size_t bytes) {
  std::memcpy(data, host, bytes);
}

operands::Operands FakeDevice::make_operands(const operands::OperandSpec& spec) {
  return operands::make_host_operands(spec, 1,
                                      [this](std::size_t bytes) { return allocate(bytes); });
}

std::unique_ptr<device::TimedLoop> FakeDevice::timed_loop(device::LoopSpec spec) {
  loops_.push_back(spec.cache);
  return std::make_unique<FakeLoop>(*this, std::move(spec));
}

}  // namespace twofour::testing
