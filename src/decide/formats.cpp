#include "decide/formats.h"

#include <algorithm>

#include "decide/dispatch.h"
#include "report/html/page.h"
#include "report/results.h"

namespace twofour::decide {
namespace {

/// GitHub takes 65536 characters in a description or a comment; words around it need place.
constexpr std::size_t kMostMarkdown = 64000;
constexpr std::size_t kMostOfDecisions = 16000;

constexpr std::string_view kTooManyRows =
    "<p class=\"note\">Decisions for models, and how ratios spread from round to round, are left "
    "out: they need the single samples of more rows than are held. 'twofour report' of fewer rows "
    "has them.</p>\n";

report::html::Section section_of(const report::Results& results, const Question& question,
                                 bool with_samples) {
  return {"decision", "The decision, layer by layer",
          with_samples ? html_section(results, question) : std::string(kTooManyRows)};
}

}  // namespace

bool needs_samples(const report::Format& format) {
  return format.of_samples || format.name == "table" || format.name == "md";
}

std::string document(const report::Format& format, std::span<const report::Run> runs,
                     const report::Display& display, const Question& question) {
  if (format.write == nullptr) return report::document(format, runs, display);
  std::string text;
  const auto append = [&](std::string_view piece) { text += piece; };
  write_document(format, report::join(runs), display, question, true, append);
  return text;
}

void write_document(const report::Format& format, const report::Results& results,
                    const report::Display& display, const Question& question, bool with_samples,
                    report::Write write) {
  if (format.name == "html") {
    return write(report::html_document(results, section_of(results, question, with_samples)));
  }
  if (!with_samples) return format.write(results, display, write);
  if (format.name == "md") {
    const std::string text = report::markdown_document(results);
    const std::size_t left = kMostMarkdown - std::min(kMostMarkdown, text.size());
    write(markdown(results, question, std::min(left, kMostOfDecisions)));
    return write(text);
  }
  format.write(results, display, write);
  write(table(results, question, display, Length::kWhole));
}

std::string html_document(std::span<const report::Run> runs, const Question& question) {
  const report::Results results = report::join(runs);
  return report::html_document(results, section_of(results, question, true));
}

std::string dispatch_document(std::span<const report::Run> runs) {
  return dispatch_document(report::join(runs));
}

std::string dispatch_document(const report::Results& results) {
  Dispatch whole;
  for (const report::DeviceResults& device : results.devices) {
    for (const report::Sweep& sweep : device.sweeps) {
      Dispatch part = dispatch(subjects(sweep.records));
      whole.layers.insert(whole.layers.end(), part.layers.begin(), part.layers.end());
    }
  }
  return dispatch_json(whole);
}

}  // namespace twofour::decide
