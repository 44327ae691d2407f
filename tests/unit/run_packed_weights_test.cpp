// Packed weights: packed once, copied, shared by key, freed as one.
#include "run/packed_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <stdexcept>
#include <vector>

#include "support/fake_device.h"

namespace twofour::run {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

class PackedWeightsTest : public ::testing::Test {
 protected:
  /// The copies of `layout`, each byte `byte` where they are packed now.
  const WeightCopies& get(const providers::WeightLayout& layout, int count, unsigned char byte) {
    return weights.get(layout, count, [&](void* packed) {
      ++packs;
      std::memset(packed, byte, layout.bytes);
    });
  }

  static std::vector<unsigned char> bytes(const WeightCopies& copies, int slot) {
    const auto* begin = static_cast<const unsigned char*>(copies[slot].data);
    return {begin, begin + copies.bytes()};
  }

  testing::FakeDevice device;
  PackedWeights weights{device};
  int packs = 0;
};

TEST_F(PackedWeightsTest, TheFirstCopyIsPackedAndTheOthersAreEqual) {
  const WeightCopies& copies = get({.key = "int8", .bytes = 1000, .unit_bytes = 300}, 3, 7);
  EXPECT_EQ(packs, 1);
  std::set<const void*> places;
  for (int slot = 0; slot < 3; ++slot) {
    EXPECT_EQ(bytes(copies, slot), std::vector<unsigned char>(1000, 7));
    EXPECT_EQ(copies[slot].slot, slot);
    places.insert(copies[slot].data);
  }
  EXPECT_THAT(places, SizeIs(3));
  EXPECT_THAT(copies.all(), SizeIs(3));
  EXPECT_EQ(device.live_bytes(), 3000U);
}

TEST_F(PackedWeightsTest, KernelsWithOneKeyShareThem) {
  const WeightCopies& one = get({.key = "int8", .bytes = 64}, 2, 1);
  const WeightCopies& two = get({.key = "int8", .bytes = 64}, 2, 2);
  EXPECT_EQ(&one, &two);
  EXPECT_EQ(packs, 1);
  EXPECT_EQ(device.live_bytes(), 128U);
}

TEST_F(PackedWeightsTest, AnotherKeyHasItsOwnEvenWithTheSameSize) {
  const WeightCopies& one = get({.key = "cuda/i8", .bytes = 64}, 2, 1);
  const WeightCopies& two = get({.key = "cuda/fp8", .bytes = 64}, 2, 2);
  EXPECT_EQ(packs, 2);
  EXPECT_EQ(bytes(one, 1), std::vector<unsigned char>(64, 1)) << "what came first stays";
  EXPECT_EQ(bytes(two, 1), std::vector<unsigned char>(64, 2));
}

TEST_F(PackedWeightsTest, OneKeyForDifferentWeightsIsAnError) {
  get({.key = "int8", .bytes = 64}, 2, 1);
  EXPECT_THROW(get({.key = "int8", .bytes = 65}, 2, 1), std::logic_error);
  EXPECT_THROW(get({.key = "int8", .bytes = 64}, 3, 1), std::logic_error);
}

TEST_F(PackedWeightsTest, AFlushIsOfWhatOneLaunchReads) {
  const WeightCopies& copies = get({.key = "int8", .bytes = 64}, 2, 1);
  for (int slot = 0; slot < 2; ++slot) {
    ASSERT_THAT(copies.ranges(slot, 1), SizeIs(1));
    EXPECT_EQ(copies.ranges(slot, 1)[0].data, copies[slot].data);
    EXPECT_EQ(copies.ranges(slot, 1)[0].bytes, 64U);
  }
}

TEST_F(PackedWeightsTest, AKernelWithoutPackedWeightsTakesNoMemory) {
  const WeightCopies& copies = get({}, 2, 1);
  EXPECT_EQ(packs, 0);
  EXPECT_THAT(copies.all(), SizeIs(2));
  EXPECT_EQ(copies[1].slot, 1);
  EXPECT_THAT(copies.ranges(0, 1), IsEmpty());
  EXPECT_EQ(device.live_bytes(), 0U);
}

TEST_F(PackedWeightsTest, WhatCannotBePackedIsNotKept) {
  const auto failing = [](void*) { throw std::runtime_error("cannot pack"); };
  EXPECT_THROW(weights.get({.key = "int8", .bytes = 64}, 2, failing), std::runtime_error);
  EXPECT_EQ(device.live_bytes(), 0U);
  get({.key = "int8", .bytes = 64}, 2, 1);
  EXPECT_EQ(packs, 1) << "the next kernel packs for itself";
}

}  // namespace
}  // namespace twofour::run
