// Huge pages that buffers leave to one another.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

#include "device/cpu/memory.h"
#include "device/cpu/page_pool.h"

namespace twofour::device::cpu {
namespace {

constexpr std::size_t kPage = kHugePageBytes;

std::size_t plenty() { return std::size_t{1} << 40; }

void fill(const Buffer& buffer, std::uint8_t value) {
  std::fill_n(buffer.as<std::uint8_t>(), buffer.bytes(), value);
}

bool holds(const Buffer& buffer, std::uint8_t value) {
  const auto* data = buffer.as<const std::uint8_t>();
  return std::all_of(data, data + buffer.bytes(), [&](std::uint8_t b) { return b == value; });
}

TEST(PagePool, BuffersAreAlignedToHugePagesAndWritable) {
  PagePool pool(plenty);
  for (const std::size_t bytes : {std::size_t{1}, kPage - 1, kPage, 3 * kPage + 17}) {
    const Buffer buffer = pool.allocate(bytes, 2);
    EXPECT_EQ(buffer.bytes(), bytes);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % kPage, 0u);
    fill(buffer, 7);
    EXPECT_TRUE(holds(buffer, 7));
  }
}

TEST(PagePool, AFreedBufferServesALargerOneAndTwoSmallerOnes) {
  PagePool pool(plenty);
  Buffer first = pool.allocate(4 * kPage, 2);
  EXPECT_EQ(pool.kept_bytes(), 0u);
  first = Buffer{};
  EXPECT_EQ(pool.kept_bytes(), 4 * kPage);

  Buffer larger = pool.allocate(6 * kPage, 2);
  EXPECT_EQ(pool.kept_bytes(), 0u) << "all four pages are part of the larger one";
  fill(larger, 1);
  EXPECT_TRUE(holds(larger, 1));
  larger = Buffer{};
  EXPECT_EQ(pool.kept_bytes(), 6 * kPage);

  const Buffer one = pool.allocate(kPage + 1, 1);
  const Buffer other = pool.allocate(3 * kPage, 1);
  EXPECT_EQ(pool.kept_bytes(), kPage);
  fill(one, 2);
  fill(other, 3);
  EXPECT_TRUE(holds(one, 2));
  EXPECT_TRUE(holds(other, 3));
}

TEST(PagePool, ReservesWhatIsMissing) {
  PagePool pool(plenty);
  pool.reserve(3 * kPage, 2);
  EXPECT_EQ(pool.kept_bytes(), 3 * kPage);
  pool.reserve(2 * kPage, 2);
  EXPECT_EQ(pool.kept_bytes(), 3 * kPage);
  const Buffer buffer = pool.allocate(kPage, 1);
  pool.reserve(5 * kPage, 2);
  EXPECT_EQ(pool.kept_bytes(), 5 * kPage);
}

TEST(PagePool, KeepsWhatIsInUseApart) {
  PagePool pool(plenty);
  std::minstd_rand random(1);
  std::vector<std::pair<Buffer, std::uint8_t>> live;
  for (int step = 0; step < 300; ++step) {
    if (live.size() > 6 || (!live.empty() && random() % 3 == 0)) {
      const std::size_t victim = random() % live.size();
      EXPECT_TRUE(holds(live[victim].first, live[victim].second)) << "step " << step;
      live.erase(live.begin() + static_cast<std::ptrdiff_t>(victim));
    } else {
      const auto value = static_cast<std::uint8_t>(step);
      live.emplace_back(pool.allocate(1 + random() % (4 * kPage), 2), value);
      fill(live.back().first, value);
    }
  }
  for (const auto& [buffer, value] : live) EXPECT_TRUE(holds(buffer, value));
}

TEST(PagePool, GivesPagesBackWhenAskedAndWhenLittleMemoryIsLeft) {
  std::size_t free = plenty();
  PagePool pool([&] { return free; });
  pool.allocate(2 * kPage, 1);  // freed at once
  EXPECT_EQ(pool.kept_bytes(), 2 * kPage);
  pool.release();
  EXPECT_EQ(pool.kept_bytes(), 0u);

  free = 2 * kPage;
  Buffer first = pool.allocate(2 * kPage, 1);
  Buffer second = pool.allocate(kPage, 1);
  first = Buffer{};
  EXPECT_EQ(pool.kept_bytes(), 2 * kPage);
  second = Buffer{};
  EXPECT_EQ(pool.kept_bytes(), 0u) << "three kept pages are more than the two that are free";
}

TEST(PagePool, ABufferOutlivesIt) {
  Buffer buffer;
  {
    PagePool pool(plenty);
    buffer = pool.allocate(kPage, 1);
  }
  fill(buffer, 5);
  EXPECT_TRUE(holds(buffer, 5));
}

TEST(PagePool, SaysWhatItCouldNotHave) {
  PagePool pool(plenty);
  EXPECT_THROW(pool.allocate(std::numeric_limits<std::size_t>::max(), 1), std::runtime_error);
  EXPECT_THROW(pool.allocate(std::size_t{1} << 60, 1), std::runtime_error);
}

}  // namespace
}  // namespace twofour::device::cpu
