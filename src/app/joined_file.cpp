#include "app/joined_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "app/command.h"
#include "app/option_names.h"
#include "core/environment.h"
#include "report/report.h"

namespace twofour::app {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kRank = ".rank";
constexpr std::string_view kEnding = ".jsonl";

struct RankName {
  std::string run;  ///< {name}
  int rank = 0;
};

/// The parts of {name}.rank3.jsonl; nothing for another name.
std::optional<RankName> rank_name(const fs::path& file) {
  std::string name = file.filename().string();
  if (!name.ends_with(kEnding)) return std::nullopt;
  name.resize(name.size() - kEnding.size());
  const std::size_t at = name.rfind(kRank);
  if (at == std::string::npos || at == 0) return std::nullopt;
  RankName found{.run = name.substr(0, at)};
  const char* const begin = name.data() + at + kRank.size();
  const char* const end = name.data() + name.size();
  const auto [read, error] = std::from_chars(begin, end, found.rank);
  if (error != std::errc{} || read != end || found.rank < 0) return std::nullopt;
  return found;
}

/// Of a line that is a record, as this program writes it; nothing for another line.
std::optional<int> case_of(std::string_view line) {
  constexpr std::string_view kCase = R"("case_index":)";
  if (!line.starts_with(R"({"type":"record")")) return std::nullopt;
  const std::size_t at = line.find(kCase);  // no text that a user gives stands before it
  if (at == std::string_view::npos) return std::nullopt;
  int index = 0;
  const char* const begin = line.data() + at + kCase.size();
  const auto [read, error] = std::from_chars(begin, line.data() + line.size(), index);
  return error == std::errc{} ? std::optional(index) : std::nullopt;
}

/// Of one rank's file and part file.
void take_in(const fs::path& path, Joiner& joiner, const std::function<bool(int)>& keeps) {
  JsonlFile file = JsonlFile::make_or_open(path);
  joiner.begin();
  try {
    run::Ledger ledger = file.read(report::KeepSamples::kNo);
    file.lines([&](std::string_view line) {
      const std::optional<int> index = case_of(line);
      if (!index || keeps(*index)) joiner.add(std::string(line) + "\n");
    });
    const LeftBehind left = add_left_behind(file.part(), ledger);
    if (left.environment) joiner.add(report::environment_json(*left.environment) + "\n");
    for (const Record& row : left.rows) {
      if (keeps(row.case_index)) joiner.add(report::record_json(row) + "\n");
    }
  } catch (const std::invalid_argument& error) {
    throw UsageError(fmt::format("--resume: {}", error.what()));
  }
}

}  // namespace

fs::path joined_path(const fs::path& file) {
  const auto name = rank_name(file);
  return name ? file.parent_path() / (name->run + std::string(kEnding)) : file;
}

fs::path rank_path(const fs::path& joined, int rank) {
  fs::path file = joined;
  return file.replace_filename(
      fmt::format("{}{}{}{}", joined.stem().string(), kRank, rank, kEnding));
}

Joiner::Joiner(JsonlFile& file) : file_(file) {
  file.lines([this](std::string_view line) { known_.insert(std::hash<std::string_view>{}(line)); });
}

void Joiner::begin() {
  rest_.clear();
  environment_.clear();
}

void Joiner::add(std::string_view bytes) {
  rest_ += bytes;
  std::size_t begin = 0;
  for (std::size_t end = rest_.find('\n'); end != std::string::npos;
       begin = end + 1, end = rest_.find('\n', begin)) {
    add_line(std::string_view(rest_).substr(begin, end - begin));
  }
  rest_.erase(0, begin);
}

void Joiner::add_line(std::string_view line) {
  // An environment without rows would say that something was measured there.
  if (line.starts_with(R"({"type":"environment")")) {
    environment_ = line;
    return;
  }
  if (!known_.insert(std::hash<std::string_view>{}(line)).second) return;
  if (!environment_.empty()) file_.append(std::exchange(environment_, {}));
  file_.append(line);
}

void take_in_rank_files(JsonlFile& joined, const KeepsRow& keeps) {
  std::map<int, fs::path> files;
  fs::path folder = joined.path().parent_path();
  if (folder.empty()) folder = ".";
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const auto name = rank_name(entry.path());
    if (name && name->run == joined.path().stem().string()) files[name->rank] = entry.path();
  }
  if (files.empty()) return;
  Joiner joiner(joined);
  for (const auto& [rank, path] : files) {
    take_in(path, joiner, [&, number = rank](int index) { return !keeps || keeps(number, index); });
  }
  joined.sync();
  std::error_code ignored;
  for (const auto& [rank, path] : files) {
    fs::path part = path;
    fs::remove(part.replace_extension(".part"), ignored);
    fs::remove(path, ignored);
  }
}

JsonlFile open_to_resume(const fs::path& file) {
  const fs::path joined = joined_path(file);
  // Beside the file of a rank it may be missing.
  JsonlFile opened = joined == file ? JsonlFile::open(file) : JsonlFile::make_or_open(joined);
  take_in_rank_files(opened);
  return opened;
}

void require_resumable(const run::Ledger& ledger, const fs::path& file) {
  const std::optional<Environment>& environment = ledger.environment();
  if (!environment) {
    throw UsageError(
        fmt::format("{}: '{}' has no environment line: its run ended before it began, "
                    "so start it anew",
                    option::kResume, file.string()));
  }
  if (environment->schema_version != kSchemaVersion) {
    throw UsageError(fmt::format(
        "{}: '{}' has schema_version {}; only a run of schema_version {} can be gone on with",
        option::kResume, file.string(), environment->schema_version, kSchemaVersion));
  }
}

}  // namespace twofour::app
