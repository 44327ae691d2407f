#include "job/agent.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "job/library.h"
#include "run/held_signals.h"

namespace twofour::job {
namespace {

// A message between the two processes is a packet: a letter, then its content.
constexpr char kJoined = 'j';   ///< up: rank, ranks, local rank, library
constexpr char kRefused = 'x';  ///< up: why it cannot join
constexpr char kNumber = 'n';   ///< down: the next number is wanted; up: it
constexpr char kShare = 's';    ///< down: what rank 0 shares; up: the same, on each rank
constexpr char kGive = 'd';     ///< down: bytes for rank 0
constexpr char kCollect =
    'c';                      ///< down: whose bytes are wanted; up: some of them, empty at the end
constexpr char kLeave = 'l';  ///< down, and up when it is done

/// How often rank 0 looks whether another rank wants something.
constexpr int kServe_ms = 2;
/// How often a process that waits looks for signals.
constexpr int kLook_ms = 100;
/// How often a process looks whether its agent has ended: for 4 s.
constexpr int kMostLooks = 2000;
constexpr std::size_t kPacketBytes = Agent::kMostBytes + 1;

std::string packet(char kind, std::string_view content) { return kind + std::string(content); }

template <class Number>
Number number_of(std::string_view text) {
  Number value{};
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// The agent's whole life.
class Servant {
 public:
  Servant(int socket, const TwofourMpiModule& mpi, const TwofourMpiPlace& place)
      : socket_(socket), mpi_(mpi), place_(place), room_(kPacketBytes) {}

  /// Until it has left, which is true, or its parent is gone.
  bool serve() {
    while (true) {
      pollfd watched{socket_, POLLIN, 0};
      const int ready = poll(&watched, 1, place_.rank == 0 ? kServe_ms : -1);
      if (place_.rank == 0) mpi_.progress();
      if (ready <= 0) continue;
      const ssize_t count = recv(socket_, room_.data(), room_.size(), 0);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return false;
      const std::string text(room_.data(), static_cast<std::size_t>(count));
      if (!answer(text.front(), std::string_view(text).substr(1))) return true;
    }
  }

 private:
  bool answer(char kind, std::string_view content) {
    if (kind == kNumber) up(kNumber, std::to_string(mpi_.next()));
    if (kind == kGive) mpi_.send(0, content.data(), static_cast<std::int64_t>(content.size()));
    if (kind == kShare) share(content);
    if (kind == kCollect) collect(number_of<int>(content));
    if (kind != kLeave) return true;
    mpi_.leave();
    up(kLeave, {});
    return false;
  }

  std::string_view receive(int from) {
    const std::int64_t count =
        mpi_.receive(from, room_.data(), static_cast<std::int64_t>(room_.size()));
    return {room_.data(), static_cast<std::size_t>(count)};
  }
  void share(std::string_view content) {
    if (place_.rank != 0) return up(kShare, receive(0));
    for (int rank = 1; rank < place_.ranks; ++rank) {
      mpi_.send(rank, content.data(), static_cast<std::int64_t>(content.size()));
    }
    up(kShare, content);
  }
  void collect(int rank) {
    while (true) {
      const std::string_view piece = receive(rank);
      up(kCollect, piece);
      if (piece.empty()) return;
    }
  }
  void up(char kind, std::string_view content) {
    const std::string text = packet(kind, content);
    [[maybe_unused]] const ssize_t sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
  }

  int socket_;
  const TwofourMpiModule& mpi_;
  TwofourMpiPlace place_;
  std::vector<char> room_;
};

int be_agent(int socket, const std::string& module) {
  // They are the parent's.
  for (const int signal : {SIGINT, SIGTERM, SIGHUP})
    static_cast<void>(std::signal(signal, SIG_IGN));
  const auto tell = [&](const std::string& text) {
    [[maybe_unused]] const ssize_t sent = ::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
  };
  try {
    const TwofourMpiModule& mpi = *load_module(module);
    TwofourMpiPlace place{};
    std::array<char, 500> error{};
    if (mpi.join(&place, error.data(), error.size()) != 0) {
      throw std::runtime_error(error.data());
    }
    tell(packet(kJoined, fmt::format("{} {} {} {}", place.rank, place.ranks, place.local_rank,
                                     place.library)));
    // MPICH tells its launcher only at the end of the program that MPI is over: without that the
    // launcher takes the end of one rank for a failure, and kills the others.
    if (Servant(socket, mpi, place).serve()) return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    tell(packet(kRefused, error.what()));
  }
  // What MPI registered for the end of a program may wait for ranks that are gone.
  std::_Exit(EXIT_SUCCESS);
}

bool interrupted() {
  sigset_t pending;
  sigpending(&pending);
  const sigset_t wanted = run::end_signals();
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    if (sigismember(&pending, signal) == 1 && sigismember(&wanted, signal) == 1) return true;
  }
  return false;
}

}  // namespace

Agent::Agent(const std::string& module) {
  int ends[2] = {};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    throw std::system_error(errno, std::generic_category(), "cannot make a pair of sockets");
  }
  socket_ = run::Descriptor(ends[0]);
  run::Descriptor others(ends[1]);
  process_ = std::make_unique<run::ChildProcess>([&] {
    socket_.reset();
    return be_agent(others.get(), module);
  });
  others.reset();
  std::optional<Message> answer;
  try {
    while (!answer) answer = receive(kLook_ms);
  } catch (const JobLost&) {  // MPI_Init has ended it
    throw std::runtime_error("MPI ended the process that was to join");
  }
  if (answer->kind != kJoined) throw std::runtime_error(answer->content);
  std::array<int, 3> numbers{};
  std::string_view rest = answer->content;
  for (int& number : numbers) {
    number = number_of<int>(rest);
    rest.remove_prefix(rest.find(' ') + 1);
  }
  place_ = {Launcher::kMpi, numbers[0], numbers[1], numbers[2]};
  library_ = rest;
}

void Agent::send(char kind, std::string_view content) {
  const std::string text = packet(kind, content);
  while (::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL) < 0) {
    if (errno != EINTR) throw JobLost("the process that speaks MPI is gone, and so is the job");
  }
}

std::optional<Agent::Message> Agent::receive(int wait_ms) {
  pollfd watched{socket_.get(), POLLIN, 0};
  if (poll(&watched, 1, wait_ms) <= 0) return std::nullopt;
  std::vector<char> room(kPacketBytes);
  const ssize_t count = recv(socket_.get(), room.data(), room.size(), 0);
  if (count < 0 && errno == EINTR) return std::nullopt;
  if (count <= 0) throw JobLost("the process that speaks MPI is gone, and so is the job");
  return Message{room.front(), {room.data() + 1, static_cast<std::size_t>(count - 1)}};
}

Agent::Message Agent::wait_for(char kind) {
  while (true) {
    std::optional<Message> message = receive(kLook_ms);
    if (message && message->kind == kind) return *message;
    // A number that nobody waits for any more is passed over.
    if (!message && interrupted()) throw JobInterrupted("interrupted while waiting for the others");
  }
}

std::string Agent::share(std::string_view text) {
  send(kShare, text);
  return wait_for(kShare).content;
}

void Agent::ask_number() { send(kNumber); }

std::optional<std::int64_t> Agent::number() {
  const std::optional<Message> message = receive(0);
  if (!message || message->kind != kNumber) return std::nullopt;
  return number_of<std::int64_t>(message->content);
}

void Agent::give(std::string_view bytes) {
  do {
    send(kGive, bytes.substr(0, kMostBytes));
    bytes.remove_prefix(std::min(bytes.size(), kMostBytes));
  } while (!bytes.empty());
}

void Agent::collect(int rank, FunctionRef<void(std::string_view)> take) {
  send(kCollect, std::to_string(rank));
  while (true) {
    const Message message = wait_for(kCollect);
    if (message.content.empty()) return;
    take(message.content);
  }
}

void Agent::leave() {
  send(kLeave);
  wait_for(kLeave);
  // It may have to tell the launcher, and dies with this process.
  for (int looks = 0; looks < kMostLooks && !process_->poll(); ++looks) {
    std::this_thread::sleep_for(std::chrono::milliseconds(kServe_ms));
  }
}

}  // namespace twofour::job
