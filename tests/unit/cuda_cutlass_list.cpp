#include "cuda_cutlass_list.h"

#include <array>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace twofour::providers::cutlass {
namespace {

struct TypePair {
  std::string_view name;
  DataType a;
  DataType d;
};
constexpr std::array<TypePair, 5> kTypes{{{"i8", DataType::kInt8, DataType::kBf16},
                                          {"fp8", DataType::kFp8E4m3, DataType::kBf16},
                                          {"fp8h", DataType::kFp8E4m3, DataType::kFp16},
                                          {"bf16", DataType::kBf16, DataType::kBf16},
                                          {"fp16", DataType::kFp16, DataType::kFp16}}};

const TypePair& types_of(const std::string& name) {
  for (const TypePair& types : kTypes) {
    if (types.name == name) return types;
  }
  throw std::runtime_error("kernel_list.txt: no types '" + name + "'");
}

GpuArchitecture architecture_of(const std::string& name) {
  const auto architecture = parse_gpu_architecture(name);
  if (!architecture) throw std::runtime_error("kernel_list.txt: no architecture '" + name + "'");
  return *architecture;
}

Schedule schedule_of(const std::string& name) {
  if (name == "PP") return Schedule::kPingPong;
  return name == "CO" ? Schedule::kCooperative : Schedule::kWarpSpecialized;
}

Mainloop mainloop_of(const std::string& name) {
  if (name == "+") return Mainloop::kInFlight;
  if (name == "+w") return Mainloop::kInFlightWide;
  if (name == "+s") return Mainloop::kInFlightSplit;
  throw std::runtime_error("kernel_list.txt: no loop '" + name + "'");
}

void add(std::vector<std::unique_ptr<ListedKernel>>& kernels, KernelTraits traits,
         const std::string& types) {
  std::istringstream list(types);
  for (std::string type; std::getline(list, type, ',');) {
    if (type == "-") continue;
    if (type.ends_with('*')) type.pop_back();
    traits.a = types_of(type).a;
    traits.d = types_of(type).d;
    kernels.push_back(std::make_unique<ListedKernel>(traits));
  }
}

std::vector<std::unique_ptr<ListedKernel>> read_list() {
  std::ifstream file(TWOFOUR_CUTLASS_LIST);
  std::vector<std::unique_ptr<ListedKernel>> kernels;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.front() == '#') continue;
    std::istringstream fields(line);
    KernelTraits traits;
    char x = 0;
    std::string schedule;
    std::string scheduler;
    std::string dense;
    std::string sparse;
    std::string architecture;
    fields >> architecture >> traits.tile_m >> x >> traits.tile_n >> x >> traits.tile_k >>
        schedule >> traits.cluster_m >> x >> traits.cluster_n >> scheduler >> dense >> sparse;
    if (!fields) throw std::runtime_error("kernel_list.txt: not a kernel: " + line);
    traits.architecture = architecture_of(architecture);
    if (const auto plus = schedule.find('+'); plus != std::string::npos) {
      traits.mainloop = mainloop_of(schedule.substr(plus));
      schedule.resize(plus);
    }
    traits.schedule = schedule_of(schedule);
    traits.scheduler = scheduler == "streamk" ? Scheduler::kStreamK : Scheduler::kTiles;
    traits.sparsity = Sparsity::kDense;
    add(kernels, traits, dense);
    traits.sparsity = Sparsity::kTwoFour;
    add(kernels, traits, sparse);
  }
  return kernels;
}

}  // namespace

std::size_t ListedKernel::workspace_bytes(const GemmArguments& /*arguments*/,
                                          const Tactic& /*tactic*/) const {
  return 0;
}

std::unique_ptr<PreparedLaunch> ListedKernel::prepare(const GemmArguments& /*arguments*/,
                                                      const Tactic& /*tactic*/,
                                                      void* /*workspace*/) const {
  throw std::logic_error("a listed kernel cannot be launched");
}

const std::vector<const Kernel*>& listed_kernels() {
  static const auto owned = read_list();
  static const auto kernels = [] {
    std::vector<const Kernel*> list;
    for (const auto& kernel : owned) list.push_back(kernel.get());
    return list;
  }();
  return kernels;
}

}  // namespace twofour::providers::cutlass
