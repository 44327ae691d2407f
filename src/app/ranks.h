// A run that several processes of a job measure together, of which this is one.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/joined_file.h"
#include "app/options.h"
#include "job/agent.h"
#include "run/case_queue.h"
#include "run/ledger.h"

namespace twofour::app {

/// What the environment tells of a job.
struct Job {
  std::unique_ptr<job::Agent> agent;  ///< by which ranks share the cases; null: they do not
  std::string text;                   ///< what was recognised, in words; empty: nothing
  int rank = 0;
};

/// Recognises a job, joins it where it has MPI, and says so on rank 0. Where ranks cannot share,
/// the shard of `options` is set by the rank. The GPU of a rank follows from its place on its host.
/// --shard on the command line means that nobody is looked for. Throws UsageError.
Job find_job(BenchOptions& options);

/// The cases of a run as ranks ask for them.
class SharedCases final : public run::CaseSource {
 public:
  SharedCases(job::Agent& agent, std::vector<std::vector<int>> groups)
      : agent_(agent), groups_(std::move(groups)) {}
  std::optional<std::vector<int>> more() override;

 private:
  job::Agent& agent_;
  std::vector<std::vector<int>> groups_;
  bool asked_ = false;
};

/// The files of one rank.
class RankFiles {
 public:
  /// Agrees with the other ranks on the name. Throws as JsonlFile does.
  RankFiles(job::Agent& agent, const BenchOptions& options);

  [[nodiscard]] JsonlFile& own() { return *own_; }
  [[nodiscard]] const std::filesystem::path& joined() const { return joined_path_; }
  /// What earlier parts of the run left, without single samples: the same on all ranks. Throws
  /// UsageError where that is not known.
  run::Ledger earlier();

  /// The joined file stays even where nothing is brought into it: --resume is given its name.
  void keep() {
    if (joined_file_) joined_file_->keep();
  }
  /// Removes this rank's files where nothing was written.
  void remove_empty();
  /// Brings what all ranks wrote into the joined file, on rank 0, and removes the ranks' files.
  /// `whole`: this rank has measured all that it was given. Returns whether all ranks have. Throws
  /// CannotWrite where the joined file cannot be written, JobLost and JobInterrupted; the ranks'
  /// files then stay.
  bool gather(bool whole);

 private:
  bool take_all(bool whole);
  void give_own(bool whole);

  job::Agent& agent_;
  std::optional<JsonlFile> joined_file_;  ///< on rank 0
  std::filesystem::path joined_path_;
  std::optional<JsonlFile> own_;
};

}  // namespace twofour::app
