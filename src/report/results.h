// Several runs as one result: which rows count, by device, and what was left out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "report/machine.h"
#include "report/report.h"
#include "report/row_index.h"

namespace twofour::report {

/// The rows of one mode, one --dtype and one --pattern on one device.
struct Sweep {
  BenchMode mode = BenchMode::kSquare;
  DataType dtype = DataType::kInt8;
  Sparsity pattern = Sparsity::kTwoFour;
  /// With the verdicts that the floors of the device leave (report/floor.h).
  /// By ascending case_index, else in the order of the files. Rows of one case share it, and other
  /// cases have another one: where that of the files does not do, cases are numbered anew.
  std::vector<Record> records;
};

struct DeviceResults {
  std::string title;  ///< what people tell it from the others by: "NVIDIA H200, GPU-8c5f..."
  DeviceId device;
  std::vector<const Run*> runs;  ///< that measured on it, in their order
  std::vector<Sweep> sweeps;     ///< in order of appearance, each with a row at least
};

struct Results {
  std::span<const Run> runs;           ///< that were joined; their rows may be gone
  std::vector<RowFacts> facts;         ///< of all rows of each of them
  std::vector<DeviceResults> devices;  ///< in order of appearance
  /// What is not in `devices`, and why: a sentence each. Rows without a result are in `devices`.
  std::vector<std::string> left_out;
};

/// The runs without the rows that a later one measured again: the same kernel on the same problem
/// in the same state of the cache, on the same device. The later one by the start of the run
/// counts, and of one run the later line. `left_out`, where given, is told how many went.
std::vector<Run> without_doubles(std::span<const Run> runs,
                                 std::vector<std::string>* left_out = nullptr);

/// The rows of without_doubles(), a list for each run, where they are: a copy of many rows takes as
/// much memory as they do.
std::vector<std::vector<const Record*>> kept_rows(std::span<const Run> runs);

/// The rows of all runs, one after the other.
std::vector<Record> rows_of(std::span<const Run> runs);

/// Rows of different devices are never in one sweep; a device is told by its UUID, or without one
/// by its name, its place and its machine. Devices over which the cases of a run were split count
/// as one, which its rows then name. The result points into `runs`.
Results join(std::span<const Run> runs);

/// join() of rows as they are read: each is held once, where the result has it, so that half a
/// million take as little memory as they can.
class ResultsBuilder {
 public:
  /// `expected_rows`: about how many there will be; 0: not known.
  explicit ResultsBuilder(std::size_t expected_rows = 0) : expected_rows_(expected_rows) {}

  /// The next run begins: its source and its environment are there.
  void begin(const Run& run) { index_.begin(run); }
  /// The next row of the run that began last, which is `run`.
  void add(Record record, const Run& run);
  /// Samples of the rows so far go.
  void drop_samples();
  /// `runs`: all that began, with what is known at their end. Their rows are not looked at, and
  /// the result points into them.
  Results finish(std::span<const Run> runs);

  /// Of the rows so far. left_out() is there after finish().
  [[nodiscard]] const RowIndex& index() const { return index_; }

 private:
  /// The rows of one device and sweep.
  struct Part {
    DeviceId device;  ///< as which those of its rows count
    std::string key;  ///< device_key() of it
    Sweep sweep;
    std::vector<std::size_t> case_names;
  };

  std::size_t part_of(const Record& record, const DeviceId& device, const Run& run);
  /// Removes rows that do not count. `first`: for each part, the run of its first row that counts.
  void remove_doubles(std::vector<std::size_t>& order, std::vector<std::vector<bool>>& of_run);

  std::size_t expected_rows_;
  RowIndex index_;
  std::vector<Part> parts_;
  std::vector<std::vector<std::uint32_t>> places_;  ///< of each run's rows, in parts_
  std::vector<RowFacts> facts_;                     ///< of each run
};

/// The detail of an environment that says that the cases of a run were split over devices that are
/// alike, of which this was one; or that each of them measured every case, where its text does not
/// begin with kSplitText.
inline constexpr std::string_view kSpreadDetail = "spread";
inline constexpr std::string_view kSplitText = "split";

/// Whether the cases of a run were split over several devices.
bool is_split(const Environment& environment);

/// The device without what tells it from others that are alike: UUID, place, and of a CPU the part
/// of the machine, "AMD EPYC (node0)".
DeviceId without_part(DeviceId id);

/// The device as which that of a row counts: of a run whose cases were split, one for all.
DeviceId counted_device(const Record& record, const Run& run);

/// The device of a row: its own, or where it does not say, that of its run.
const DeviceId& device_of(const Record& record, const Run& run);

}  // namespace twofour::report
