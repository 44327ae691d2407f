// The rows of a page, in groups that pictures are made of: those of a device, and of them the rows
// of one layer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/environment.h"
#include "core/record.h"
#include "report/results.h"

namespace twofour::report::html {

/// A record and the number of its row in the page's table.
struct Row {
  const Record* record = nullptr;
  std::size_t index = 0;
};

/// The rows of one device: what may be compared.
struct Group {
  const DeviceResults* device = nullptr;
  /// A text: the device's name, with what tells it from others of that name on the page.
  std::string name;
  std::vector<Row> rows;
  std::size_t all_rows = 0;  ///< of the device, where `rows` are those of some cases
  /// The highest ceilings that were measured on it; zero and empty where there are none.
  Roofs roofs;
};

/// In the order of the devices, which must outlive the groups. Of more than `most_rows` rows, those
/// of cases at even distances.
std::vector<Group> groups_of(const Results& results, std::size_t most_rows);
/// "20000 of 500000 rows: those of every 25th case. ..."; empty where all are shown.
std::string note_of_some(std::span<const Group> groups);

bool is_sparse(const Record& record);
bool is_hot(const Record& record);
bool is_measured(const Record& record);  ///< with a time that is a number
bool is_compared(const Record& record);  ///< 2:4, with a ratio that is a number

/// How the series of a page look: a style (svg.h) for each provider, those of 2:4 kernels first.
class Styles {
 public:
  explicit Styles(std::span<const Group> groups);
  [[nodiscard]] int of(const Record& record) const;
  /// Providers with their styles, in order.
  [[nodiscard]] const std::vector<std::string>& providers() const { return providers_; }

 private:
  std::vector<std::string> providers_;
};

/// What is drawn in one picture: the rows of one layer in one cache state, or of one sweep.
struct Panel {
  const Group* group = nullptr;
  std::string title;     ///< HTML: "qkv"
  std::string subtitle;  ///< HTML: "Llama-3-8b, 4096 x 6144, fp8 to bf16, cold"
  std::string label;     ///< a text of both
  std::string x_title;   ///< "M", or "M = N" in a sweep
  CacheMode cache = CacheMode::kCold;
  std::int64_t GemmShape::*x = &GemmShape::m;
  std::vector<Row> rows;  ///< measured ones, of both cache states
};

/// Rows of another type than the run's, which 8-bit runs compare with, have no panel. `mode` is
/// cold, or hot where no row is cold.
std::vector<Panel> panels_of(std::span<const Group> groups);

/// The rows of one kernel in the panel's cache state, by ascending x.
struct Series {
  std::string kernel;
  std::string label;  ///< a text that tells it from the others of the panel: "cuda"
  std::vector<Row> rows;
};
std::vector<Series> series_of(const Panel& panel, bool (*holds)(const Record&));

double x_of(const Panel& panel, const Record& record);
/// The x of all rows, ascending.
std::vector<double> xs_of(const Panel& panel);

/// The fastest row that `holds` at each x, in the panel's cache state.
std::vector<Row> fastest(const Panel& panel, bool (*holds)(const Record&));

/// "The first 60 of 70 pictures; the table has all." as a note below a section, or nothing.
std::string note_of_more(std::size_t shown, std::size_t all, std::string_view what);

}  // namespace twofour::report::html
