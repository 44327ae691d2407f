// How to read the page, in plain words. Flags have the words of the terminal's legend.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "report/html/escape.h"
#include "report/html/sections.h"
#include "report/pattern_text.h"

namespace twofour::report::html {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kWords{{
    {"dense, 2:4",
     "A layer multiplies activations, M rows of K numbers, by weights, K \xC3\x97 N. With 2:4 "
     "weights "
     "two of every four numbers along K are zero and are not stored, so that there is less to read "
     "and less to multiply. M is the number of tokens that are computed together."},
    {"speed-up",
     "Time of the fastest dense kernel of the same types, scales and bias, over the time of this "
     "kernel. Both were timed in the same rounds, and the median of the ratios of single rounds is "
     "shown, so that what slows both alike cancels. Above 1 the 2:4 kernel is faster."},
    {"interval", "Where the true median ratio lies with a confidence of 95 %."},
    {"WIN, LOSS", "The whole interval lies above 1, or below 1."},
    {"TIE, INCONCLUSIVE",
     "TIE: the whole interval lies within 0.99 to 1.01. INCONCLUSIVE: it reaches across 1, or "
     "there "
     "were fewer than 6 rounds; a longer --max-time may decide it."},
    {"baseline", "The dense kernel that ratios are taken to: the fastest one that was right."},
    {"cold, hot",
     "Cold: the weights are out of cache when a kernel starts, as in a model of many layers. Hot: "
     "they are where the last launch left them."},
    {"TFLOP/s", "2MNK over the median time, for dense and 2:4 alike, so that the two compare."},
    {"error",
     "The largest error against a reference, as a share of what is allowed; in brackets how much "
     "of "
     "the result was checked. A kernel that is wrong is never timed."},
}};

constexpr std::string_view kControls =
    "<p>With JavaScript, the menus above choose rows, and the marks of the pictures with them; a "
    "heading of the table sorts by it, and once more the other way round; the pointer, or the "
    "arrow "
    "keys in a picture that has the focus, tell of a mark what its row says. What is chosen stands "
    "in "
    "the address, as in <code>#m=16&amp;sort=ratio</code>, and can be sent along.</p>\n"
    "<p>Pictures hold medians, intervals and quantiles, not all samples: those are in the .jsonl "
    "that "
    "this page was made from. The page asks nothing of the network.</p>\n";

std::size_t rows_with(const Contents& contents, Flag flag) {
  std::size_t count = 0;
  for (const Group& group : contents.groups) {
    count += static_cast<std::size_t>(
        std::count_if(group.rows.begin(), group.rows.end(), [&](const Row& row) {
          const std::vector<Flag>& flags = row.record->flags;
          return std::find(flags.begin(), flags.end(), flag) != flags.end();
        }));
  }
  return count;
}

/// Whether some, and whether all rows have weights of 6:8.
std::pair<bool, bool> six_eight(const Contents& contents) {
  bool some = false;
  bool all = true;
  for (const Group& group : contents.groups) {
    for (const Row& row : group.rows) {
      const bool is_so = row.record->pattern == Sparsity::kSixEight;
      some = some || is_so;
      all = all && is_so;
    }
  }
  return {some, some && all};
}

std::string entry(std::string_view word, std::string_view meaning) {
  return fmt::format("<dt>{}</dt><dd>{}</dd>\n", escape(word), escape(meaning));
}

}  // namespace

std::string guide(const Contents& contents) {
  std::string html = "<dl class=\"words\">\n";
  for (const auto& [word, meaning] : kWords) html += entry(word, meaning);
  const auto [some, all] = six_eight(contents);
  if (some) {
    html += entry("6:8",
                  "Two of every eight numbers along K are zero. What is said of 2:4 here "
                  "holds for 6:8. " +
                      pattern_sentence(Sparsity::kSixEight));
  }
  const Sparsity pattern = all ? Sparsity::kSixEight : Sparsity::kTwoFour;
  html += "</dl>\n<h3>Flags: what to know before believing a row</h3>\n<dl class=\"words\">\n";
  for (const FlagInfo& flag : kFlags) {
    const std::size_t count = rows_with(contents, flag.flag);
    html += entry(flag.name, fmt::format("{}. {}", of_pattern(flag.meaning, pattern),
                                         count == 0 ? "No row here has it."
                                                    : fmt::format("{} rows here.", count)));
  }
  return html + "</dl>\n" + std::string(kControls);
}

}  // namespace twofour::report::html
