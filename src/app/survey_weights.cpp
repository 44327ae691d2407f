#include "app/survey_weights.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/streams.h"
#include "weights/model_weights.h"

namespace twofour::app {
namespace {

/// Between two lines of progress.
constexpr double kSecondsOfALine = 10;

bool has_survey(const run::Ledger& ledger) {
  const auto& records = ledger.records();
  return std::any_of(records.begin(), records.end(), [](const Record& record) {
    return record.real_weights && !record.real_weights->survey.empty();
  });
}

std::string progress_text(const weights::SurveyProgress& progress) {
  std::string text = fmt::format("decoder layers: {} of {} weights looked at in {:.1f} s",
                                 progress.done, progress.of, progress.seconds);
  if (progress.done < progress.of) {
    text += fmt::format("; at most {:.0f} s are spent on that", kSurveySeconds);
  }
  return text;
}

}  // namespace

void survey_weights(const Session& session, const BenchOptions& options, const run::Ledger& ledger,
                    const std::stop_token& stop) {
  if (!session.config.weights || has_survey(ledger)) return;
  for (const int devices : options.tp_sizes) {
    weights::SurveyProgress last;
    double told_s = 0;
    session.config.weights->survey(
        {.tensor_parallel = devices,
         .type = options.dtype,
         .scales = options.scales,
         .threads = session.config.threads,
         .seconds = kSurveySeconds},
        [&](const weights::SurveyProgress& progress) {
          last = progress;
          if (!options.quiet && progress.seconds - told_s >= kSecondsOfALine) {
            told_s = progress.seconds;
            say(progress_text(progress));
          }
          return !stop.stop_requested();
        });
    if (stop.stop_requested()) return;
    if (!options.quiet && last.of > 0) say(progress_text(last));
  }
}

}  // namespace twofour::app
