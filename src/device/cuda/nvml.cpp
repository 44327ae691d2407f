#include "device/cuda/nvml.h"

#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <utility>

#include "device/gpu_neighbours.h"

namespace twofour::device::cuda {
namespace {

// The part of NVML's C interface that is used (docs.nvidia.com/deploy/nvml-api); its header is not
// part of every toolkit. Return value 0 is success.
using NvmlDevice = struct OpaqueNvmlDevice*;
using InitFunction = int (*)();
using HandleFunction = int (*)(const char*, NvmlDevice*);
using ClockFunction = int (*)(NvmlDevice, int, unsigned*);
using PowerFunction = int (*)(NvmlDevice, unsigned*);
using TemperatureFunction = int (*)(NvmlDevice, int, unsigned*);
using ReasonsFunction = int (*)(NvmlDevice, unsigned long long*);
using EnergyFunction = int (*)(NvmlDevice, unsigned long long*);
/// nvmlProcessInfo_t of the third version of the call.
struct ProcessInfo {
  unsigned pid;
  unsigned long long used_bytes;
  unsigned gpu_instance;
  unsigned compute_instance;
};
/// nvmlUtilization_t: percent of the driver's last period, up to a second long.
struct Utilization {
  unsigned gpu;
  unsigned memory;
};
using UtilizationFunction = int (*)(NvmlDevice, Utilization*);
using ProcessesFunction = int (*)(NvmlDevice, unsigned*, ProcessInfo*);
using VersionFunction = int (*)(char*, unsigned);

constexpr int kSuccess = 0;
constexpr int kSmClock = 1;
constexpr int kMemoryClock = 2;
constexpr int kGpuTemperature = 0;

constexpr std::array<std::pair<std::uint64_t, std::string_view>, 6> kReasons{{
    {0x04, "software power cap"},
    {0x08, "hardware slowdown"},
    {0x10, "sync boost"},
    {0x20, "software thermal slowdown"},
    {0x40, "hardware thermal slowdown"},
    {0x80, "hardware power brake"},
}};

class LoadedNvml final : public Nvml {
 public:
  explicit LoadedNvml(void* library) : library_(library) {}
  ~LoadedNvml() override {
    if (shutdown_ != nullptr) shutdown_();
    dlclose(library_);
  }
  LoadedNvml(const LoadedNvml&) = delete;
  LoadedNvml& operator=(const LoadedNvml&) = delete;

  bool open(const std::string& pci_bus_id) {
    InitFunction init = nullptr;
    HandleFunction handle = nullptr;
    if (!find(init, "nvmlInit_v2") || !find(handle, "nvmlDeviceGetHandleByPciBusId_v2")) {
      return false;
    }
    if (init() != kSuccess) return false;
    find(shutdown_, "nvmlShutdown");
    find(clock_, "nvmlDeviceGetClockInfo");
    find(power_, "nvmlDeviceGetPowerUsage");
    find(temperature_, "nvmlDeviceGetTemperature");
    // The second is the name that older drivers have for the first.
    if (!find(reasons_, "nvmlDeviceGetCurrentClocksEventReasons")) {
      find(reasons_, "nvmlDeviceGetCurrentClocksThrottleReasons");
    }
    find(version_, "nvmlSystemGetDriverVersion");
    find(processes_, "nvmlDeviceGetComputeRunningProcesses_v3");
    find(utilization_, "nvmlDeviceGetUtilizationRates");
    find(power_limit_, "nvmlDeviceGetEnforcedPowerLimit");
    find(energy_, "nvmlDeviceGetTotalEnergyConsumption");
    return handle(pci_bus_id.c_str(), &device_) == kSuccess;
  }

  [[nodiscard]] ClockSample sample() const override {
    ClockSample sample;
    unsigned value = 0;
    if (clock_ != nullptr && clock_(device_, kSmClock, &value) == kSuccess) sample.core_mhz = value;
    if (clock_ != nullptr && clock_(device_, kMemoryClock, &value) == kSuccess) {
      sample.memory_mhz = value;
    }
    if (power_ != nullptr && power_(device_, &value) == kSuccess) sample.power_w = value / 1000.0;
    if (temperature_ != nullptr && temperature_(device_, kGpuTemperature, &value) == kSuccess) {
      sample.temperature_c = value;
    }
    sample.throttle_reasons = throttle_reasons();
    const std::optional<std::vector<unsigned>> processes = compute_processes();
    sample.foreign_processes =
        neighbours(processes ? std::optional<std::span<const unsigned>>(*processes) : std::nullopt,
                   static_cast<unsigned>(getpid()), process_facts)
            .foreign;
    return sample;
  }

  [[nodiscard]] std::optional<std::string> throttle_reasons() const override {
    unsigned long long mask = 0;
    if (reasons_ == nullptr || reasons_(device_, &mask) != kSuccess) return std::nullopt;
    return throttle_words(mask);
  }

  [[nodiscard]] std::optional<std::string> driver_version() const override {
    std::array<char, 96> text{};
    if (version_ == nullptr) return std::nullopt;
    if (version_(text.data(), static_cast<unsigned>(text.size())) != kSuccess) return std::nullopt;
    return std::string(text.data());
  }

  [[nodiscard]] std::optional<std::vector<unsigned>> compute_processes() const override {
    constexpr unsigned kMost = 256;
    std::array<ProcessInfo, kMost> found{};
    unsigned count = kMost;
    if (processes_ == nullptr || processes_(device_, &count, found.data()) != kSuccess) return {};
    std::vector<unsigned> processes;
    for (unsigned i = 0; i < std::min(count, kMost); ++i) processes.push_back(found[i].pid);
    return processes;
  }

  [[nodiscard]] std::optional<double> busy_share() const override {
    Utilization now{};
    if (utilization_ == nullptr || utilization_(device_, &now) != kSuccess) return std::nullopt;
    return now.gpu / 100.0;
  }

  [[nodiscard]] std::optional<double> power_limit_w() const override {
    unsigned milliwatts = 0;
    if (power_limit_ == nullptr || power_limit_(device_, &milliwatts) != kSuccess) return {};
    return milliwatts / 1000.0;
  }

  [[nodiscard]] std::optional<double> energy_j() const override {
    unsigned long long millijoules = 0;
    if (energy_ == nullptr || energy_(device_, &millijoules) != kSuccess) return {};
    return static_cast<double>(millijoules) / 1000.0;
  }

 private:
  template <class Function>
  bool find(Function& function, const char* name) {
    function = reinterpret_cast<Function>(dlsym(library_, name));
    return function != nullptr;
  }

  void* library_;
  NvmlDevice device_ = nullptr;
  InitFunction shutdown_ = nullptr;
  ClockFunction clock_ = nullptr;
  PowerFunction power_ = nullptr;
  TemperatureFunction temperature_ = nullptr;
  ReasonsFunction reasons_ = nullptr;
  VersionFunction version_ = nullptr;
  ProcessesFunction processes_ = nullptr;
  UtilizationFunction utilization_ = nullptr;
  PowerFunction power_limit_ = nullptr;
  EnergyFunction energy_ = nullptr;
};

}  // namespace

std::string throttle_words(std::uint64_t mask) {
  std::string words;
  for (const auto& [bit, word] : kReasons) {
    if ((mask & bit) == 0) continue;
    if (!words.empty()) words += ", ";
    words += word;
  }
  return words;
}

std::unique_ptr<Nvml> open_nvml(const std::string& pci_bus_id) {
  void* library = dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return nullptr;
  auto nvml = std::make_unique<LoadedNvml>(library);
  if (!nvml->open(pci_bus_id)) return nullptr;
  return nvml;
}

}  // namespace twofour::device::cuda
