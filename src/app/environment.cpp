#include "app/environment.h"

#include <fmt/chrono.h>
#include <sys/utsname.h>

#include <array>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <utility>

#include "app/build_info.h"
#include "app/clean_start.h"

namespace twofour::app {
namespace {

/// First value of `key` in a file of "key : value" lines; empty when there is none.
std::string field(const char* file, std::string_view key) {
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    if (!line.starts_with(key)) continue;
    const auto begin = line.find_first_not_of("\t :=\"", key.size());
    if (begin == std::string::npos) return {};
    return line.substr(begin, line.find_last_not_of("\" \t") - begin + 1);
  }
  return {};
}

std::string operating_system() {
  utsname names{};
  uname(&names);
  return field("/etc/os-release", "PRETTY_NAME") + ", " + names.sysname + " " + names.release +
         " " + names.machine;
}

}  // namespace

Environment describe_environment(const device::Device& device,
                                 std::span<const run::ProviderInstance> providers,
                                 std::vector<std::string> argv, std::uint64_t seed,
                                 Sparsity pattern) {
  Environment environment;
  const BuildInfo& build = build_info();
  environment.twofour_version = build.version;
  environment.git_commit = build.git_commit;
  environment.build_type = build.build_type;
  environment.compiler = build.compiler;
  environment.argv = std::move(argv);
  const std::time_t now = std::time(nullptr);
  environment.started_unix_s = static_cast<std::int64_t>(now);
  environment.started_utc = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(now));
  environment.host_cpu = field("/proc/cpuinfo", "model name");
  environment.operating_system = operating_system();
  std::array<double, 1> load{};
  if (getloadavg(load.data(), 1) == 1) environment.load_average_1min = load[0];
  environment.seed = seed;
  environment.operand_distribution =
      fmt::format("A and B normal(0,1) x 5 quantised to the operand type, B pruned {} to the {}",
                  to_string(pattern),
                  pattern == Sparsity::kSixEight ? "six largest magnitudes of each eight along K"
                                                 : "two largest magnitudes of each four along K");
  environment.device = device.info();
  if (const char* isa = std::getenv("TWOFOUR_ISA"); isa != nullptr && *isa != '\0') {
    environment.device.details["TWOFOUR_ISA"] = isa;
  }
  for (const run::ProviderInstance& instance : providers) {
    if (instance.provider) {
      environment.libraries.emplace_back(std::string(instance.row.name),
                                         instance.provider->version());
    }
  }
  environment.switches = switches_at_start();
  return environment;
}

}  // namespace twofour::app
