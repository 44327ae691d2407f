// Writes down when each kernel of a process began and ended, by CUPTI's activity records: a second
// opinion on times that the program takes with events. A library that the CUDA driver loads into
// the process, not a program:
//
//   CUDA_INJECTION64_PATH=libtwofour_cupti.so TWOFOUR_CUPTI_FILE=trace twofour --in-process ...
//
// A line of the file is "name <number> <name>", or "kernel <graph> <begin> <end> <number of its
// name>", in nanoseconds of the GPU's clock; graph 0: it was launched outside a CUDA graph. Without
// CUPTI the program runs as ever, and the file says why it has nothing. CUPTI is loaded when the
// process runs (TWOFOUR_CUPTI_LIBRARY names another one), so that a build needs its header alone.
#include <cupti.h>
#include <dlfcn.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>

namespace {

constexpr std::size_t kBufferBytes = std::size_t{4} << 20;
constexpr std::size_t kBufferAlignment = 8;

/// What CUPTI's library has of what is called.
struct Cupti {
  decltype(&cuptiActivityRegisterCallbacks) register_callbacks = nullptr;
  decltype(&cuptiActivityEnable) enable = nullptr;
  decltype(&cuptiActivityFlushAll) flush_all = nullptr;
  decltype(&cuptiActivityGetNextRecord) next_record = nullptr;
};

Cupti cupti;
std::FILE* file = nullptr;
std::mutex writing;  // CUPTI may give buffers back on a thread of its own

int number_of(const char* name) {
  static std::map<std::string, int> numbers;
  const auto [place, added] =
      numbers.try_emplace(name == nullptr ? "?" : name, static_cast<int>(numbers.size()));
  if (added) (void)std::fprintf(file, "name %d %s\n", place->second, place->first.c_str());
  return place->second;
}

void write(const CUpti_Activity& record) {
  const char* name = "memset";
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint32_t graph = 0;
  if (record.kind == CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL) {
    // What is read here has stood at the same places since this version of the record.
    const auto& kernel = reinterpret_cast<const CUpti_ActivityKernel9&>(record);
    name = kernel.name;
    begin = kernel.start;
    end = kernel.end;
    graph = kernel.graphId;
  } else if (record.kind == CUPTI_ACTIVITY_KIND_MEMSET) {
    const auto& memset = reinterpret_cast<const CUpti_ActivityMemset4&>(record);
    begin = memset.start;
    end = memset.end;
    graph = memset.graphId;
  }
  if (begin == 0 || end < begin) return;  // CUPTI had no room for its times
  const int number = number_of(name);
  (void)std::fprintf(file, "kernel %u %llu %llu %d\n", graph,
                     static_cast<unsigned long long>(begin), static_cast<unsigned long long>(end),
                     number);
}

void CUPTIAPI give_buffer(std::uint8_t** buffer, std::size_t* size, std::size_t* most_records) {
  *buffer = static_cast<std::uint8_t*>(std::aligned_alloc(kBufferAlignment, kBufferBytes));
  *size = *buffer == nullptr ? 0 : kBufferBytes;
  *most_records = 0;  // as many as fit
}

void CUPTIAPI take_buffer(CUcontext /*context*/, std::uint32_t /*stream*/, std::uint8_t* buffer,
                          std::size_t /*size*/, std::size_t valid_bytes) {
  const std::lock_guard lock(writing);
  CUpti_Activity* record = nullptr;
  while (valid_bytes > 0 && cupti.next_record(buffer, valid_bytes, &record) == CUPTI_SUCCESS) {
    write(*record);
  }
  std::free(buffer);
}

void finish() {
  cupti.flush_all(CUPTI_ACTIVITY_FLAG_FLUSH_FORCED);
  const std::lock_guard lock(writing);
  (void)std::fflush(file);
}

void* open_cupti() {
  if (const char* chosen = std::getenv("TWOFOUR_CUPTI_LIBRARY")) return dlopen(chosen, RTLD_NOW);
  for (const char* name : std::array{"libcupti.so.13", "libcupti.so.12", "libcupti.so"}) {
    if (void* library = dlopen(name, RTLD_NOW)) return library;
  }
  return nullptr;
}

template <class Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

/// Empty, or why nothing is recorded.
std::string start() {
  void* library = open_cupti();
  if (library == nullptr) return dlerror();
  if (!find(library, "cuptiActivityRegisterCallbacks", cupti.register_callbacks) ||
      !find(library, "cuptiActivityEnable", cupti.enable) ||
      !find(library, "cuptiActivityFlushAll", cupti.flush_all) ||
      !find(library, "cuptiActivityGetNextRecord", cupti.next_record)) {
    return "a function is missing in CUPTI's library";
  }
  if (cupti.register_callbacks(give_buffer, take_buffer) != CUPTI_SUCCESS ||
      cupti.enable(CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL) != CUPTI_SUCCESS ||
      cupti.enable(CUPTI_ACTIVITY_KIND_MEMSET) != CUPTI_SUCCESS) {
    return "CUPTI does not record here; another profiler may be attached";
  }
  return std::atexit(finish) == 0 ? "" : "no room for what is to be done at the end";
}

}  // namespace

/// What the driver calls when CUDA starts in a process.
extern "C" int InitializeInjection() {
  const char* path = std::getenv("TWOFOUR_CUPTI_FILE");
  if (path == nullptr || file != nullptr) return 1;
  file = std::fopen(path, "we");
  if (file == nullptr) return 1;
  const std::string reason = start();
  if (!reason.empty()) {
    (void)std::fprintf(file, "none %s\n", reason.c_str());
    (void)std::fflush(file);
  }
  return 1;
}
