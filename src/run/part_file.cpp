#include "run/part_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "report/report.h"

namespace twofour::run {
namespace {

using nlohmann::json;

std::string failure(std::string_view what, const std::filesystem::path& file) {
  return fmt::format("cannot {} '{}': {}", what, file.string(),
                     std::generic_category().message(errno));
}

[[noreturn]] void fail(std::string_view what, const std::filesystem::path& file) {
  throw std::runtime_error(failure(what, file));
}

/// JSON on one line. Names come from libraries: what is not UTF-8 is replaced, not thrown at.
std::string text_of(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::optional<PartLine> parse_line(std::string_view line) {
  // Results are long and most of what there is: they are read once.
  if (line.starts_with(R"({"type":"record")")) return report::parse_record_json(line);
  if (line.starts_with(R"({"type":"environment")")) return report::parse_environment_json(line);
  const json value = json::parse(line);
  const std::string type = value.at("type");
  if (type == "start") {
    return Start{
        .cases = value.at("cases"), .reserved = value.at("reserved"), .notes = value.at("notes")};
  }
  if (type == "case_end") return CaseEnd{value.at("case_index")};
  if (type == "device_gone") return DeviceGone{value.at("reason")};
  if (type == "described") {
    return Described{.row = value.at("row"),
                     .record = report::parse_record_json(value.at("record").dump())};
  }
  return std::nullopt;
}

}  // namespace

void Descriptor::reset() {
  if (number_ >= 0) close(number_);
  number_ = -1;
}

PartWriter::PartWriter(std::filesystem::path file)
    : file_(std::move(file)),
      descriptor_(open(file_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)),
      end_(kSlotBytes) {
  if (descriptor_.get() < 0) fail("write", file_);
  std::string blank(kSlotBytes, ' ');
  blank.back() = '\n';
  try {
    write_at(blank, 0);
  } catch (const PartLost& lost) {
    throw std::runtime_error(lost.what());
  }
}

void PartWriter::write_at(std::string_view bytes, std::int64_t position) {
  if (lost_) throw PartLost(*lost_);
  while (!bytes.empty()) {
    const ssize_t written = pwrite(descriptor_.get(), bytes.data(), bytes.size(), position);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw PartLost(lost_.emplace(failure("write", file_)));
    bytes.remove_prefix(static_cast<std::size_t>(written));
    position += written;
  }
}

void PartWriter::append(std::string_view line) {
  // In one write, so that a line is cut off by the end of the process alone.
  const std::string whole = std::string(line) + '\n';
  write_at(whole, end_);
  end_ += static_cast<std::int64_t>(whole.size());
}

void PartWriter::write_slot(std::string_view members) {
  ++sequence_;
  slot_.clear();
  // Both numbers are the same unless the slot is read while it is written.
  fmt::format_to(std::back_inserter(slot_), R"({{"sequence":{},{},"again":{}}})", sequence_,
                 members, sequence_);
  const std::size_t used = slot_.size();
  if (slot_.size() < slot_used_) slot_.resize(slot_used_, ' ');
  slot_used_ = used;
  write_at(slot_, 0);
}

int PartWriter::describe(const Record& row) {
  append(fmt::format(R"({{"type":"described","row":{},"record":{}}})", ++rows_,
                     report::record_json(row)));
  return rows_;
}

void PartWriter::enter(int row) {
  std::array<char, 32> members{};
  const auto end = fmt::format_to(members.begin(), R"("row":{})", row);
  write_slot({members.data(), static_cast<std::size_t>(end - members.begin())});
}

void PartWriter::leave() {
  try {
    enter(0);
  } catch (const PartLost&) {
    // A scope that ends calls this, and must not throw. What comes next in this file cannot be
    // written either.
    return;
  }
}

void PartWriter::try_algorithm(int row, const std::string& algorithm,
                               const providers::SearchScope& scope) {
  const std::string members =
      fmt::format(R"("row":{},"algorithm":{},"gpu":{},"family":{})", row, text_of(algorithm),
                  text_of(scope.gpu), text_of(scope.family));
  constexpr std::size_t kNumbers = 100;
  if (members.size() + kNumbers > kSlotBytes) return enter(row);
  write_slot(members);
}

void PartWriter::environment(const Environment& environment) {
  append(report::environment_json(environment));
}

void PartWriter::start(const Start& start) {
  append(text_of({{"type", "start"},
                  {"cases", start.cases},
                  {"reserved", start.reserved},
                  {"notes", start.notes}}));
}

void PartWriter::row(const Record& record) { append(report::record_json(record)); }

void PartWriter::case_end(int case_index) {
  append(text_of({{"type", "case_end"}, {"case_index", case_index}}));
}

void PartWriter::device_gone(std::string_view reason) {
  append(text_of({{"type", "device_gone"}, {"reason", reason}}));
}

PartReader::PartReader(std::filesystem::path file)
    : file_(std::move(file)),
      descriptor_(open(file_.c_str(), O_RDONLY | O_CLOEXEC)),
      position_(kSlotBytes) {
  if (descriptor_.get() < 0) fail("read", file_);
}

std::vector<PartLine> PartReader::new_lines() {
  std::array<char, 65536> block{};
  while (true) {
    const ssize_t count = pread(descriptor_.get(), block.data(), block.size(), position_);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("read", file_);
    if (count == 0) break;
    rest_.append(block.data(), static_cast<std::size_t>(count));
    position_ += count;
  }
  std::vector<PartLine> lines;
  std::size_t begin = 0;
  for (std::size_t end = rest_.find('\n'); end != std::string::npos;
       begin = end + 1, end = rest_.find('\n', begin)) {
    try {
      auto line = parse_line(std::string_view(rest_).substr(begin, end - begin));
      if (line) lines.push_back(std::move(*line));
    } catch (const json::exception&) {
      continue;  // cut off, and written on by nobody
    } catch (const std::invalid_argument&) {
      continue;
    }
  }
  rest_.erase(0, begin);
  return lines;
}

std::optional<Slot> PartReader::slot() const {
  std::array<char, kSlotBytes> text{};
  const ssize_t count = pread(descriptor_.get(), text.data(), text.size(), 0);
  if (count < static_cast<ssize_t>(text.size())) return Slot{};
  const bool blank = std::string_view(text.data(), text.size()).find('{') == std::string::npos;
  if (blank) return Slot{};
  try {
    const json value = json::parse(text.begin(), text.end());
    if (value.at("sequence") != value.at("again")) return std::nullopt;
    return Slot{.sequence = value.at("sequence"),
                .row = value.at("row"),
                .algorithm = value.value("algorithm", ""),
                .scope = {.gpu = value.value("gpu", ""), .family = value.value("family", "")}};
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

}  // namespace twofour::run
