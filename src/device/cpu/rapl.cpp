#include "device/cpu/rapl.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <set>
#include <system_error>
#include <utility>

namespace twofour::device::cpu {
namespace {

constexpr char kPowercap[] = "sys/class/powercap";
constexpr std::string_view kZone = "intel-rapl:";

/// The name that the kernel gives the package of a processor: "package-0", of processors with
/// several dies a package "package-0-die-1". Both forms, that of the die first; none: not known.
std::vector<std::string> package_names(const HostFiles& files, int processor) {
  const std::string topology = fmt::format("sys/devices/system/cpu/cpu{}/topology/", processor);
  const auto package = files.number(topology + "physical_package_id");
  if (!package) return {};
  std::vector<std::string> names;
  if (const auto die = files.number(topology + "die_id")) {
    names.push_back(fmt::format("package-{}-die-{}", *package, *die));
  }
  names.push_back(fmt::format("package-{}", *package));
  return names;
}

/// Zones below powercap that are packages ("intel-rapl:0") or parts of one ("intel-rapl:0:1").
std::vector<std::string> zones_below(const HostFiles& files, const std::string& above) {
  std::vector<std::string> zones;
  for (std::string& name : files.names(kPowercap)) {
    if (!name.starts_with(above)) continue;
    if (name.find(':', above.size()) == std::string::npos) zones.push_back(std::move(name));
  }
  return zones;
}

std::string name_of(const HostFiles& files, const std::string& zone) {
  return files.text(fmt::format("{}/{}/name", kPowercap, zone)).value_or("");
}

std::string error_text(int error) {
  if (error == 0) return "it has no number";
  std::string text = std::generic_category().message(error);
  if (error == EACCES || error == EPERM) text += "; Linux lets root alone read it";
  return text;
}

}  // namespace

Rapl::File::File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

Rapl::File& Rapl::File::operator=(File&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

Rapl::File::~File() {
  if (descriptor_ >= 0) close(descriptor_);
}

std::optional<std::uint64_t> Rapl::File::number() const {
  std::array<char, 32> text{};
  const ssize_t size = pread(descriptor_, text.data(), text.size(), 0);
  if (size < 0) return std::nullopt;
  errno = 0;
  return leading_number({text.data(), static_cast<std::size_t>(size)});
}

std::string Rapl::open(const HostFiles& files, const std::string& folder, std::string name) {
  const std::string path = files.path(folder + "/energy_uj").string();
  const auto cannot = [&](int error) {
    return fmt::format("{} is not readable by this user: {}", path, error_text(error));
  };
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return cannot(errno);
  Counter counter{.name = std::move(name), .file = File(descriptor)};
  const auto now = counter.file.number();
  if (!now) return cannot(errno);
  const auto range = files.number(folder + "/max_energy_range_uj");
  if (!range || *range == 0) return fmt::format("{}/max_energy_range_uj has no number", folder);
  counter.last_uj = *now;
  counter.range_uj = *range;
  counters_.push_back(std::move(counter));
  return {};
}

Rapl::Rapl(const HostFiles& files, std::span<const int> processors) {
  const std::vector<std::string> zones = zones_below(files, std::string(kZone));
  std::vector<std::pair<std::string, std::string>> packages;  // name, zone
  for (const std::string& zone : zones) {
    std::string name = name_of(files, zone);
    if (name.starts_with("package-")) packages.emplace_back(std::move(name), zone);
  }
  if (packages.empty()) {
    reason_ = fmt::format(
        "no powercap: /{} has no counter of a package, as in most virtual "
        "machines",
        kPowercap);
    return;
  }
  std::set<std::pair<std::string, std::string>> wanted;
  for (const int processor : processors) {
    const std::vector<std::string> names = package_names(files, processor);
    const auto found = std::find_first_of(
        packages.begin(), packages.end(), names.begin(), names.end(),
        [](const auto& package, const std::string& name) { return package.first == name; });
    if (found == packages.end()) {
      reason_ = fmt::format("powercap has no counter of the package of processor {}", processor);
      return;
    }
    wanted.insert(*found);
  }
  std::vector<std::pair<std::string, std::string>> all;
  for (const auto& [name, zone] : wanted) {
    all.emplace_back(name, zone);
    for (std::string& part : zones_below(files, zone + ":")) {
      if (name_of(files, part) == "dram") all.emplace_back("dram of " + name, std::move(part));
    }
  }
  for (const auto& [name, zone] : all) {
    reason_ = open(files, fmt::format("{}/{}", kPowercap, zone), name);
    if (reason_.empty()) continue;
    counters_.clear();
    return;
  }
}

std::optional<double> Rapl::joules() {
  if (counters_.empty()) return std::nullopt;
  for (Counter& counter : counters_) {
    const auto now = counter.file.number();
    if (!now) return std::nullopt;
    std::uint64_t passed = *now - counter.last_uj;
    if (*now < counter.last_uj) passed += counter.range_uj;
    joules_ += 1e-6 * static_cast<double>(passed);
    counter.last_uj = *now;
  }
  return joules_;
}

std::string Rapl::source() const {
  std::string names;
  for (const Counter& counter : counters_) {
    names += (names.empty() ? "RAPL: " : ", ") + counter.name;
  }
  return names;
}

std::string Rapl::description() const {
  if (counters_.empty()) return "not measured: " + reason_;
  return source() + "; whole packages, with idle power and what other processes use";
}

}  // namespace twofour::device::cpu
