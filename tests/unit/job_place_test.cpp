// What the environment says of a job.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "job/library.h"
#include "job/place.h"

namespace twofour::job {
namespace {

using ::testing::HasSubstr;

Place place_in(const std::map<std::string, std::string>& variables) {
  return recognise([&](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  });
}

TEST(Place, IsAloneWithoutALauncher) {
  EXPECT_EQ(place_in({}).launcher, Launcher::kNone);
  // A script in an allocation, and a step of one process.
  EXPECT_EQ(
      place_in({{"SLURM_NTASKS", "4"}, {"SLURM_PROCID", "0"}, {"SLURM_JOB_ID", "7"}}).launcher,
      Launcher::kNone);
  EXPECT_EQ(place_in({{"SLURM_STEP_NUM_TASKS", "1"}, {"SLURM_PROCID", "0"}}).launcher,
            Launcher::kNone);
  EXPECT_EQ(place_in({{"OMPI_COMM_WORLD_SIZE", "1"}, {"OMPI_COMM_WORLD_RANK", "0"}}).launcher,
            Launcher::kNone);
}

TEST(Place, IsOneOfMpi) {
  const Place open_mpi = place_in({{"OMPI_COMM_WORLD_SIZE", "4"},
                                   {"OMPI_COMM_WORLD_RANK", "3"},
                                   {"OMPI_COMM_WORLD_LOCAL_RANK", "1"},
                                   {"PMIX_RANK", "3"}});
  EXPECT_EQ(open_mpi.launcher, Launcher::kMpi);
  EXPECT_EQ(open_mpi.rank, 3);
  EXPECT_EQ(open_mpi.ranks, 4);
  EXPECT_EQ(open_mpi.local_rank, 1);
  const Place hydra = place_in({{"PMI_RANK", "1"}, {"PMI_SIZE", "2"}, {"MPI_LOCALRANKID", "1"}});
  EXPECT_EQ(hydra.launcher, Launcher::kMpi);
  EXPECT_EQ(hydra.rank, 1);
  EXPECT_EQ(hydra.ranks, 2);
  EXPECT_EQ(hydra.local_rank, 1);
}

TEST(Place, OfPmixAloneHasItsNumberFromSlurmOrNotAtAll) {
  EXPECT_EQ(place_in({{"PMIX_RANK", "1"}}).ranks, 0);
  const Place slurm = place_in({{"PMIX_RANK", "1"},
                                {"SLURM_STEP_NUM_TASKS", "2"},
                                {"SLURM_PROCID", "1"},
                                {"SLURM_LOCALID", "0"}});
  EXPECT_EQ(slurm.launcher, Launcher::kMpi);
  EXPECT_EQ(slurm.ranks, 2);
  EXPECT_EQ(slurm.local_rank, 0);
}

TEST(Place, IsOneOfAStepOfSlurm) {
  const Place place =
      place_in({{"SLURM_STEP_NUM_TASKS", "8"}, {"SLURM_PROCID", "5"}, {"SLURM_LOCALID", "1"}});
  EXPECT_EQ(place.launcher, Launcher::kSlurm);
  EXPECT_EQ(place.rank, 5);
  EXPECT_EQ(place.ranks, 8);
  EXPECT_EQ(place.local_rank, 1);
}

TEST(Place, IsNotReadFromOtherTexts) {
  EXPECT_EQ(place_in({{"SLURM_STEP_NUM_TASKS", "many"}, {"SLURM_PROCID", "0"}}).launcher,
            Launcher::kNone);
  EXPECT_EQ(place_in({{"OMPI_COMM_WORLD_SIZE", "4x"}, {"PMI_RANK", "-1"}}).ranks, 0);
}

TEST(MpiModule, ThatIsNotThereIsSaid) {
  try {
    load_module("/nowhere/libtwofour_mpi.so");
    ADD_FAILURE() << "loaded";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("TWOFOUR_MPI_MODULE can name it"));
  }
}

}  // namespace
}  // namespace twofour::job
