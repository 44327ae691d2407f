// MPI behind a C interface (module.h). Compiled against MPI and nothing of ours. Only what MPI 3.0
// has is used.
#include "module.h"

#include <mpi.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstring>

namespace {

constexpr int kTag = 24;
constexpr useconds_t kPause_us = 500;

MPI_Win window = MPI_WIN_NULL;

void wait_for(MPI_Request request) {
  int done = 0;
  while (MPI_Test(&request, &done, MPI_STATUS_IGNORE), done == 0) usleep(kPause_us);
}

void name_library(TwofourMpiPlace& place) {
  char text[MPI_MAX_LIBRARY_VERSION_STRING] = {};
  int length = 0;
  MPI_Get_library_version(text, &length);
  // "Open MPI v4.1.4, package: ..."; "MPICH Version:      5.0.2", a line of several.
  text[std::strcspn(text, ",\n")] = '\0';
  char* end = text;
  for (const char* from = text; *from != '\0'; ++from) {
    const bool blank = *from == ' ' || *from == '\t' || *from == ':';
    if (!blank || (end != text && end[-1] != ' ')) *end++ = blank ? ' ' : *from;
  }
  *end = '\0';
  const std::size_t kept = std::min(std::strlen(text), sizeof(place.library) - 1);
  std::memcpy(place.library, text, kept);
  place.library[kept] = '\0';
}

int32_t join(TwofourMpiPlace* place, char* error, size_t error_bytes) {
  int provided = 0;
  if (MPI_Init_thread(nullptr, nullptr, MPI_THREAD_SINGLE, &provided) != MPI_SUCCESS) {
    std::snprintf(error, error_bytes, "MPI_Init_thread failed");
    return 1;
  }
  int rank = 0;
  int ranks = 0;
  int local_rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  MPI_Comm host = MPI_COMM_NULL;
  MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &host);
  MPI_Comm_rank(host, &local_rank);
  MPI_Comm_free(&host);
  place->rank = rank;
  place->ranks = ranks;
  place->local_rank = local_rank;
  name_library(*place);
  int64_t* counter = nullptr;
  const MPI_Aint bytes = rank == 0 ? sizeof(int64_t) : 0;
  MPI_Win_allocate(bytes, sizeof(int64_t), MPI_INFO_NULL, MPI_COMM_WORLD, &counter, &window);
  MPI_Win_lock_all(0, window);
  if (rank == 0) {
    *counter = 0;
    MPI_Win_sync(window);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  return 0;
}

int64_t next() {
  const int64_t one = 1;
  int64_t number = 0;
  MPI_Fetch_and_op(&one, &number, MPI_INT64_T, 0, 0, MPI_SUM, window);
  MPI_Win_flush(0, window);
  return number;
}

void progress() {
  int there = 0;
  MPI_Iprobe(MPI_ANY_SOURCE, kTag, MPI_COMM_WORLD, &there, MPI_STATUS_IGNORE);
}

void send(int32_t to, const void* bytes, int64_t count) {
  // Synchronous: what nobody takes yet stays here, and does not pile up in the memory of rank 0.
  MPI_Request request = MPI_REQUEST_NULL;
  MPI_Issend(bytes, static_cast<int>(count), MPI_BYTE, to, kTag, MPI_COMM_WORLD, &request);
  wait_for(request);
}

int64_t receive(int32_t from, void* bytes, int64_t room) {
  MPI_Status status;
  int there = 0;
  while (MPI_Iprobe(from, kTag, MPI_COMM_WORLD, &there, &status), there == 0) usleep(kPause_us);
  MPI_Recv(bytes, static_cast<int>(room), MPI_BYTE, from, kTag, MPI_COMM_WORLD, &status);
  int count = 0;
  MPI_Get_count(&status, MPI_BYTE, &count);
  return count;
}

void leave() {
  MPI_Request request = MPI_REQUEST_NULL;
  MPI_Ibarrier(MPI_COMM_WORLD, &request);
  wait_for(request);
  MPI_Win_unlock_all(window);
  MPI_Win_free(&window);
  MPI_Finalize();
}

}  // namespace

extern "C" const TwofourMpiModule* twofour_mpi_module() {
  static const TwofourMpiModule module{
      TWOFOUR_MPI_INTERFACE, join, next, progress, send, receive, leave};
  return &module;
}
