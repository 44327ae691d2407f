// Where results go: the .jsonl, the .csv and the .pkl, the terminal.
#pragma once

#include <cstddef>
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
#include "decide/question.h"
#include "report/display.h"
#include "report/formats.h"
#include "report/report.h"

namespace twofour::app {

/// Throws CannotWrite.
class Sink {
 public:
  virtual ~Sink() = default;
  /// Whether results that this one cannot take would be lost.
  [[nodiscard]] virtual bool keeps_all() const { return false; }
  /// Before all rows that belong to it.
  virtual void environment(const Environment& /*environment*/) {}
  /// The run that `environment` was written for goes on, before all new rows.
  virtual void go_on(const Environment& /*environment*/) {}
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
  [[nodiscard]] bool keeps_all() const override { return true; }
  void environment(const Environment& environment) override;
  void row(const Record& record) override;
  void attempt(const EndedAttempt& attempt) override;
  void finish(std::span<const Record> records) override;

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
  PageSink(std::filesystem::path jsonl, std::filesystem::path page, decide::Question question)
      : jsonl_(std::move(jsonl)), page_(std::move(page)), question_(std::move(question)) {}
  void finish(std::span<const Record> records) override;

 private:
  std::filesystem::path jsonl_;
  std::filesystem::path page_;
  decide::Question question_;
};

/// The dispatch table of the run in the end, made of its .jsonl as the page is.
class DispatchSink final : public Sink {
 public:
  DispatchSink(std::filesystem::path jsonl, std::filesystem::path table)
      : jsonl_(std::move(jsonl)), table_(std::move(table)) {}
  void finish(std::span<const Record> records) override;

 private:
  std::filesystem::path jsonl_;
  std::filesystem::path table_;
};

/// stdout, in one of the formats that can be shown there.
class TerminalSink final : public Sink {
 public:
  /// `earlier`: the part of the run that is there already, without its rows; none for a new run.
  /// `before_closing` is called when all files are written.
  TerminalSink(const report::Format& format, const report::Display& display,
               decide::Question question, std::vector<report::Run> earlier,
               std::function<void()> before_closing)
      : format_(format),
        display_(display),
        question_(std::move(question)),
        runs_(std::move(earlier)),
        rows_(runs_.size()),
        before_closing_(std::move(before_closing)) {}
  void environment(const Environment& environment) override;
  /// Lines that are read by programs are not printed again.
  void go_on(const Environment& environment) override;
  void row(const Record& record) override;
  void attempt(const EndedAttempt& attempt) override;
  void case_end(std::span<const Record> rows) override;
  void finish(std::span<const Record> records) override;

 private:
  [[nodiscard]] std::vector<report::Run> with_rows(std::span<const Record> records) const;

  const report::Format& format_;
  report::Display display_;
  decide::Question question_;
  std::vector<report::Run>
      runs_;  ///< one for each environment, without rows: finish() is given them
  std::vector<std::size_t> rows_;  ///< how many each has, but for those of an earlier part
  std::function<void()> before_closing_;
};

}  // namespace twofour::app
