#include "providers/tuning.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "core/streams.h"
#include "input/json.h"
#include "input/text_file.h"

namespace twofour::providers {
namespace {

using nlohmann::json;

constexpr int kSchemaVersion = 1;
constexpr double kSharedWriteInterval_s = 5;

CacheMode parse_cache(const std::string& text) {
  if (text == to_string(CacheMode::kCold)) return CacheMode::kCold;
  if (text == to_string(CacheMode::kHot)) return CacheMode::kHot;
  throw std::runtime_error(fmt::format("cache is '{}', not cold or hot", text));
}

std::string text_or_empty(const json& entry, const char* name) {
  return entry.contains(name) ? entry.at(name).get<std::string>() : std::string();
}

std::pair<TuningKey, TunedAlgorithm> parse_winner(const json& entry) {
  return {{.gpu = entry.at("gpu"),
           .library = entry.at("library"),
           .kernel = entry.at("kernel"),
           .problem = entry.at("problem"),
           .cache = parse_cache(entry.at("cache")),
           .driver = text_or_empty(entry, "driver"),
           .power_limit = text_or_empty(entry, "power_limit")},
          {.algorithm = entry.at("algorithm"),
           .seconds = entry.at("seconds"),
           .runner_up = text_or_empty(entry, "runner_up"),
           .found_utc = text_or_empty(entry, "found_utc")}};
}

json to_json(const TuningKey& key, const TunedAlgorithm& winner) {
  return {{"gpu", key.gpu},
          {"library", key.library},
          {"kernel", key.kernel},
          {"problem", key.problem},
          {"cache", std::string(to_string(key.cache))},
          {"driver", key.driver},
          {"power_limit", key.power_limit},
          {"algorithm", winner.algorithm},
          {"seconds", winner.seconds},
          {"runner_up", winner.runner_up},
          {"found_utc", winner.found_utc}};
}

constexpr const char* kAvoided = "lost";  // as the first version of the file named them

AvoidedAlgorithm parse_avoided(const json& entry) {
  return {.scope = {.gpu = entry.at("gpu"), .family = entry.at("family")},
          .algorithm = entry.at("algorithm")};
}

json to_json(const AvoidedAlgorithm& avoided) {
  return {{"gpu", avoided.scope.gpu},
          {"family", avoided.scope.family},
          {"algorithm", avoided.algorithm}};
}

const char* environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : nullptr;
}

std::string& build_of_kernels() {
  static std::string build;
  return build;
}

}  // namespace

void set_kernels_build(std::string build) { build_of_kernels() = std::move(build); }

const std::string& kernels_build() { return build_of_kernels(); }

TuningFile::TuningFile(std::filesystem::path path, double write_interval_s)
    : path_(path == "/dev/null" ? std::filesystem::path() : std::move(path)),
      write_interval_(write_interval_s) {}

TuningFile::~TuningFile() {
  const std::lock_guard lock(mutex_);
  if (unwritten_) save();
}

std::filesystem::path TuningFile::default_path() {
  if (const char* asked = std::getenv("TWOFOUR_TUNING_FILE")) return asked;
  if (const char* cache = environment("XDG_CACHE_HOME")) {
    return std::filesystem::path(cache) / "twofour" / "tuning.json";
  }
  if (const char* home = environment("HOME")) {
    return std::filesystem::path(home) / ".cache" / "twofour" / "tuning.json";
  }
  return {};
}

TuningFile& TuningFile::shared() {
  static TuningFile file(default_path(), kSharedWriteInterval_s);
  return file;
}

TuningContent parse_tuning(std::string_view text) {
  const json document = input::parse_json(text);
  if (const json& version = document.at("schema_version"); version != kSchemaVersion) {
    throw OtherTuningVersion(
        fmt::format("its schema_version is {}, not {}", input::shown(version), kSchemaVersion));
  }
  TuningContent content;
  for (const json& entry : document.at("winners")) content.winners.insert(parse_winner(entry));
  if (document.contains(kAvoided)) {
    for (const json& entry : document.at(kAvoided)) content.avoided.insert(parse_avoided(entry));
  }
  return content;
}

TuningContent TuningFile::read() {
  std::error_code error;
  state_ = State::kSound;
  if (path_.empty() || !std::filesystem::exists(path_, error)) return {};
  const auto unusable = [&](State state, const char* why) {
    state_ = state;
    if (!problem_.empty()) return;
    problem_ = fmt::format("tuning file {} is not used: {}{}", path_.string(), why,
                           state == State::kDamaged ? "; the next winner begins a new one" : "");
  };
  std::string text;
  try {
    if (!std::filesystem::is_regular_file(path_)) throw std::runtime_error("it is no file");
    text = input::read_text_file(path_);
  } catch (const std::exception& failure) {
    unusable(State::kForeign, failure.what());
    return {};
  }
  try {
    return parse_tuning(text);
  } catch (const OtherTuningVersion& other) {
    unusable(State::kForeign, other.what());
  } catch (const std::exception& failure) {
    unusable(State::kDamaged, failure.what());
  }
  return {};
}

void TuningFile::write(const TuningContent& content) const {
  if (path_.has_parent_path()) std::filesystem::create_directories(path_.parent_path());
  json winners = json::array();
  for (const auto& [key, winner] : content.winners) winners.push_back(to_json(key, winner));
  json avoided = json::array();
  for (const AvoidedAlgorithm& algorithm : content.avoided) avoided.push_back(to_json(algorithm));
  const json document = {{"schema_version", kSchemaVersion},
                         {"winners", std::move(winners)},
                         {kAvoided, std::move(avoided)}};
  // Where it is a link, the link stays.
  const std::filesystem::path file =
      std::filesystem::exists(path_) ? std::filesystem::canonical(path_) : path_;
  std::filesystem::path temporary = file;
  temporary += fmt::format(".{}.tmp", getpid());
  {
    std::ofstream stream(temporary);
    // Names come from libraries and drivers: what is not UTF-8 is replaced, not thrown at.
    stream << document.dump(1, ' ', false, json::error_handler_t::replace) << '\n';
    if (!stream.flush()) {
      std::error_code ignored;
      std::filesystem::remove(temporary, ignored);
      throw std::runtime_error(fmt::format("{} cannot be written", temporary.string()));
    }
  }
  if (state_ == State::kDamaged) std::filesystem::rename(file, file.string() + ".damaged");
  std::filesystem::rename(temporary, file);
}

void TuningFile::load_once() {
  if (loaded_) return;
  loaded_ = true;
  content_ = read();
  if (!problem_.empty()) say(problem_);
}

void TuningFile::ignore_winners() {
  const std::lock_guard lock(mutex_);
  ignores_winners_ = true;
}

void TuningFile::keep_no_winners() {
  const std::lock_guard lock(mutex_);
  keeps_winners_ = false;
}

TuningFile::Counts TuningFile::counts() {
  const std::lock_guard lock(mutex_);
  load_once();
  return {content_.winners.size(), content_.avoided.size()};
}

std::optional<TunedAlgorithm> TuningFile::find(const TuningKey& key) {
  const std::lock_guard lock(mutex_);
  load_once();
  if (ignores_winners_) return std::nullopt;
  const auto found = content_.winners.find(key);
  if (found == content_.winners.end()) return std::nullopt;
  return found->second;
}

void TuningFile::settle(const TuningKey& key, std::string algorithm, TuningOrigin origin) {
  const std::lock_guard lock(mutex_);
  settled_.insert_or_assign(key, std::pair(std::move(algorithm), origin));
}

std::optional<TuningOrigin> TuningFile::settled(const TuningKey& key) {
  const std::optional<TunedAlgorithm> winner = find(key);
  const std::lock_guard lock(mutex_);
  const auto found = settled_.find(key);
  // A winner that was not kept, as on a busy machine, is none of the file.
  if (!winner || found == settled_.end() || found->second.first != winner->algorithm) {
    return std::nullopt;
  }
  return found->second.second;
}

bool TuningFile::keep(const TuningKey& key, const TunedAlgorithm& winner) {
  const std::lock_guard lock(mutex_);
  load_once();
  if (ignores_winners_ || !keeps_winners_) return true;
  content_.winners.insert_or_assign(key, winner);
  unwritten_ = true;
  if (written_ && std::chrono::steady_clock::now() - *written_ < write_interval_) return true;
  return save();
}

bool TuningFile::keep_avoided(const AvoidedAlgorithm& algorithm) {
  const std::lock_guard lock(mutex_);
  load_once();
  content_.avoided.insert(algorithm);
  return save();
}

std::vector<std::string> TuningFile::avoided(const SearchScope& scope) {
  const std::lock_guard lock(mutex_);
  load_once();
  std::vector<std::string> names;
  for (const AvoidedAlgorithm& known : content_.avoided) {
    if (known.scope == scope) names.push_back(known.algorithm);
  }
  return names;
}

bool TuningFile::save() {
  unwritten_ = false;
  written_ = std::chrono::steady_clock::now();
  if (path_.empty()) return true;
  try {
    TuningContent all = read();
    if (state_ == State::kForeign) return false;  // not ours to write over; load_once() said why
    // Those of other processes stay as they are; this one's own are newer.
    for (const auto& [key, winner] : content_.winners) all.winners.insert_or_assign(key, winner);
    all.avoided.insert(content_.avoided.begin(), content_.avoided.end());
    write(all);
    content_ = std::move(all);
    return true;
  } catch (const std::exception& failure) {
    const bool first = problem_.empty();
    problem_ = fmt::format("tuning file {} is not kept: {}", path_.string(), failure.what());
    if (first) say(problem_);
    return false;
  }
}

std::string TuningFile::problem() {
  const std::lock_guard lock(mutex_);
  load_once();
  return problem_;
}

}  // namespace twofour::providers
