// Which of a library's algorithms a row takes: by the tuning file, or by a search that begins with
// what related searches found.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/record.h"
#include "core/search_mode.h"
#include "providers/search.h"
#include "providers/shortlist.h"
#include "providers/tuning.h"

namespace twofour::providers {

/// Which problems of a library have one winner, so that only the first of them is searched: those
/// that differ in nothing but
enum class SharedWinner : std::uint8_t {
  kNone,
  kTypes,         ///< which 16-bit type D has, and the operands where they are of 16 bits
  kTypesAndBias,  ///< that, and whether a bias is added
};

/// What is searched for.
struct SearchSubject {
  TuningKey key;           ///< in the tuning file
  std::string family;      ///< of Shortlists: problems that differ in bias or output type alone
  std::string line;        ///< of Neighbours: the same problems with any M
  std::string alike = {};  ///< of Winners; empty: nothing has one winner with it
  std::int64_t m = 0;
  [[nodiscard]] SearchScope scope() const { return {.gpu = key.gpu, .family = family}; }
};

/// The family and the line of `problem`, and by `shared` what is alike, for a subject without a
/// key. Relatives and neighbours have the same `library`, `variant` and cache mode, and name the
/// same algorithms alike.
SearchSubject related(const std::string& library, const std::string& variant,
                      const GemmProblem& problem, CacheMode cache,
                      SharedWinner shared = SharedWinner::kNone);

/// What searches leave to later ones.
struct SearchMemory {
  TuningFile& file;
  Shortlists& shortlists;
  Neighbours& neighbours;
  Winners& winners;
  static SearchMemory shared() {
    return {TuningFile::shared(), Shortlists::shared(), Neighbours::shared(), Winners::shared()};
  }
};

struct ChoiceTask {
  const SearchSubject& subject;
  std::vector<std::string> names;   ///< of all candidates, the most promising first
  std::vector<std::string> groups;  ///< of each: its kernel, as SearchConfig::groups; or empty
  std::vector<std::string> avoid;   ///< names that take no part
  SearchMode mode = SearchMode::kShortlists;
  double budget_s = 0;  ///< of a search; 0: the first candidate is taken, untimed
  FunctionRef<double()> now;
  TimeCandidate time;  ///< of names
};

struct AlgorithmChoice {
  std::size_t index = 0;  ///< among the names
  double seconds = 0;     ///< of one launch; 0 where nothing was timed
  std::optional<Tuning> tuning;
};

/// Chooses in this order:
///   the winner that the file has, once it has beaten its runner-up (choose_tuned());
///   of problems that are alike: the winner of one of them, if a launch of it succeeds;
///   of relatives: the fastest of a relative's finalists;
///   of neighbours: the fastest of a neighbour's finalists, where they hold against probes
///   (SearchHead), else of all;
///   the fastest of all.
/// Exhaustively: the fastest of all, with several times the budget and without what saves time. A
/// winner is kept in the file; finalists of a search of all are kept for relatives and neighbours.
/// With both, an exhaustive search follows, and its winner takes turns with the first one.
/// Throws as search() does.
AlgorithmChoice choose_algorithm(const ChoiceTask& task, SearchMemory memory);

}  // namespace twofour::providers
