// A report with the decision in it.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "decide/question.h"
#include "report/display.h"
#include "report/formats.h"
#include "report/results.h"

namespace twofour::decide {

/// Whether document() needs the single samples: totals draw rounds of them again.
bool needs_samples(const report::Format& format);

/// How much of a decision is told of.
enum class Length {
  kBrief,  ///< at the end of a run on a terminal
  kWhole,
};

/// What is made of the rows of model_bench in `runs`; empty where there is none with 2:4. One block
/// for each device, type, model and TP size.
std::string table(std::span<const report::Run> runs, const Question& question,
                  const report::Display& display, Length length);
std::string table(const report::Results& results, const Question& question,
                  const report::Display& display, Length length);
/// Decisions that would make it longer than `most_bytes` are left out, and counted in its last
/// line.
std::string markdown(std::span<const report::Run> runs, const Question& question,
                     std::size_t most_bytes);
std::string markdown(const report::Results& results, const Question& question,
                     std::size_t most_bytes);
/// The body of a section of the page.
std::string html_section(std::span<const report::Run> runs, const Question& question);
std::string html_section(const report::Results& results, const Question& question);

/// report::document(), and in the formats for people (table, md, html) the decision: behind the
/// tables, before those of Markdown, and as a section of the page.
std::string document(const report::Format& format, std::span<const report::Run> runs,
                     const report::Display& display, const Question& question);

/// The same of rows that are joined already, in a format for people. `with_samples`: the rows have
/// their samples; without them there is no decision, and the page says so.
void write_document(const report::Format& format, const report::Results& results,
                    const report::Display& display, const Question& question, bool with_samples,
                    report::Write write);

/// The page of report::html_document() with the section.
std::string html_document(std::span<const report::Run> runs, const Question& question);

/// The file that --dispatch writes.
std::string dispatch_document(std::span<const report::Run> runs);
std::string dispatch_document(const report::Results& results);

}  // namespace twofour::decide
