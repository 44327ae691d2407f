// Texts and rare values that take little place in a row.
#include "core/shared_text.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "core/boxed.h"

namespace twofour {
namespace {

TEST(SharedText, EqualOnesShareMemory) {
  const std::string long_text(200, 'k');
  const SharedText a(long_text);
  const SharedText b{std::string_view(long_text)};
  EXPECT_EQ(&a.str(), &b.str());
  EXPECT_EQ(a, b);
  EXPECT_NE(a, SharedText("k"));
}

TEST(SharedText, IsReadAsAString) {
  SharedText text = "abc";
  const std::string& whole = text;
  EXPECT_EQ(whole, "abc");
  EXPECT_EQ(text, "abc");
  EXPECT_EQ(text + "d", "abcd");
  EXPECT_EQ(fmt::format("{:>5}", text), "  abc");
  EXPECT_LT(text, SharedText("abd"));
  text.clear();
  EXPECT_TRUE(text.empty());
  EXPECT_EQ(text, SharedText());
}

TEST(SharedText, MayHoldAnyBytes) {
  const std::string bytes("a\0b", 3);
  EXPECT_EQ(SharedText(bytes).size(), 3U);
}

TEST(SharedText, CanBeMadeInAProcessThatWasForkedMeanwhile) {
  // It is there already: a child of several threads must not allocate under AddressSanitizer.
  const SharedText text = "of a child";
  std::atomic<bool> done = false;
  std::thread busy([&] {
    for (int i = 0; !done; ++i) SharedText(std::to_string(i % 1000));
  });
  for (int i = 0; i < 50; ++i) {
    const pid_t child = fork();
    if (child == 0) _exit(SharedText("of a child") == text ? 0 : 1);
    int status = -1;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  done = true;
  busy.join();
}

TEST(Boxed, IsAsAnOptional) {
  Boxed<std::string> box;
  EXPECT_FALSE(box);
  EXPECT_EQ(box.value_or("none"), "none");
  box = std::string("text");
  const Boxed<std::string> copy = box;
  box->push_back('!');
  EXPECT_EQ(*copy, "text") << "copies are deep";
  EXPECT_EQ(*box, "text!");
  EXPECT_NE(box, copy);
  box = std::nullopt;
  EXPECT_FALSE(box.has_value());
  EXPECT_EQ(box, Boxed<std::string>());
  EXPECT_EQ(Boxed<std::string>(std::optional<std::string>("x")).value_or(""), "x");
  EXPECT_EQ(sizeof(box), sizeof(void*));
}

}  // namespace
}  // namespace twofour
