// The page of one or several runs: its sections, in their order.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "report/answer.h"
#include "report/formats.h"
#include "report/html/page.h"
#include "report/html/sections.h"

namespace twofour::report {
namespace {

/// "NVIDIA H200, started 2026-11-25T13:07:58Z".
std::string subtitle(const html::Contents& contents) {
  std::vector<std::string> names;
  names.reserve(contents.groups.size());
  for (const html::Group& group : contents.groups) names.push_back(group.name);
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : " and ") + name;
  const auto earliest =
      std::min_element(contents.runs.begin(), contents.runs.end(), [](const Run& a, const Run& b) {
        return a.environment.started_unix_s < b.environment.started_unix_s;
      });
  if (earliest == contents.runs.end()) return text;
  return fmt::format("{}{}started {}", text, text.empty() ? "" : ", ",
                     earliest->environment.started_utc);
}

}  // namespace

std::string html_document(std::span<const Run> runs) { return html_document(join(runs), {}); }

std::string html_document(const Results& results, const html::Section& more,
                          std::size_t most_rows) {
  const html::Contents contents(results, most_rows);
  const std::vector<html::Section> sections{
      {"answer", "The answer", html::answers(contents)},
      more,
      {"speed-up", "Speed-up against M", html::speed_ups(contents)},
      {"rounds", "Spread of the ratio from round to round", html::strips(contents)},
      {"time", "Time of a launch against M", html::times(contents)},
      {"roofline", "Roofline", html::rooflines(contents)},
      {"cache", "Cold against hot", html::hot_and_cold(contents)},
      {"load", "Under sustained load: speed and energy", html::sustained(contents)},
      {"weights", "Real weights: what pruning costs the layers", html::real_weights(contents)},
      {"devices", "How far devices differ", html::devices(contents)},
      {"table", "All rows", html::all_rows(contents)},
      {"machine", "What it ran on", html::machines(contents)},
      {"guide", "How to read this page", html::guide(contents)},
  };
  return html::page(kQuestion, subtitle(contents), sections);
}

}  // namespace twofour::report
