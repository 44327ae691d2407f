#include "app/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "app/commands.h"
#include "app/model_files.h"
#include "app/option_names.h"
#include "app/options_table.h"
#include "report/formats.h"

namespace twofour::app {

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

CommandLine parse(const std::vector<const char*>& arguments) {
  std::vector<const char*> argv{"twofour"};
  for (const char* argument : arguments) argv.push_back(argument);
  return parse_command_line(static_cast<int>(argv.size()), argv.data(), commands());
}

BenchOptions options(const std::vector<const char*>& arguments) {
  return bench_options(parse(arguments));
}

TEST(Options, TheExamplesOfSparseBenchmarksMeanTheSame) {
  const BenchOptions square = options({"--dtype", "int8", "square_bench", "--dim-start", "128",
                                       "--dim-end", "512", "--dim-increment", "64"});
  EXPECT_EQ(square.mode, BenchMode::kSquare);
  EXPECT_EQ(square.dtype, DataType::kInt8);
  const auto cases = make_cases(square);
  ASSERT_EQ(cases.size(), 7U);
  EXPECT_EQ(cases.back().shape, (GemmShape{512, 512, 512}));

  const BenchOptions range =
      options({"--dtype", "fp8", "range_bench", "--dim-start", "128", "--dim-end", "512",
               "--dim-increment", "64", "--n-constant", "16384", "--k-constant", "8192"});
  const auto swept = make_cases(range);
  ASSERT_EQ(swept.size(), 6U);
  EXPECT_EQ(swept.front().shape, (GemmShape{.m = 128, .n = 16384, .k = 8192}));
  EXPECT_EQ(swept.back().shape, (GemmShape{.m = 448, .n = 16384, .k = 8192}));

  const BenchOptions model =
      options({"--dtype", "fp8", "model_bench", "--models", "meta-llama/Llama-2-7b-hf",
               "mistralai/Mistral-7B-v0.1", "--batch-sizes", "16", "32", "--tp-sizes", "1", "2"});
  EXPECT_THAT(model.models, ElementsAre("meta-llama/Llama-2-7b-hf", "mistralai/Mistral-7B-v0.1"));
  EXPECT_EQ(make_cases(model).size(), 2U * 2U * 2U * 4U);
}

TEST(Options, TheDefaultModelRunIsThatOfSparseBenchmarks) {
  const auto cases = make_cases(options({"--dtype", "fp8", "model_bench"}));
  EXPECT_EQ(cases.size(), 140U);
  EXPECT_EQ(cases.front().model, "mistralai/Mistral-7B-v0.1");
  EXPECT_EQ(cases.front().layer, "qkv");
  EXPECT_EQ(cases.front().shape, (GemmShape{.m = 1, .n = 6144, .k = 4096}));
}

TEST(Options, OptionsMeanTheSameBeforeAndAfterTheMode) {
  const BenchOptions before = options({"--dtype", "bf16", "--cache", "both", "--threads", "3",
                                       "--providers", "cpu", "onednn", "model_bench"});
  const BenchOptions after = options({"model_bench", "--providers", "cpu,onednn", "--threads=3",
                                      "--cache", "both", "--dtype", "bf16"});
  for (const BenchOptions& o : {before, after}) {
    EXPECT_EQ(o.mode, BenchMode::kModel);
    EXPECT_EQ(o.dtype, DataType::kBf16);
    EXPECT_THAT(o.caches, ElementsAre(CacheMode::kCold, CacheMode::kHot));
    EXPECT_EQ(o.threads, 3);
    EXPECT_THAT(o.providers, ElementsAre("cpu", "onednn"));
  }
}

TEST(Options, ListsTakeSpacesAndCommas) {
  const BenchOptions o = options({"model_bench", "--dtype", "int8", "--batch-sizes", "1,16", "32"});
  EXPECT_THAT(o.batch_sizes, ElementsAre(1, 16, 32));
}

TEST(Options, EveryValueArrives) {
  const std::string directory = ::testing::TempDir();
  const BenchOptions o = options({"--device",       "cuda:3",
                                  "--kernels",      "sparse.*bias$",
                                  "--scales",       "token-channel",
                                  "--seed",         "18446744073709551615",
                                  "--precision",    "0.02",
                                  "--max-time",     "2.5",
                                  "--case-timeout", "0",
                                  "--output-dir",   directory.c_str(),
                                  "--format",       "jsonl",
                                  "--dry-run",      "--quiet",
                                  "--dtype",        "fp16",
                                  "model_bench"});
  EXPECT_EQ(o.dtype, DataType::kFp16);
  EXPECT_EQ(o.device.kind, DeviceKind::kCuda);
  EXPECT_EQ(o.device.ordinal, 3);
  EXPECT_EQ(o.kernels, "sparse.*bias$");
  EXPECT_EQ(to_string(o.scales), "token-channel");
  EXPECT_EQ(o.seed, ~std::uint64_t{0});
  EXPECT_EQ(o.precision, 0.02);
  EXPECT_EQ(o.max_time_s, 2.5);
  EXPECT_EQ(o.case_timeout_s, 0);
  EXPECT_EQ(o.output_dir, directory);
  EXPECT_EQ(o.format->name, "jsonl");
  EXPECT_TRUE(o.dry_run);
  EXPECT_TRUE(o.quiet);
}

TEST(Options, AModelsFileAddsAndReplaces) {
  const std::string file = ::testing::TempDir() + "own_models.json";
  std::ofstream(file) << R"({"models": [
    {"name": "mine", "source": "a test", "layers": [{"name": "only", "k": 8, "n": 16, "split": "n"}]},
    {"name": "meta-llama/Llama-3-8b", "source": "a test", "in_default_run": false,
     "layers": [{"name": "qkv", "k": 4, "n": 4, "split": "k"}]}]})";
  const BenchOptions o = options({"model_bench", "--dtype", "int8", "--models-file", file.c_str()});
  EXPECT_THAT(o.models, ElementsAre("mine"));
  EXPECT_EQ(make_cases(o).size(), 7U);
  const BenchOptions named = options({"model_bench", "--models", "meta-llama/Llama-3-8b", "--dtype",
                                      "int8", "--models-file", file.c_str(), "--batch-sizes", "2"});
  const auto cases = make_cases(named);
  ASSERT_EQ(cases.size(), 1U);
  EXPECT_EQ(cases[0].shape, (GemmShape{.m = 2, .n = 4, .k = 4}));
}

TEST(Options, AConfigurationRunsInPlaceOfTheDefaultModels) {
  const std::string file = ::testing::TempDir() + "own_config.json";
  std::ofstream(file) << R"({"model_type": "llama", "hidden_size": 16, "num_hidden_layers": 3,
      "intermediate_size": 40, "num_attention_heads": 4, "vocab_size": 100})";
  const BenchOptions o = options(
      {"model_bench", "--dtype", "int8", "--model-config", file.c_str(), "--batch-sizes", "2"});
  EXPECT_THAT(o.models, ElementsAre("own_config"));
  const auto cases = make_cases(o);
  ASSERT_EQ(cases.size(), 4U);
  EXPECT_EQ(cases[0].shape, (GemmShape{.m = 2, .n = 48, .k = 16}));
  EXPECT_EQ(cases[0].calls, 3);
  EXPECT_THAT(plans_text(o), HasSubstr("own_config: "));
  EXPECT_TRUE(cases_are_of_files(o));
  auto changed = cases;
  changed[0].calls = 4;
  EXPECT_EQ(fingerprint({}, cases).size(), 16U);
  EXPECT_NE(fingerprint({}, cases), fingerprint({}, changed));
  const BenchOptions unfused = options({"model_bench", "--dtype", "int8", "--unfused",
                                        "--model-config", file.c_str(), "--batch-sizes", "2"});
  EXPECT_EQ(make_cases(unfused).size(), 7U);
  const BenchOptions beside = options({"model_bench", "--dtype", "int8", "--model-config",
                                       file.c_str(), "--models", "own_config", "Qwen/Qwen3-8B"});
  EXPECT_THAT(beside.models, ElementsAre("own_config", "Qwen/Qwen3-8B"));
}

TEST(Options, AConfigurationWithoutALayerThatIsUnderstoodIsRefused) {
  const std::string file = ::testing::TempDir() + "no_config.json";
  std::ofstream(file) << R"({"hidden_size": 16, "num_hidden_layers": 3, "vocab_size": 100})";
  try {
    options({"model_bench", "--dtype", "int8", "--model-config", file.c_str()});
    FAIL() << "accepted";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("no layer is understood: "));
    EXPECT_THAT(error.what(), HasSubstr("num_attention_heads is missing"));
  }
}

TEST(ReproPrefix, NamesWhatIsNotDefaultAndMatters) {
  EXPECT_EQ(repro_prefix(options({"--dtype", "int8", "model_bench"})), "twofour --dtype int8");
  const BenchOptions o = options(
      {"--dtype",   "fp8",        "--device", "cpu",        "--providers", "cpu",    "onednn",
       "--kernels", "a|b's",      "--scales", "channel",    "--cache",     "hot",    "--precision",
       "0.1",       "--max-time", "3",        "--threads",  "2",           "--seed", "7",
       "--format",  "csv",        "--quiet",  "model_bench"});
  EXPECT_EQ(repro_prefix(o),
            "twofour --dtype fp8 --device cpu --providers cpu,onednn --kernels 'a|b'\\''s' "
            "--scales channel --cache hot --precision 0.1 --max-time 3 --threads 2 --seed 7");
}

TEST(ReproPrefix, ReadsBackAsTheSameOptions) {
  const BenchOptions o = options({"model_bench", "--dtype", "fp16", "--device", "cuda:1",
                                  "--providers", "cpu", "--cache", "both", "--precision", "0.003"});
  EXPECT_EQ(repro_prefix(o),
            "twofour --dtype fp16 --device cuda:1 --providers cpu --cache both --precision 0.003");
  const BenchOptions again =
      options({"--dtype", "fp16", "--device", "cuda:1", "--providers", "cpu", "--cache", "both",
               "--precision", "0.003", "range_bench", "--dim-start", "1", "--dim-end", "2",
               "--dim-increment", "1", "--m-constant", "5"});
  EXPECT_EQ(repro_prefix(again), repro_prefix(o));
}

TEST(Options, FormatNamesEveryFormatThatStdoutTakes) {
  for (const BenchOptionRow& row : bench_option_rows()) {
    if (row.name == option::kFormat) {
      EXPECT_EQ(row.allowed, "one of " + report::stdout_format_names());
    }
  }
}

TEST(ReproLine, MeasuresAShapeAlone) {
  const auto line = repro_lines(options({"--dtype", "int8", "--seed", "3", "model_bench"}));
  const workload::Case one{.shape = {.m = 4, .n = 8, .k = 16}};
  EXPECT_EQ(line(one),
            "twofour --dtype int8 --seed 3 range_bench --dim-start 1 --dim-end 2 --dim-increment 1 "
            "--m-constant 4 --k-constant 16 --n-constant 8");
}

// No shape tells that a launch has several GEMMs, nor what stored weights are.
TEST(ReproLine, OfAllExpertsMeasuresTheModelAtThatSize) {
  const auto line = repro_lines(options({"--dtype", "fp8", "model_bench"}));
  const workload::Case all{.shape = {.m = 3, .n = 8, .k = 16},
                           .model = "some/model",
                           .layer = "expert_up_all_experts",
                           .tensor_parallel = 2,
                           .tokens = 64,
                           .experts = 222};
  EXPECT_EQ(line(all),
            "twofour --dtype fp8 model_bench --models some/model --batch-sizes 64 --tp-sizes 2");
}

TEST(Options, ListTakesThoseThatMayStandAnywhere) {
  const CommandLine line = parse({"--providers", "cpu", "list", "--dtype", "fp8", "--threads=3"});
  EXPECT_EQ(line.command, &commands()[1]);
  const BenchOptions o = apply_options(line);
  EXPECT_THAT(o.providers, ElementsAre("cpu"));
  EXPECT_EQ(o.threads, 3);
}

TEST(Options, HelpAndVersionEndWellWhereverTheyStand) {
  for (const auto& line : std::vector<std::vector<const char*>>{
           {"--help"}, {"-h"}, {"square_bench", "--help"}, {"--dtype", "int4", "--help"}}) {
    EXPECT_TRUE(parse(line).help);
  }
  EXPECT_TRUE(parse({"--version"}).version);
  EXPECT_FALSE(parse({"--version"}).help);
}

TEST(Options, HelpSaysWhichEndsAreExclusive) {
  EXPECT_THAT(help_text(commands()), HasSubstr("up to E, the end inclusive"));
  EXPECT_THAT(help_text(commands()), HasSubstr("up to E, the end exclusive"));
}

// Whatever is typed, the answer is options that hold together or one clear refusal.
TEST(Options, NoSequenceOfWordsEscapes) {
  std::vector<std::string> words{"",       "-",
                                 "--",     "-1",
                                 "0",      "7",
                                 "1e400",  "a,",
                                 ",,",     "=",
                                 "--=",    "--x=",
                                 "-dtype", "int8",
                                 "é",      "cpu",
                                 "all",    "\n",
                                 "9",      "cold",
                                 "(",      "meta-llama/Llama-3-8b"};
  for (const Command& command : commands()) {
    for (const CommandWord& word : command.words) words.emplace_back(word.name);
  }
  for (const OptionSpec& row : bench_option_rows()) {
    words.emplace_back(row.name);
    words.push_back(std::string(row.name) + "=16");
  }
  std::mt19937 random(1);
  int accepted = 0;
  for (int i = 0; i < 6000; ++i) {
    std::vector<const char*> line;
    // Half of them begin well, so that they get further.
    if (i % 2 == 0) line = {"--dtype", "int8", "model_bench"};
    for (auto length = random() % 7; length > 0; --length) {
      line.push_back(words[random() % words.size()].c_str());
    }
    try {
      const CommandLine read = parse(line);
      if (read.help || read.version) continue;
      const std::string_view word = read.command->words.front().name;
      if (word == "list") {
        apply_options(read);
      } else if (word == to_string(BenchMode::kSquare)) {
        const BenchOptions o = bench_options(read);
        ASSERT_FALSE(make_cases(o).empty());
        ASSERT_THAT(repro_prefix(o), ::testing::StartsWith("twofour --dtype "));
      }
      ++accepted;
    } catch (const UsageError& error) {
      ASSERT_STRNE(error.what(), "");
    }
  }
  EXPECT_GT(accepted, 100);
}

}  // namespace
}  // namespace twofour::app
