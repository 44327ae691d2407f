// The table of all rows, those without a result with their reason.
#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "report/columns.h"
#include "report/html/data_table.h"
#include "report/html/escape.h"
#include "report/html/sections.h"
#include "report/numbers.h"

namespace twofour::report::html {
namespace {

/// A column, what it shows of a row, and whether it is there.
struct RowColumn {
  DataColumn column;
  std::string (*cell)(const Record&, const Group&);
  bool (*shown)(const Record&) = nullptr;  ///< where a row needs it; null: always
};

/// name(), without its element where nothing can turn round or be cut: it would be a tenth of a
/// long table.
std::string cell(std::string_view text) {
  constexpr std::size_t kMost = 64;
  const bool plain = text.size() <= kMost && std::all_of(text.begin(), text.end(), [](char c) {
                       return static_cast<unsigned char>(c) < 0x80;
                     });
  return plain ? escape(text) : name(text, kMost);
}

std::string whole(std::int64_t value) { return fmt::format("{}", value); }

/// What the terminal's table shows under the heading, so that both say the same.
std::string column_text(std::string_view heading, const Record& r) {
  const auto found = std::find_if(columns().begin(), columns().end(),
                                  [&](const Column& column) { return column.heading == heading; });
  return found == columns().end() ? std::string{} : found->cell(r);
}

template <const auto& Heading>
std::string as_in_terminal(const Record& r, const Group& /*group*/) {
  return escape(column_text(Heading, r));
}

/// Without the organisation; filters know the whole name.
std::string model(const Record& r, const Group& /*group*/) {
  const std::string_view last = short_model(r.model);
  if (last.size() == r.model.size()) return name(r.model, 32);
  return fmt::format("<bdi title=\"{}\">{}</bdi>", escape(r.model), shortened(last, 32));
}

std::string optional_number(const std::optional<double>& value) {
  return value ? short_number(*value) : std::string{};
}

std::string verdict(const Record& r, const Group& /*group*/) {
  if (!r.vs_dense) return escape(verdict_text(r));
  const std::string_view word = to_string(r.vs_dense->verdict);
  if (r.vs_dense->verdict == Verdict::kWin) return fmt::format("<span class=win>{}</span>", word);
  if (r.vs_dense->verdict == Verdict::kLoss) {
    return fmt::format("<span class=loss>{}</span>", word);
  }
  return std::string(word);
}

std::string notes(const Record& r, const Group& /*group*/) {
  const std::string text = notes_text(r);
  if (text.empty()) return {};
  constexpr std::size_t kShort = 28;
  constexpr std::size_t kMost = 240;
  std::string shown = name(text, kMost);
  if (!r.outcome.measured()) return "<span class=why>" + shown + "</span>";
  if (flags_text(r).empty()) return shown;
  return text.size() <= kShort ? "<span class=flag>" + shown + "</span>"
                               : "<span class=\"why flag\">" + shown + "</span>";
}

constexpr char kMedian[] = "median us";
constexpr char kRate[] = "TFLOP/s";
constexpr char kVsDense[] = "vs dense [95% CI]";
constexpr char kVsBf16[] = "vs bf16";
constexpr char kSustained[] = "sustained";
constexpr char kEnergy[] = "mJ";
constexpr char kEnergyRatio[] = "energy vs dense";
constexpr char kError[] = "error (checked)";

bool has_model(const Record& r) { return !r.model.empty(); }
bool has_parts(const Record& r) { return r.tensor_parallel != 1; }
bool has_bf16(const Record& r) { return r.vs_bf16.has_value(); }
bool has_load(const Record& r) { return r.sustained.has_value(); }
bool has_energy(const Record& r) { return launch_joules(r).has_value(); }
bool has_round_energy(const Record& r) { return r.energy && r.energy->launch_j; }
bool has_clock(const Record& r) { return r.clocks.core_mhz.has_value(); }
bool has_effective_clock(const Record& r) { return r.clocks.effective_sm_mhz.has_value(); }
bool has_power(const Record& r) { return r.clocks.power_w.has_value(); }

// clang-format off
const std::vector<RowColumn>& row_columns() {
  using R = const Record&;
  using G = const Group&;
  static const std::vector<RowColumn> list{
    {{"device", "device", false, true, true}, [](R, G group) { return cell(group.name); }},
    {{"model", "model", false, true, true}, model, has_model},
    {{"layer", "layer", false, true, true}, [](R r, G) { return cell(r.layer); }, has_model},
    {{"tp", "TP", true, true, true}, [](R r, G) { return whole(r.tensor_parallel); }, has_parts},
    {{"m", "M", true, true, true}, [](R r, G) { return whole(r.problem.shape.m); }},
    {{"k", "K", true, false, true}, [](R r, G) { return whole(r.problem.shape.k); }},
    {{"n", "N", true, false, true}, [](R r, G) { return whole(r.problem.shape.n); }},
    {{"kernel", "kernel", false, false, true}, [](R r, G) { return cell(r.kernel); }},
    {{"cache", "cache", false, true, true}, [](R r, G) { return std::string(to_string(r.cache.mode)); }},
    {{"time", "median \xC2\xB5s", true, false, true}, as_in_terminal<kMedian>},
    {{"ratio", "vs dense [95 % CI]", true, false, true, Order::kDescending, "time of the fastest dense kernel over the time of this one"}, as_in_terminal<kVsDense>},
    {{"verdict", "verdict", false, true, true}, verdict},
    {{"rate", "TFLOP/s", true, false, true, Order::kDescending, "dense-equivalent: 2MNK over the median"}, as_in_terminal<kRate>},
    {{"notes", "notes", false, false, true}, notes},
    {{"bf16", "vs bf16", true, false, false, Order::kDescending, "time of the fastest dense bf16 kernel over the time of this one"}, as_in_terminal<kVsBf16>, has_bf16},
    {{"sustained", "sustained", true, false, false, Order::kDescending, "vs dense under sustained load, each kernel alone for seconds"}, as_in_terminal<kSustained>, has_load},
    {{"energy", "mJ", true, false, false, Order::kAscending, "energy of a launch under sustained load, of a CPU in ordinary rounds, with the device's idle power"}, as_in_terminal<kEnergy>, has_energy},
    {{"energyratio", "energy vs dense", true, false, false, Order::kDescending, "joules of the fastest dense kernel over the joules of this one, in ordinary rounds; no interval"}, as_in_terminal<kEnergyRatio>, has_round_energy},
    {{"error", "error (checked)", true, false, false, Order::kAscending, "largest error as a share of its tolerance"}, as_in_terminal<kError>},
    {{"dtype", "dtype", false, true, false}, [](R r, G) { return std::string(info(r.problem.a).cli_name); }},
    {{"weights", "weights", false, true, true}, [](R r, G) { return std::string(to_string(r.problem.sparsity)); }},
    {{"provider", "provider", false, true, false}, [](R r, G) { return cell(r.provider); }},
    {{"code", "code", false, false, false}, [](R r, G) { return cell(r.architecture); }},
    {{"clock", "MHz", true, false, false, Order::kAscending, "clock of the cores; of a GPU by its driver"}, [](R r, G) { return optional_number(r.clocks.core_mhz); }, has_clock},
    {{"effective", "effective MHz", true, false, false, Order::kAscending, "cycles of the GPU's multiprocessors over time"}, [](R r, G) { return optional_number(r.clocks.effective_sm_mhz); }, has_effective_clock},
    {{"power", "W", true, false, false, Order::kAscending, "power of the device"}, [](R r, G) { return optional_number(r.clocks.power_w); }, has_power},
  };
  return list;
}
// clang-format on

bool is_shown(const RowColumn& column, const Contents& contents) {
  if (column.column.key == "device") return contents.groups.size() > 1;
  if (column.shown == nullptr) return true;
  return std::any_of(contents.groups.begin(), contents.groups.end(), [&](const Group& group) {
    return std::any_of(group.rows.begin(), group.rows.end(),
                       [&](const Row& row) { return column.shown(*row.record); });
  });
}

}  // namespace

std::string all_rows(const Contents& contents) {
  std::vector<const RowColumn*> shown;
  std::vector<DataColumn> headings;
  for (const RowColumn& column : row_columns()) {
    if (!is_shown(column, contents)) continue;
    shown.push_back(&column);
    headings.push_back(column.column);
  }
  std::vector<DataRow> rows;
  for (const Group& group : contents.groups) {
    for (const Row& row : group.rows) {
      DataRow& cells = rows.emplace_back(DataRow{.index = row.index, .cells = {}});
      for (const RowColumn* column : shown) {
        cells.cells.push_back(column->cell(*row.record, group));
      }
    }
  }
  if (rows.empty()) return {};
  const std::string some = note_of_some(contents.groups);
  return data_table(
      some.empty()
          ? fmt::format("All {} rows, also those without a result. Times are of one launch.",
                        rows.size())
          : some + " Times are of one launch.",
      headings, rows);
}

}  // namespace twofour::report::html
