// Before the first case of a run with stored weights: what pruning costs in every decoder layer.
#pragma once

#include <stop_token>

#include "app/options.h"
#include "app/session.h"
#include "run/ledger.h"

namespace twofour::app {

/// No weight is begun after so many seconds; what is not looked at then is told as missing.
inline constexpr double kSurveySeconds = 120;

/// Looks at all decoder layers, which rows of `session` then have, and tells on stderr how far it
/// came. Does nothing without stored weights, and where rows of `ledger` have it already.
void survey_weights(const Session& session, const BenchOptions& options, const run::Ledger& ledger,
                    const std::stop_token& stop);

}  // namespace twofour::app
