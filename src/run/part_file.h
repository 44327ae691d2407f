// The file by which a process that measures tells its parent: {run}.part beside the .jsonl. First a
// slot of fixed size with the attempt in hand, which is written over in place; then lines that are
// appended: environment, start, the rows that attempts are about, results, ends of cases.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "run/attempts.h"
#include "run/stream.h"

namespace twofour::run {

/// Bytes of the slot. An algorithm whose name does not fit counts as none.
inline constexpr std::size_t kSlotBytes = 4096;

/// An open file, closed with the object.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { reset(); }
  [[nodiscard]] int get() const { return number_; }
  void reset();

 private:
  int number_;
};

/// The part file cannot be written: the child can tell nothing any more. No std::exception, so that
/// nobody takes it for the failure of the kernel in hand.
class PartLost {
 public:
  explicit PartLost(std::string reason) : reason_(std::move(reason)) {}
  /// Names the file and the cause.
  [[nodiscard]] const char* what() const noexcept { return reason_.c_str(); }

 private:
  std::string reason_;
};

/// The child's side. Every member throws PartLost when the file cannot be written.
class PartWriter final : public Attempts, public ResultStream {
 public:
  /// Empties `file`, or makes it. Throws std::runtime_error naming the file and the cause.
  explicit PartWriter(std::filesystem::path file);

  int describe(const Record& row) override;
  void enter(int row) override;
  void try_algorithm(int row, const std::string& algorithm,
                     const providers::SearchScope& scope) override;
  /// Does not throw: the next member that writes does.
  void leave() override;

  void environment(const Environment& environment) override;
  void start(const Start& start) override;
  void row(const Record& record) override;
  void case_end(int case_index) override;
  /// The last line: the device is gone for this process.
  void device_gone(std::string_view reason);

 private:
  void append(std::string_view line);
  void write_slot(std::string_view members);
  void write_at(std::string_view bytes, std::int64_t position);

  std::filesystem::path file_;
  Descriptor descriptor_;
  std::int64_t end_;
  int rows_ = 0;
  std::uint64_t sequence_ = 0;
  std::size_t slot_used_ = 0;
  std::string slot_;
  std::optional<PartLost> lost_;
};

/// What the slot says.
struct Slot {
  std::uint64_t sequence = 0;  ///< rises with each change; 0: nothing was in hand yet
  int row = 0;                 ///< 0: nothing is in hand
  std::string algorithm;
  providers::SearchScope scope;
};

struct CaseEnd {
  int case_index = 0;
};
/// A row that attempts are about.
struct Described {
  int row = 0;
  Record record;
};
struct DeviceGone {
  std::string reason;
};
using PartLine = std::variant<Environment, Start, Record, CaseEnd, Described, DeviceGone>;

/// The parent's side, which also reads a file that an earlier run left behind.
class PartReader {
 public:
  /// Throws std::runtime_error when the file cannot be read.
  explicit PartReader(std::filesystem::path file);

  /// The lines that were completed since the last call. One that is not of this program is passed
  /// over: it was cut off.
  std::vector<PartLine> new_lines();
  /// Nothing where it is being written at this moment.
  [[nodiscard]] std::optional<Slot> slot() const;

 private:
  std::filesystem::path file_;
  Descriptor descriptor_;
  std::int64_t position_;
  std::string rest_;  ///< of a line that was not complete
};

}  // namespace twofour::run
