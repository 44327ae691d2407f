// Options that read the files which are published with a model.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "app/options.h"

namespace twofour::app {

/// --model-config and --model-dir: the model that a file or a folder describes joins the known ones
/// and is chosen, in place of the default ones. Throws UsageError, also where no layer of it is
/// understood.
void apply_model_config(BenchOptions& options, const OptionSpec& row,
                        std::span<const std::string> values);
void apply_model_dir(BenchOptions& options, const OptionSpec& row,
                     std::span<const std::string> values);

/// --weights: the folder's model joins the known ones as by --model-dir, where none did before.
void apply_weights(BenchOptions& options, const OptionSpec& row,
                   std::span<const std::string> values);
/// Reads the headers that --weights names, when all options are there; without it only checks that
/// nothing needs it. Throws UsageError.
void open_weights(BenchOptions& options);
/// Cases of layers whose weights cannot be read are skipped with the reason. Throws UsageError
/// where that is so of all.
void skip_without_weights(const BenchOptions& options, std::vector<workload::Case>& cases);

/// The plans of the models that the command line chose, empty where no file told any.
std::string plans_text(const BenchOptions& options);

/// A number for what the cases of a run are, whose files may change: 16 hexadecimal digits of
/// FNV-1a over their shapes, names and counts, and over what of which weights is read.
std::string fingerprint(const BenchOptions& options, std::span<const workload::Case> cases);

/// Whether the cases come from a file that the command line names.
bool cases_are_of_files(const BenchOptions& options);

}  // namespace twofour::app
