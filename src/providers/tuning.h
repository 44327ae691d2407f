// Winners of algorithm searches, kept in a file so that a later run need not search again.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/record.h"
#include "providers/search_log.h"

namespace twofour::providers {

/// What a winner is a winner of. Every field must be the same for it to be used again.
struct TuningKey {
  std::string gpu;      ///< DeviceId::name
  std::string library;  ///< with its version: "cutlass 4.2.0"
  std::string kernel;   ///< the contract's name
  std::string problem;  ///< to_string(GemmProblem)
  CacheMode cache = CacheMode::kCold;
  std::string driver;       ///< version; empty: not known, as in files of earlier programs
  std::string power_limit;  ///< in force when it was found; empty: likewise
  auto operator<=>(const TuningKey&) const = default;
};

struct TunedAlgorithm {
  std::string algorithm;       ///< a stable name, from which the provider finds the algorithm again
  double seconds = 0;          ///< of one launch, when it was found
  std::string runner_up = {};  ///< the second best; empty: none, or not known
  std::string found_utc = {};  ///< ISO 8601; empty: not known
};

/// What tells the build of our own kernels apart; part of TuningKey::library where they are
/// searched. Set once, before a search.
void set_kernels_build(std::string build);
const std::string& kernels_build();

/// An algorithm whose launch ended a process. It is out in its scope alone.
struct AvoidedAlgorithm {
  SearchScope scope;
  std::string algorithm;
  auto operator<=>(const AvoidedAlgorithm&) const = default;
};

/// What a tuning file holds.
struct TuningContent {
  std::map<TuningKey, TunedAlgorithm> winners;
  std::set<AvoidedAlgorithm> avoided;
};

/// The file has a schema_version that is not this program's.
class OtherTuningVersion : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Reads the text of a tuning file. Throws OtherTuningVersion, or another std::exception whose
/// what() says what is wrong.
TuningContent parse_tuning(std::string_view text);

/// A JSON file of winners: {"schema_version": 1, "winners": [{"gpu", "library", "kernel",
/// "problem", "cache", "driver", "power_limit", "algorithm", "seconds", "runner_up", "found_utc"}],
/// "lost": [{"gpu", "family",
/// "algorithm"}]}, of which "lost", and the last four but "seconds" and
/// "algorithm", may be missing. A file that cannot be used costs a search, never
/// the run: one that is damaged is kept as "<file>.damaged" when a new one takes its place, and one
/// that is no file, cannot be read or has another version is left as it is.
class TuningFile {
 public:
  /// An empty path, or /dev/null: winners are kept within the process only. The file is written at
  /// most each `write_interval_s`, and in the end: a large one takes longer than a search.
  explicit TuningFile(std::filesystem::path path, double write_interval_s = 0);
  ~TuningFile();
  TuningFile(const TuningFile&) = delete;
  TuningFile& operator=(const TuningFile&) = delete;

  /// The file that this process uses: $TWOFOUR_TUNING_FILE, else twofour/tuning.json in
  /// $XDG_CACHE_HOME or ~/.cache. Empty TWOFOUR_TUNING_FILE: no file. Says once on stderr why a
  /// file is not used or cannot be written.
  static TuningFile& shared();
  static std::filesystem::path default_path();

  /// Winners are neither found nor kept from here on; what is to be avoided still is.
  void ignore_winners();
  /// Winners are found and not kept from here on.
  void keep_no_winners();
  [[nodiscard]] std::optional<TunedAlgorithm> find(const TuningKey& key);
  /// `algorithm` won a search or a race of this process, which need not take place again.
  void settle(const TuningKey& key, std::string algorithm, TuningOrigin origin);
  /// Where the winner that find() gives came from, if it is settled.
  [[nodiscard]] std::optional<TuningOrigin> settled(const TuningKey& key);
  /// Adds or replaces a winner and, when it is time, writes the file: a new one that takes the old
  /// one's place in one step, with the winners that other processes have written meanwhile. Returns
  /// false, and says why in problem(), when it cannot be written.
  bool keep(const TuningKey& key, const TunedAlgorithm& winner);

  /// Remembers an algorithm that must not be tried again, and writes the file at once.
  bool keep_avoided(const AvoidedAlgorithm& algorithm);
  /// Names of those in `scope`, in alphabetical order.
  [[nodiscard]] std::vector<std::string> avoided(const SearchScope& scope);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  struct Counts {
    std::size_t winners = 0;
    std::size_t avoided = 0;
  };
  [[nodiscard]] Counts counts();

  /// Why the file could not be used; empty when there is nothing to say.
  [[nodiscard]] std::string problem();

 private:
  /// Of what stands at the path.
  enum class State : std::uint8_t { kSound, kDamaged, kForeign };
  TuningContent read();
  void write(const TuningContent& content) const;
  void load_once();
  /// Writes the file with what other processes have written meanwhile.
  bool save();

  std::mutex mutex_;
  std::filesystem::path path_;
  std::chrono::duration<double> write_interval_;
  /// Empty until the first time: the clock may start at zero when the machine does.
  std::optional<std::chrono::steady_clock::time_point> written_;
  bool unwritten_ = false;
  bool loaded_ = false;
  bool ignores_winners_ = false;
  bool keeps_winners_ = true;
  State state_ = State::kSound;
  TuningContent content_;
  std::map<TuningKey, std::pair<std::string, TuningOrigin>> settled_;
  std::string problem_;
};

}  // namespace twofour::providers
