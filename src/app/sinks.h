// Where results go: the .jsonl, the .csv and the .pkl, the terminal.
#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "app/jsonl_file.h"
#include "core/ended_attempt.h"
#include "core/environment.h"
#include "core/record.h"
#include "report/display.h"
#include "report/formats.h"
#include "report/report.h"

namespace twofour::app {

/// Throws std::runtime_error naming the file and the cause when something cannot be written.
class Sink {
 public:
  virtual ~Sink() = default;
  /// Of a new run, before all rows.
  virtual void environment(const Environment& /*environment*/) {}
  virtual void row(const Record& /*record*/) {}
  virtual void attempt(const EndedAttempt& /*attempt*/) {}
  /// A case has all its rows, those of an earlier part of the run among them.
  virtual void case_end(std::span<const Record> /*rows*/) {}
  /// After the last case.
  virtual void finish(std::span<const Record> /*records*/) {}
};

/// Each line as soon as it exists.
class JsonlSink final : public Sink {
 public:
  explicit JsonlSink(JsonlFile& file) : file_(file) {}
  void environment(const Environment& environment) override;
  void row(const Record& record) override;
  void attempt(const EndedAttempt& attempt) override;

 private:
  JsonlFile& file_;
};

/// A whole file in the end.
class FileSink final : public Sink {
 public:
  using Render = std::function<std::string(std::span<const Record>)>;
  FileSink(std::filesystem::path file, Render render)
      : file_(std::move(file)), render_(std::move(render)) {}
  void finish(std::span<const Record> records) override;

 private:
  std::filesystem::path file_;
  Render render_;
};

/// The page of the run in the end: what `report --format html` makes of its .jsonl, whose last line
/// is written by then.
class PageSink final : public Sink {
 public:
  PageSink(std::filesystem::path jsonl, std::filesystem::path page)
      : jsonl_(std::move(jsonl)), page_(std::move(page)) {}
  void finish(std::span<const Record> records) override;

 private:
  std::filesystem::path jsonl_;
  std::filesystem::path page_;
};

/// stdout, in one of the formats that can be shown there.
class TerminalSink final : public Sink {
 public:
  /// `earlier`: the part of the run that is there already, without its rows; none for a new run.
  TerminalSink(const report::Format& format, const report::Display& display,
               std::vector<report::Run> earlier = {})
      : format_(format), display_(display), runs_(std::move(earlier)) {}
  void environment(const Environment& environment) override;
  void row(const Record& record) override;
  void attempt(const EndedAttempt& attempt) override;
  void case_end(std::span<const Record> rows) override;
  void finish(std::span<const Record> records) override;

 private:
  [[nodiscard]] std::vector<report::Run> with_rows(std::span<const Record> records) const;

  const report::Format& format_;
  report::Display display_;
  std::vector<report::Run> runs_;  ///< one for each environment, without the rows of earlier parts
};

}  // namespace twofour::app
