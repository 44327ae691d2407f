// The C interface of libtwofour_mpi.so, the only code here that is compiled against MPI. Everything
// that is not a pointer has a fixed size, so that compilers may differ.
#pragma once

#include <stddef.h>
#include <stdint.h>

#if defined(__cplusplus)
extern "C" {
#endif

/// Raised when anything below changes.
#define TWOFOUR_MPI_INTERFACE 1

struct TwofourMpiPlace {
  int32_t rank;
  int32_t ranks;
  int32_t local_rank;  ///< among those that share memory with this one
  char library[128];   ///< "Open MPI v4.1.4", cut to its first line
};

/// All are called by one thread. What fails ends the process, and with it the job, as MPI does by
/// default. None spins: other processes may measure on this host.
struct TwofourMpiModule {
  int32_t interface;  ///< TWOFOUR_MPI_INTERFACE
  /// Initialises MPI; the ranks are counted together. Non-zero: not possible; the reason, cut to
  /// `error_bytes` with its final zero, is in `error`.
  int32_t (*join)(struct TwofourMpiPlace* place, char* error, size_t error_bytes);
  /// 0, 1, 2, ...: each number once in the whole job. The counter is on rank 0.
  int64_t (*next)(void);
  /// Lets requests of others be served, which rank 0 must do again and again. Returns at once.
  void (*progress)(void);
  /// A message to another rank. Returns when that one takes it.
  void (*send)(int32_t to, const void* bytes, int64_t count);
  /// The next message of rank `from`, which has at most `room` bytes. Waits. Returns its bytes.
  int64_t (*receive)(int32_t from, void* bytes, int64_t room);
  /// Waits for all ranks and ends MPI.
  void (*leave)(void);
};

/// The only symbol of the library.
const struct TwofourMpiModule* twofour_mpi_module(void);

#if defined(__cplusplus)
}
#endif
