// Invented results that have every outcome and every kind of odd value in them.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/environment.h"
#include "core/record.h"
#include "report/report.h"

namespace twofour::golden {

Environment environment();

/// An int8 range_bench of three cases. Case 0, M = 64: all rows measured, 2:4 wins. Case 1,
/// M = 1024: dense wins; rows that are unstable, incorrect, failed, unsupported and not built. Case
/// 2, M = 4096: skipped rows, and one measured as NaN.
std::vector<Record> range_records();

/// An fp8 model_bench of two models, the second with TP sizes 1 and 2, in both cache states.
std::vector<Record> model_records();

/// The same with names and reasons that hold HTML, 10,000 characters, marks that turn text round,
/// NUL and bytes that are not UTF-8.
std::vector<Record> hostile_records();

/// The model_bench on two devices, and one case of it again, in a file without an end.
std::vector<report::Run> two_devices();

/// The records named "range", "model" or "hostile" in the format of a file that ends in .txt, .md,
/// .csv, .jsonl, .pkl or .html, as a run shows them: "range.txt"; "empty.html" is the page of a run
/// without rows. Others, like "devices.md", are what `report` makes of several runs or for a
/// terminal; of a page, "devices.main.html" is what stands between its style and its script. Throws
/// std::invalid_argument for another name.
std::string rendering(std::string_view name);

/// The names of the files in expected/.
std::vector<std::string> rendering_names();

/// A file of the source tree that the lists of fields or results/ make, or a part of it.
struct GeneratedFile {
  std::string path;                  ///< in the source tree
  std::string (*text)();             ///< what stands in it
  std::string begin = {}, end = {};  ///< lines around that; empty: it is the whole file
};
std::vector<GeneratedFile> generated_files();

/// Where in `file` the text of `generated` stands: offset and length. Throws std::runtime_error
/// when the lines around it are missing.
std::pair<std::size_t, std::size_t> place_in(const std::string& file,
                                             const GeneratedFile& generated);

}  // namespace twofour::golden
