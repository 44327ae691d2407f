// The values of --device. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/device_id.h"
#include "core/named.h"

namespace twofour::app {

/// A --device value: what to compute on.
struct DeviceChoice {
  std::optional<DeviceKind> kind;  ///< none: auto
  int ordinal = 0;                 ///< of a GPU without `uuid`
  std::string uuid;                ///< of a GPU, as DeviceId has it; empty: the ordinal counts
  std::optional<int> node = {};    ///< of a CPU: a NUMA node
  std::vector<int> cpus = {};      ///< of a CPU: processors, ascending; none: all
  bool numbered = false;           ///< the ordinal was given
  /// Where no GPU is named: this one among the processes of its host, each of which takes another
  /// GPU as long as there are some. No part of the text.
  std::optional<int> local_rank = {};
  bool operator==(const DeviceChoice&) const = default;
};

/// A --device value that means several devices of this host.
struct DeviceList {
  enum class All : std::uint8_t {
    kNone,   ///< those that are named
    kGpus,   ///< all that this process sees
    kNodes,  ///< all NUMA nodes with processors that this process may use
  };
  All all = All::kNone;
  std::vector<DeviceChoice> named;  ///< two or more of one kind, in their order
  bool operator==(const DeviceList&) const = default;
};

/// How cases go to several devices.
enum class Spread : std::uint8_t {
  kSplit,      ///< each to whichever device is free
  kReplicate,  ///< each to every device
};

inline constexpr NameTable<Spread, 2> kSpreadNames{{
    {Spread::kSplit, "split"},
    {Spread::kReplicate, "replicate"},
}};

constexpr std::string_view to_string(Spread spread) { return name_in(kSpreadNames, spread); }

/// "all", "cpu:all", "cuda:0,2,3" (numbers or UUIDs) or "cpu:0-7+8-15" (lists of processors and
/// nodes, each a device); nothing for another text, as for one device. Throws UsageError where a
/// device, or a processor, is in it twice.
std::optional<DeviceList> parse_device_list(std::string_view text);
std::string to_string(const DeviceList& list);

/// "auto", "cpu", "cpu:nodeN", "cpu:0-7,16-23", "cuda", "cuda:N" or "cuda:GPU-...", a UUID; nothing
/// for another text.
std::optional<DeviceChoice> parse_device_choice(std::string_view text);
std::string to_string(const DeviceChoice& choice);

/// The choice that finds the device of `id` again: a GPU by its UUID, wherever it is in the list
/// then.
DeviceChoice choice_of(const DeviceId& id);

/// The places of `gpus` in the order in which they are tried where none is named: from that of the
/// local rank on, round and round.
std::vector<std::size_t> gpu_order(const DeviceChoice& choice, std::size_t gpus);

/// The GPU that `choice`, which is of one, means among `gpus`. Throws UsageError with a list of
/// them when it is not there.
const DeviceId& choose_gpu(const DeviceChoice& choice, std::span<const DeviceId> gpus);

}  // namespace twofour::app
