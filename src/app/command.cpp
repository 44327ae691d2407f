#include "app/command.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <utility>

namespace twofour::app {
namespace {

using Commands = std::span<const Command>;
using Texts = std::vector<std::string>;

/// The values of an option that CLI11 found, and how often it was given.
struct Found {
  Texts values;
  CLI::Option* option = nullptr;
};

/// CLI11 splits the command line; all judgement is ours, so that every message names the option,
/// its value and what is allowed. An option that may stand anywhere is one of the program in
/// CLI11's eyes, and any other one of its word's subcommand, which looks for names there first.
class Splitter {
 public:
  explicit Splitter(Commands commands) : commands_(commands) {
    app_.set_help_flag();
    app_.allow_extras();
    app_.fallthrough();
    help_ = app_.add_flag("-h,--help");
    version_ = app_.add_flag("--version");
    words_.reserve(commands.size());
    for (const Command& command : commands) add_command(command);
  }

  CommandLine split(int argc, const char* const* argv);
  bool finds_word(int argc, const char* const* argv);

 private:
  /// What belongs to one word of one command. Its address is CLI11's, so it is kept in a pointer.
  struct Word {
    const Command* command = nullptr;
    std::size_t index = 0;
    CLI::App* app = nullptr;
    std::vector<std::unique_ptr<Found>> own;  ///< of the command's options, null: not after this
    Texts positionals;
  };

  void add_command(const Command& command);
  static std::unique_ptr<Found> add(CLI::App& app, const OptionSpec& spec);
  [[nodiscard]] const Word& the_word() const;
  [[nodiscard]] std::string word_names() const;
  [[nodiscard]] Found* anywhere(std::string_view name) const;
  [[noreturn]] void reject_count(std::string_view message) const;
  [[noreturn]] void reject_unknown(std::string_view argument) const;
  void take_options(const Word& word, CommandLine& line) const;
  static void take_positionals(const Word& word, CommandLine& line);

  Commands commands_;
  CLI::App app_;
  CLI::Option* help_ = nullptr;
  CLI::Option* version_ = nullptr;
  std::vector<std::pair<std::string_view, std::unique_ptr<Found>>> anywhere_;
  std::vector<std::unique_ptr<Word>> words_;
};

std::unique_ptr<Found> Splitter::add(CLI::App& app, const OptionSpec& spec) {
  auto found = std::make_unique<Found>();
  const std::string name(spec.name);
  if (spec.arity == Arity::kFlag) {
    found->option = app.add_flag(name)->disable_flag_override();
  } else {
    found->option = app.add_option(name, found->values);
    if (spec.arity == Arity::kOne) found->option->allow_extra_args(false);
  }
  return found;
}

void Splitter::add_command(const Command& command) {
  for (const OptionSpec& spec : command.options) {
    if (spec.words == kAnywhere && anywhere(spec.name) == nullptr) {
      anywhere_.emplace_back(spec.name, add(app_, spec));
    }
  }
  for (std::size_t i = 0; i < command.words.size(); ++i) {
    auto word = std::make_unique<Word>();
    word->command = &command;
    word->index = i;
    word->app = app_.add_subcommand(std::string(command.words[i].name));
    for (const OptionSpec& spec : command.options) {
      const bool own = spec.words != kAnywhere && (spec.words >> i & 1U) != 0;
      word->own.push_back(own ? add(*word->app, spec) : nullptr);
    }
    if (!command.positionals.names.empty()) {
      word->app->add_option("positionals", word->positionals);
    }
    words_.push_back(std::move(word));
  }
}

Found* Splitter::anywhere(std::string_view name) const {
  const auto found = std::find_if(anywhere_.begin(), anywhere_.end(),
                                  [&](const auto& option) { return option.first == name; });
  return found == anywhere_.end() ? nullptr : found->second.get();
}

std::string Splitter::word_names() const {
  std::vector<std::string_view> names;
  for (const auto& word : words_) names.push_back(word->command->words[word->index].name);
  return fmt::format("{}", fmt::join(names, ", "));
}

[[noreturn]] void reject_missing_value(const OptionSpec& spec) {
  throw UsageError(fmt::format("{}: has no value; it takes {}", spec.name, spec.allowed));
}

/// CLI11 judges only the count of values; its messages begin with the option's name, which has no
/// dashes where the option is a flag.
void Splitter::reject_count(std::string_view message) const {
  std::string name(message.substr(0, message.find_first_of(": ")));
  name.erase(0, name.find_first_not_of('-'));
  name.insert(0, "--");
  const auto search = [&](const Command& command) {
    for (const OptionSpec& spec : command.options) {
      if (spec.name == name && spec.arity != Arity::kFlag) reject_missing_value(spec);
    }
  };
  for (const auto& word : words_) {
    if (word->app->parsed()) search(*word->command);
  }
  for (const Command& command : commands_) search(command);
  throw UsageError(fmt::format("{}: takes no value", name));
}

std::string names_of(const Command& command, WordSet words) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < command.words.size(); ++i) {
    if ((words >> i & 1U) != 0) names.push_back(command.words[i].name);
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

/// Number of single-character edits from one word to the other.
std::size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  for (std::size_t j = 0; j <= to.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= from.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const std::size_t replaced = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[to.size()];
}

[[noreturn]] void reject_before_word(std::string_view name, std::string_view words) {
  throw UsageError(fmt::format("{}: is an option of {}, to be given after the mode", name, words));
}

/// For an option that may stand anywhere, but is another command's.
[[noreturn]] void reject_foreign(std::string_view name, const Command& command) {
  for (const OptionSpec& spec : command.options) {
    if (spec.name == name) reject_before_word(name, names_of(command, spec.words));
  }
  throw UsageError(fmt::format("{}: is not an option of {}", name, names_of(command, kAnywhere)));
}

void Splitter::reject_unknown(std::string_view argument) const {
  const std::string_view name = argument.substr(0, argument.find('='));
  const OptionSpec* nearest = nullptr;
  std::size_t distance = 3;  // further away is another word, not a slip
  for (const Command& command : commands_) {
    for (const OptionSpec& spec : command.options) {
      if (spec.name == name) reject_before_word(name, names_of(command, spec.words));
      if (const auto edits = edit_distance(name, spec.name); edits < distance) {
        distance = edits;
        nearest = &spec;
      }
    }
  }
  throw UsageError(nearest != nullptr
                       ? fmt::format("{}: is not an option; did you mean {}?", name, nearest->name)
                       : fmt::format("{}: is not an option", name));
}

const Splitter::Word& Splitter::the_word() const {
  std::vector<const Word*> given;
  for (const auto& word : words_) {
    if (word->app->parsed()) given.push_back(word.get());
  }
  const auto name = [](const Word* word) { return word->command->words[word->index].name; };
  const bool takes_positionals =
      !given.empty() && !given.front()->command->positionals.names.empty();
  Texts unknown = app_.remaining(true);
  if (takes_positionals) std::erase(unknown, "--");  // all after it is positional, as it should
  if (!unknown.empty()) {
    const std::string& first = unknown.front();
    if (first.starts_with('-') && first.size() > 1) reject_unknown(first);
    if (given.empty()) {
      throw UsageError(fmt::format("MODE: '{}' is not one of {}", first, word_names()));
    }
    if (takes_positionals) {
      throw UsageError(fmt::format("'{}': unexpected before {}; give {} after it", first,
                                   name(given.front()), given.front()->command->positionals.names));
    }
    throw UsageError(fmt::format("'{}': unexpected after mode {}; give lists as --option A B",
                                 first, name(given.front())));
  }
  if (given.empty()) {
    throw UsageError(fmt::format("MODE: is missing; give one of {}", word_names()));
  }
  if (given.size() > 1) {
    throw UsageError(fmt::format("MODE: {} and {} are given; give one of {}", name(given[0]),
                                 name(given[1]), word_names()));
  }
  return *given.front();
}

void check_values(const OptionSpec& spec, const Texts& values) {
  if (spec.arity == Arity::kOne && values.size() > 1) {
    throw UsageError(fmt::format("{}: is given {} times, as '{}'; give it once", spec.name,
                                 values.size(), fmt::join(values, "' and '")));
  }
  for (const std::string& value : values) {
    if (value.starts_with("--")) reject_missing_value(spec);
  }
}

void Splitter::take_options(const Word& word, CommandLine& line) const {
  const std::vector<OptionSpec>& options = word.command->options;
  for (std::size_t i = 0; i < options.size(); ++i) {
    const OptionSpec& spec = options[i];
    const Found* found = spec.words == kAnywhere ? anywhere(spec.name) : word.own[i].get();
    if (found == nullptr) continue;  // an option of the command's other words
    if (found->option->count() > 0) {
      check_values(spec, found->values);
      line.options.push_back({spec.name, found->values});
    } else if ((spec.required_by >> word.index & 1U) != 0) {
      throw UsageError(fmt::format("{}: is missing; mode {} needs {}", spec.name,
                                   word.command->words[word.index].name, spec.allowed));
    }
  }
  for (const auto& option : anywhere_) {
    if (option.second->option->count() == 0) continue;
    const std::string_view name = option.first;
    const auto own = std::find_if(options.begin(), options.end(), [&](const OptionSpec& spec) {
      return spec.name == name && spec.words == kAnywhere;
    });
    if (own == options.end()) reject_foreign(name, *word.command);
  }
}

void Splitter::take_positionals(const Word& word, CommandLine& line) {
  const Positionals& wanted = word.command->positionals;
  const std::string_view name = word.command->words[word.index].name;
  const std::size_t count = word.positionals.size();
  if (count > wanted.most) {
    throw UsageError(fmt::format("'{}': unexpected after {} {}; it takes {}",
                                 word.positionals[wanted.most], name, wanted.names,
                                 wanted.allowed));
  }
  if (count < wanted.least) {
    throw UsageError(
        count == 0 ? fmt::format("{}: is missing; {} takes {}", wanted.names, name, wanted.allowed)
                   : fmt::format("{}: only '{}' is given; {} takes {}", wanted.names,
                                 fmt::join(word.positionals, "' and '"), name, wanted.allowed));
  }
  line.positionals = word.positionals;
}

bool Splitter::finds_word(int argc, const char* const* argv) {
  try {
    app_.parse(argc, argv);
  } catch (const CLI::ParseError&) {
    return true;
  }
  return help_->count() > 0 || version_->count() > 0 ||
         std::any_of(words_.begin(), words_.end(),
                     [](const auto& word) { return word->app->parsed(); });
}

CommandLine Splitter::split(int argc, const char* const* argv) {
  try {
    app_.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    reject_count(error.what());
  }
  CommandLine line{.help = help_->count() > 0, .version = version_->count() > 0};
  line.arguments.assign(argv + std::min(argc, 1), argv + argc);
  if (line.help || line.version) return line;
  const Word& word = the_word();
  line.command = word.command;
  line.word = word.index;
  take_options(word, line);
  take_positionals(word, line);
  return line;
}

}  // namespace

CommandLine parse_command_line(int argc, const char* const* argv, Commands commands) {
  return Splitter(commands).split(argc, argv);
}

bool names_command(std::span<const std::string> arguments, Commands commands) {
  std::vector<const char*> argv{"twofour"};
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  return Splitter(commands).finds_word(static_cast<int>(argv.size()), argv.data());
}

void reject(const OptionSpec& option, std::string_view value) {
  throw UsageError(fmt::format("{}: '{}' is not {}", option.name, value, option.allowed));
}

}  // namespace twofour::app
