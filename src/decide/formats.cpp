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

}  // namespace

bool needs_samples(const report::Format& format) {
  return format.of_samples || format.name == "table" || format.name == "md";
}

std::string document(const report::Format& format, std::span<const report::Run> runs,
                     const report::Display& display, const Question& question) {
  if (format.name == "html") return html_document(runs, question);
  std::string text = report::document(format, runs, display);
  if (format.name == "table") return text + table(runs, question, display, Length::kWhole);
  if (format.name == "md") {
    const std::size_t left = kMostMarkdown - std::min(kMostMarkdown, text.size());
    return markdown(runs, question, std::min(left, kMostOfDecisions)) + text;
  }
  return text;
}

std::string html_document(std::span<const report::Run> runs, const Question& question) {
  return report::html_document(
      runs, {"decision", "The decision, layer by layer", html_section(runs, question)});
}

std::string dispatch_document(std::span<const report::Run> runs) {
  const report::Results results = report::join(runs);
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
