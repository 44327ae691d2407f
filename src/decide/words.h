// A decision in sentences and tables, before they have a format.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "decide/decision.h"
#include "report/grid.h"

namespace twofour::decide {

/// "12.3 us", "1.23 ms" or "4.5 s".
std::string time_text(double seconds);
/// "1.23 ms [1.20, 1.26]"; without the brackets where there is no interval.
std::string time_text(const Estimate& seconds);
/// "1.312x [1.298, 1.330]"
std::string ratio_text(const Estimate& ratio);
/// A total, "at least ..." where layers are missing, or "not known".
std::string total_text(const Total& total);
/// "12.3 GiB", "4.0 MiB"
std::string bytes_text(double bytes);
/// "1200 to 1500", "at least 1200, perhaps never" or "never".
std::string repaid_text(const std::optional<Repaid>& repaid);
/// "64", or of a mix "decode (64, 80%) and prefill (2048, 20%)".
std::string pass_name(const PassDecision& pass);

/// "meta-llama/Llama-3-8b, TP 1, int8 on AMD EPYC 9R14, weights cold, D bf16"
std::string title(const Subject& subject);

/// What to do: of the mix, of the pass that gains most, and of those where 2:4 wins nowhere.
std::vector<std::string> advice(const Decision& decision);
/// What makes it doubtful: flagged wins, layers without an answer, missing intervals.
std::vector<std::string> cautions(const Decision& decision);
/// What is not in the numbers.
std::vector<std::string> not_known(const Decision& decision, const Question& question);
/// Which layers make up most of what is saved, for each pass.
std::vector<std::string> deciders(const Decision& decision);

/// For each layer the ranges of M. Where every layer was measured at the same M these stand in the
/// last sentence of cautions() instead of in a column.
report::Grid ranges_grid(const Decision& decision);
report::Grid totals_grid(const Decision& decision);
/// Joules of each pass, "unknown" where those of some layer are; no rows where none are known.
report::Grid energy_grid(const Decision& decision);
report::Grid weights_grid(const Decision& decision);
report::Grid costs_grid(const Decision& decision);
/// Speed-up of a whole forward pass by the share of linear layers.
report::Grid end_to_end_grid(const Decision& decision, const Question& question);

/// The passes, the mix last.
std::vector<const PassDecision*> passes_of(const Decision& decision);

}  // namespace twofour::decide
