// A process that speaks MPI for this one. MPI starts threads, and a process that has some cannot be
// copied; where MPI fails it ends its process, which must not be the one that has the results.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "core/function_ref.h"
#include "job/place.h"
#include "run/child_process.h"
#include "run/part_file.h"

namespace twofour::job {

/// The agent is gone, and so is the job.
struct JobLost : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A signal that asks for the end came while the others were waited for.
struct JobInterrupted : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// All ranks call share(), and leave(), in the same order. Members that wait throw JobLost and
/// JobInterrupted.
class Agent {
 public:
  /// Starts the process, which joins the job. The calling process must have one thread. Throws
  /// std::runtime_error with why there is none to join.
  explicit Agent(const std::string& module);

  [[nodiscard]] const Place& place() const { return place_; }
  [[nodiscard]] const std::string& library() const { return library_; }

  /// What rank 0 gives, everywhere; at most kMostBytes. What others give is not read.
  std::string share(std::string_view text);
  /// Asks for the next number of the job's counter; number() has it a little later.
  void ask_number();
  std::optional<std::int64_t> number();
  /// Of another rank than 0: bytes that rank 0 collects. No bytes are their end.
  void give(std::string_view bytes);
  /// On rank 0: what `rank` gives, piece by piece, until its end.
  void collect(int rank, FunctionRef<void(std::string_view)> take);
  /// Waits for all ranks; then the job goes on without MPI.
  void leave();

  /// Of one piece.
  static constexpr std::size_t kMostBytes = 60000;

 private:
  struct Message {
    char kind = 0;
    std::string content;
  };
  void send(char kind, std::string_view content = {});
  /// Nothing where none has come within `wait_ms`.
  std::optional<Message> receive(int wait_ms);
  /// Waits.
  Message wait_for(char kind);

  run::Descriptor socket_;
  std::unique_ptr<run::ChildProcess> process_;
  Place place_;
  std::string library_;
};

}  // namespace twofour::job
