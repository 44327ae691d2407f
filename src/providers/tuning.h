// Winners of algorithm searches, kept in a file so that a later run need not search again.
#pragma once

#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "core/record.h"

namespace twofour::providers {

/// What a winner is a winner of. Every field must be the same for it to be used again.
struct TuningKey {
  std::string gpu;      ///< DeviceInfo::name
  std::string library;  ///< with its version: "cutlass 4.2.0"
  std::string kernel;   ///< the contract's name
  std::string problem;  ///< to_string(GemmProblem)
  CacheMode cache = CacheMode::kCold;
  auto operator<=>(const TuningKey&) const = default;
};

struct TunedAlgorithm {
  std::string algorithm;  ///< a stable name, from which the provider finds the algorithm again
  double seconds = 0;     ///< of one launch, when it was found
};

/// A JSON file of winners: {"schema_version": 1, "winners": [{"gpu", "library", "kernel",
/// "problem", "cache", "algorithm", "seconds"}]}. A file that is missing, unreadable or damaged
/// costs a search, never the run.
class TuningFile {
 public:
  /// An empty path: winners are kept within the process only.
  explicit TuningFile(std::filesystem::path path);

  /// The file that this process uses: $TWOFOUR_TUNING_FILE, else twofour/tuning.json in
  /// $XDG_CACHE_HOME or ~/.cache. Empty TWOFOUR_TUNING_FILE: no file. Says once on stderr why a
  /// file is not used or cannot be written.
  static TuningFile& shared();
  static std::filesystem::path default_path();

  [[nodiscard]] std::optional<TunedAlgorithm> find(const TuningKey& key);
  /// Adds or replaces a winner and writes the file: a new one that takes the old one's place in one
  /// step, with the winners that other processes have written meanwhile. Returns false, and says
  /// why in problem(), when it cannot be written.
  bool keep(const TuningKey& key, const TunedAlgorithm& winner);

  /// Why the file could not be used; empty when there is nothing to say.
  [[nodiscard]] std::string problem();

 private:
  using Winners = std::map<TuningKey, TunedAlgorithm>;
  Winners read();
  void write(const Winners& winners) const;
  void load_once();

  std::mutex mutex_;
  std::filesystem::path path_;
  bool loaded_ = false;
  Winners winners_;
  std::string problem_;
};

}  // namespace twofour::providers
