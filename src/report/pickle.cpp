// Writes what pickle.load of Python turns into torch.utils.benchmark Measurements. The classes and
// the order of their arguments are those of PyTorch's torch/utils/benchmark/utils/common.py:
//   TaskSpec(stmt, setup, global_setup, label, sub_label, description, env, num_threads)
//   Measurement(number_per_run, raw_times, task_spec, metadata)
// Objects are made by calling the classes (REDUCE), so that PyTorch itself sets up the members in
// which a Measurement keeps its statistics. Opcodes: Python's Lib/pickletools.py.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "report/formats.h"
#include "report/results.h"

namespace twofour::report {
namespace {

constexpr std::string_view kModule = "torch.utils.benchmark.utils.common";

/// Appends opcodes of protocol 2. Each value is left on the stack of the reading machine.
class PickleWriter {
 public:
  void protocol() { bytes_ += "\x80\x02"; }
  void mark() { bytes_ += '('; }
  void tuple() { bytes_ += 't'; }   ///< of all since the mark
  void reduce() { bytes_ += 'R'; }  ///< calls a class with a tuple
  void empty_list() { bytes_ += ']'; }
  void append_all() { bytes_ += 'e'; }  ///< all since the mark, to the list below it
  void none() { bytes_ += 'N'; }
  void text(std::string_view value) {
    bytes_ += 'X';
    little_endian(value.size(), 4);
    bytes_ += value;
  }
  void whole(std::int64_t value) {
    bytes_ += "\x8a\x08";  // LONG1 of 8 bytes, two's complement
    little_endian(static_cast<std::uint64_t>(value), 8);
  }
  void real(double value) {
    bytes_ += 'G';  // big-endian
    const auto bits = std::bit_cast<std::uint64_t>(value);
    for (int shift = 56; shift >= 0; shift -= 8) bytes_ += byte(bits >> shift);
  }
  void torch_class(std::string_view name) {
    bytes_ += 'c';
    bytes_ += kModule;
    bytes_ += '\n';
    bytes_ += name;
    bytes_ += '\n';
  }
  void stop() { bytes_ += '.'; }
  std::string take() && { return std::move(bytes_); }

 private:
  static char byte(std::uint64_t value) { return static_cast<char>(value & 0xff); }
  void little_endian(std::uint64_t value, int count) {
    for (int i = 0; i < count; ++i) bytes_ += byte(value >> (8 * i));
  }

  std::string bytes_;
};

/// One column of torch.utils.benchmark.Compare: hot and cold must not be merged into one.
std::string description(const Record& record) {
  return record.cache.mode == CacheMode::kHot ? record.kernel + " (hot)" : record.kernel.str();
}

void write_task(PickleWriter& out, const Record& record) {
  out.torch_class("TaskSpec");
  out.mark();
  out.text(record.kernel);        // stmt
  out.text("pass");               // setup
  out.text("");                   // global_setup
  out.text(label(record));        // label
  out.text(sub_label(record));    // sub_label
  out.text(description(record));  // description
  out.none();                     // env
  out.whole(1);                   // num_threads
  out.tuple();
  out.reduce();
}

/// PyTorch's raw_times are those of number_per_run launches together.
void write_measurement(PickleWriter& out, const Record& record) {
  const std::int64_t launches = std::max<std::int64_t>(record.samples->launches_per_sample, 1);
  out.torch_class("Measurement");
  out.mark();
  out.whole(launches);
  out.empty_list();
  out.mark();
  for (const double seconds : record.samples->device_s) {
    out.real(seconds * static_cast<double>(launches));
  }
  out.append_all();
  write_task(out, record);
  out.none();  // metadata
  out.tuple();
  out.reduce();
}

/// Measured, and with times that are all numbers: torch.utils.benchmark.Compare ends on a NaN.
bool is_written(const Record& record) {
  return record.outcome.measured() && record.samples && !record.samples->device_s.empty() &&
         std::all_of(record.samples->device_s.begin(), record.samples->device_s.end(),
                     [](double seconds) { return std::isfinite(seconds); });
}

}  // namespace

std::string pickle_begin() {
  PickleWriter out;
  out.protocol();
  out.empty_list();
  out.mark();
  return std::move(out).take();
}

std::string pickle_rows(std::span<const Record> records) {
  PickleWriter out;
  for (const Record& record : records) {
    if (is_written(record)) write_measurement(out, record);
  }
  return std::move(out).take();
}

std::string pickle_end() {
  PickleWriter out;
  out.append_all();
  out.stop();
  return std::move(out).take();
}

std::string pickle(std::span<const Record> records) {
  return pickle_begin() + pickle_rows(records) + pickle_end();
}

std::string pickle_document(std::span<const Run> runs) {
  return pickle(rows_of(without_doubles(runs)));
}

}  // namespace twofour::report
