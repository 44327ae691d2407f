// The summary below the last table: does 2:4 pay off here?
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/record.h"
#include "report/grid.h"

namespace twofour::report {

/// Few rows, where a GEMM is bound by reading the weights; many, where products bound it; between.
struct SizeClass {
  std::string_view title;
  bool (*holds)(std::int64_t m);
};

inline constexpr std::array kSizeClasses{
    SizeClass{"M <= 64", [](std::int64_t m) { return m <= 64; }},
    SizeClass{"64 < M < 1024", [](std::int64_t m) { return m > 64 && m < 1024; }},
    SizeClass{"M >= 1024", [](std::int64_t m) { return m >= 1024; }},
};

/// Verdicts of the 2:4 rows against the best dense kernel: one sentence, one for each cache state
/// where both were measured, none without 2:4 rows.
std::vector<std::string> verdict_counts(std::span<const Record> records);

/// Geometric mean speed-up over the best dense kernel for each 2:4 kernel (with and without bias
/// together) and, where there are several, for the rows that the answer follows from, over all M
/// and over M <= 64, 64 < M < 1024 and M >= 1024 where there are such. No rows when nothing was
/// compared.
Grid geometric_means(std::span<const Record> records);

/// What the words in the table mean, of those that occur in `records`: "NOT_COLD: ...". `win_mark`
/// is how the table marks a 2:4 row that wins.
std::vector<std::string> legend(std::span<const Record> records, std::string_view win_mark);

inline constexpr std::string_view kQuestion = "Does 2:4 pay off here?";

/// The parts of an answer. Sentences end in a full stop, and are empty where there is nothing to
/// say.
struct AnswerParts {
  std::string word;     ///< "Yes", "No", "In part", "It depends on M", "Not known", "Not asked"
  std::string finding;  ///< what stands behind the word and a colon; no full stop
  std::string reasons;  ///< sentences: why 2:4 loses or ties
  std::string load;     ///< sentences: what becomes of it under sustained load, and its energy
  std::string caution;  ///< sentences: what makes the finding doubtful
  std::string control;  ///< a sentence: what equal kernels differ by
};
AnswerParts answer_parts(std::span<const Record> records);

/// Answers the question from the best 2:4 kernel of each problem; cold measurements where there are
/// any. Says from which M on dense is faster, or 2:4; then why where 2:4 loses or ties and the code
/// that ran tells, and which flags could make a win none: those that say that its ratio flatters,
/// and UNSTABLE where the interval comes near 1.
std::string answer(std::span<const Record> records);

}  // namespace twofour::report
