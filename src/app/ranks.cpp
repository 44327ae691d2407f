#include "app/ranks.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <stdexcept>
#include <system_error>
#include <utility>

#include "app/command.h"
#include "app/option_names.h"
#include "app/standard_streams.h"
#include "core/streams.h"
#include "job/library.h"
#include "run/shards.h"

namespace twofour::app {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kWhole = "whole";
constexpr std::string_view kNotWhole = "not whole";

std::string host_name() {
  utsname names{};
  uname(&names);
  return names.nodename;
}

/// The agent of a job of several ranks; null with the reason where there is none.
std::unique_ptr<job::Agent> join_by_mpi(const job::Place& place, std::string& reason) {
  try {
    auto agent = std::make_unique<job::Agent>(job::module_path());
    if (agent->place().ranks > 1) return agent;
    agent->leave();
    // As when the launcher is of another MPI than the module.
    if (place.ranks > 1) {
      reason = fmt::format("{} finds no other process of the {}", agent->library(), place.ranks);
    }
  } catch (const std::runtime_error& error) {
    reason = error.what();
  }
  return nullptr;
}

void take_shard(BenchOptions& options, const job::Place& place, Job& job,
                const std::string& reason) {
  if (options.resume) {
    throw UsageError(
        fmt::format("{}: each of {} ranks has files of its own{}; give {} I/N with "
                    "the file of that shard",
                    option::kResume, place.ranks, reason, option::kShard));
  }
  options.shard = run::Shard{.number = place.rank + 1, .count = place.ranks};
  job.text += fmt::format("{}: {} {}/{}", reason, option::kShard, options.shard->number,
                          options.shard->count);
}

}  // namespace

Job find_job(BenchOptions& options) {
  Job job;
  if (options.shard) return job;
  const job::Place place = job::recognise(job::environment_variable);
  if (place.launcher == job::Launcher::kNone) return job;
  job.rank = place.rank;
  options.device.local_rank = place.local_rank;
  // A rank that has several devices is the only one of its host, or they would be used twice.
  if (options.devices && place.local_rank.value_or(0) > 0) {
    throw UsageError(fmt::format(
        "{}: '{}' is several devices, and this is one of several ranks of a host, which would use "
        "them too; start one for each host, or leave it out: each takes a GPU of its own then",
        option::kDevice, to_string(*options.devices)));
  }
  if (options.dry_run) return job;
  std::string reason;
  if (options.devices && place.launcher == job::Launcher::kMpi) {
    reason = "each rank has several devices";
    if (place.ranks == 0) {
      throw UsageError(
          fmt::format("{}: is missing; this is one of several processes, and how many "
                      "is not known",
                      option::kShard));
    }
  } else if (place.launcher == job::Launcher::kMpi) {
    job.agent = join_by_mpi(place, reason);
    if (!job.agent && reason.empty()) return job;  // alone after all
    if (!job.agent && place.ranks == 0) {
      throw UsageError(
          fmt::format("{}: is missing; this is one of several processes, and MPI does "
                      "not tell of how many: {}",
                      option::kShard, reason));
    }
  }
  if (job.agent) {
    const job::Place& joined = job.agent->place();
    job.rank = joined.rank;
    options.device.local_rank = joined.local_rank;
    job.text = fmt::format("rank {} of {} on {} ({})", joined.rank, joined.ranks, host_name(),
                           job.agent->library());
    if (job.rank == 0) {
      say(fmt::format("{} ranks by {}: cases are handed out as ranks ask", joined.ranks,
                      job.agent->library()));
    }
    return job;
  }
  const bool slurm = place.launcher == job::Launcher::kSlurm;
  job.text = fmt::format("rank {} of {} on {} ({})", place.rank, place.ranks, host_name(),
                         slurm ? "srun" : "MPI's launcher");
  take_shard(options, place, job, slurm ? std::string(" without MPI") : ", without MPI: " + reason);
  if (job.rank == 0) {
    say(fmt::format("{}; each rank has files of its own, 'twofour report' joins them", job.text));
  }
  return job;
}

std::optional<std::vector<int>> SharedCases::more() {
  try {
    if (!std::exchange(asked_, true)) agent_.ask_number();
    const std::optional<std::int64_t> number = agent_.number();
    if (!number) return std::nullopt;
    asked_ = false;
    const auto place = static_cast<std::size_t>(*number);
    return place < groups_.size() ? groups_[place] : std::vector<int>{};
  } catch (const job::JobLost& lost) {
    throw run::SourceLost(lost.what());
  }
}

RankFiles::RankFiles(job::Agent& agent, const BenchOptions& options) : agent_(agent) {
  const int rank = agent.place().rank;
  if (rank == 0) {
    joined_file_.emplace(options.resume ? open_to_resume(*options.resume)
                                        : JsonlFile::make(options.output_dir,
                                                          to_string(options.mode), options.dtype));
    joined_path_ = joined_file_->path();
    agent.share(joined_path_.filename().string());
  } else {
    const std::string name = agent.share({});
    joined_path_ = (options.resume ? options.resume->parent_path() : options.output_dir) / name;
    std::error_code ignored;  // what cannot be made cannot be written either
    if (!options.resume) fs::create_directories(options.output_dir, ignored);
  }
  own_.emplace(JsonlFile::make_or_open(rank_path(joined_path_, rank)));
}

run::Ledger RankFiles::earlier() {
  constexpr auto kKeep = report::KeepSamples::kNo;
  try {
    return joined_file_ ? joined_file_->read(kKeep) : read_ledger(joined_path_, kKeep);
  } catch (const std::invalid_argument& error) {
    throw UsageError(fmt::format("{}: {}", option::kResume, error.what()));
  }
}

void RankFiles::remove_empty() {
  std::error_code ignored;
  if (fs::file_size(own_->path(), ignored) != 0) return;
  fs::remove(own_->part(), ignored);
  fs::remove(own_->path(), ignored);
}

bool RankFiles::gather(bool whole) {
  if (joined_file_) {
    whole = take_all(whole);
  } else {
    give_own(whole);
  }
  const std::string said = agent_.share(joined_file_ ? (whole ? kWhole : kNotWhole) : "");
  agent_.leave();
  std::error_code ignored;
  fs::remove(own_->part(), ignored);
  fs::remove(own_->path(), ignored);
  return said == kWhole;
}

void RankFiles::give_own(bool whole) {
  agent_.give(whole ? kWhole : kNotWhole);
  std::string lines;
  own_->lines([&](std::string_view line) {
    (lines += line) += '\n';
    if (lines.size() >= job::Agent::kMostBytes) agent_.give(std::exchange(lines, {}));
  });
  if (!lines.empty()) agent_.give(lines);
  agent_.give({});
}

bool RankFiles::take_all(bool whole) {
  Joiner joiner(*joined_file_);
  joiner.begin();
  own_->lines([&](std::string_view line) { joiner.add(std::string(line) + "\n"); });
  for (int rank = 1; rank < agent_.place().ranks; ++rank) {
    joiner.begin();
    bool first = true;
    agent_.collect(rank, [&](std::string_view piece) {
      if (!std::exchange(first, false)) return joiner.add(piece);
      whole = whole && piece == kWhole;
    });
  }
  joined_file_->sync();
  return whole;
}

}  // namespace twofour::app
