// Where results go as they come: the .jsonl, the terminal.
#pragma once

#include <span>

#include "app/jsonl_file.h"
#include "core/ended_attempt.h"
#include "core/environment.h"
#include "core/record.h"
#include "report/display.h"
#include "report/formats.h"

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
  virtual void finish() {}
};

/// Each line as soon as it exists.
class JsonlSink final : public Sink {
 public:
  explicit JsonlSink(JsonlFile& file) : file_(file) {}
  [[nodiscard]] bool keeps_all() const override { return true; }
  void environment(const Environment& environment) override;
  void row(const Record& record) override;
  void attempt(const EndedAttempt& attempt) override;
  void finish() override;

 private:
  JsonlFile& file_;
};

/// stdout, in one of the formats that can be shown there, while the run measures. What stands at
/// its end is show_results() (joined_results.h).
class TerminalSink final : public Sink {
 public:
  TerminalSink(const report::Format& format, const report::Display& display)
      : format_(format), display_(display) {}
  void environment(const Environment& environment) override;
  /// Lines that are read by programs are not printed again.
  void go_on(const Environment& environment) override;
  void row(const Record& record) override;
  void case_end(std::span<const Record> rows) override;

 private:
  const report::Format& format_;
  report::Display display_;
};

}  // namespace twofour::app
