// Wrong command lines and what the program says to each: shared by the unit test of the parser and
// by the test that starts the program.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "core/data_type.h"

namespace twofour {

struct CliError {
  std::vector<std::string> arguments;
  std::string message;  ///< without "twofour: " and the hint that follows
};

inline std::ostream& operator<<(std::ostream& out, const CliError& error) {
  for (const std::string& argument : error.arguments) out << argument << ' ';
  return out;
}

/// What --dtype takes: "one of int8, fp8".
inline std::string one_of_types() {
  std::string text;
  for (const DataTypeInfo& type : kDataTypes) {
    if (type.operand) text.append(text.empty() ? "one of " : ", ").append(type.cli_name);
  }
  return text;
}

inline const std::vector<CliError> kCliErrors{
    // The mode.
    {{},
     "MODE: is missing; give one of square_bench, range_bench, model_bench, list, report, compare"},
    {{"--dtype", "int8"},
     "MODE: is missing; give one of square_bench, range_bench, model_bench, list, report, compare"},
    {{"--dtype", "int8", "cube_bench"},
     "MODE: 'cube_bench' is not one of square_bench, range_bench, model_bench, list, report, "
     "compare"},
    {{"list", "model_bench"},
     "MODE: model_bench and list are given; give one of square_bench, range_bench, model_bench, "
     "list, report, compare"},
    {{"list", "everything"},
     "'everything': unexpected after mode list; give lists as --option A B"},
    // Files.
    {{"report"}, "FILE.jsonl...: is missing; report takes result files, one or more"},
    {{"report", "a.jsonl", "--output"}, "--output: has no value; it takes a file to write"},
    {{"--dtype", "int8", "report", "a.jsonl"}, "--dtype: is not an option of report"},
    // Options as such.
    {{"--dtype", "int8", "model_bench", "--batch-size", "1"},
     "--batch-size: is not an option; did you mean --batch-sizes?"},
    {{"--frobnicate", "list"}, "--frobnicate: is not an option"},
    {{"-x", "list"}, "-x: is not an option"},
    {{"--dtype", "int8", "--m-constant", "16", "range_bench"},
     "--m-constant: is an option of range_bench, to be given after the mode"},
    {{"--dtype", "int8", "square_bench", "--m-constant=16"},
     "--m-constant: is an option of range_bench, to be given after the mode"},
    {{"--dtype", "int8", "--dim-start", "16"},
     "--dim-start: is an option of square_bench, range_bench, to be given after the mode"},
    {{"--quiet=3", "list"}, "--quiet: takes no value"},
    // --dtype.
    {{"model_bench"}, "--dtype: is missing; mode model_bench needs " + one_of_types()},
    {{"--dtype", "int4", "model_bench"}, "--dtype: 'int4' is not " + one_of_types()},
    {{"--dtype", "fp32", "model_bench"}, "--dtype: 'fp32' is not " + one_of_types()},
    {{"model_bench", "--dtype"}, "--dtype: has no value; it takes " + one_of_types()},
    {{"model_bench", "--dtype", "--quiet"}, "--dtype: has no value; it takes " + one_of_types()},
    {{"--dtype", "int8", "model_bench", "--dtype", "fp8"},
     "--dtype: is given 2 times, as 'int8' and 'fp8'; give it once"},
    // Sweeps.
    {{"--dtype", "int8", "square_bench", "--dim-start", "1", "--dim-end", "2"},
     "--dim-increment: is missing; mode square_bench needs a whole number from 1 to 268435456"},
    {{"--dtype", "int8", "square_bench", "--dim-start", "0", "--dim-end", "2", "--dim-increment",
      "1"},
     "--dim-start: '0' is not a whole number from 1 to 268435456"},
    {{"--dtype", "int8", "square_bench", "--dim-start", "16x", "--dim-end", "2", "--dim-increment",
      "1"},
     "--dim-start: '16x' is not a whole number from 1 to 268435456"},
    {{"--dtype", "int8", "square_bench", "--dim-start", "1", "--dim-end", "268435457",
      "--dim-increment", "1"},
     "--dim-end: '268435457' is not a whole number from 1 to 268435456"},
    {{"--dtype", "int8", "square_bench", "--dim-start", "1", "--dim-end", "2", "--dim-increment",
      "-1"},
     "--dim-increment: '-1' is not a whole number from 1 to 268435456"},
    {{"--dtype", "int8", "square_bench", "--dim-start", "64", "--dim-end", "32", "--dim-increment",
      "1"},
     "--dim-end: '32' is not a whole number of at least --dim-start 64"},
    {{"--dtype", "int8", "range_bench", "--dim-start", "64", "--dim-end", "64", "--dim-increment",
      "1"},
     "--dim-end: '64' is not a whole number above --dim-start 64 (range_bench excludes the end)"},
    {{"--dtype", "int8", "range_bench", "--dim-start", "1", "--dim-end", "9", "--dim-increment",
      "1", "--k-constant", "1e3"},
     "--k-constant: '1e3' is not a whole number from 1 to 268435456"},
    {{"--dtype", "int8", "range_bench", "--dim-start", "1", "--dim-end", "9", "--dim-increment",
      "1", "--n-constant", "99999999999999999999"},
     "--n-constant: '99999999999999999999' is not a whole number from 1 to 268435456"},
    {{"--dtype", "int8", "square_bench", "--dim-start", "1", "--dim-end", "200000",
      "--dim-increment", "1"},
     "MODE: square_bench has 200000 cases; at most 100000 are allowed"},
    // Models.
    {{"--dtype", "int8", "model_bench", "--models", "gpt-2"},
     "--models: 'gpt-2' is not one of mistralai/Mistral-7B-v0.1, meta-llama/Llama-2-7b-hf, "
     "meta-llama/Llama-3-8b, meta-llama/Llama-2-13b-hf, meta-llama/Llama-2-70b-hf, "
     "meta-llama/Llama-3.1-8B, meta-llama/Llama-3.1-70B, Qwen/Qwen2.5-7B, Qwen/Qwen2.5-14B, "
     "Qwen/Qwen2.5-32B, Qwen/Qwen2.5-72B, mistralai/Mixtral-8x7B-v0.1, "
     "meta-llama/Llama-3.1-405B, Qwen/Qwen3-8B, Qwen/Qwen3-32B, "
     "mistralai/Mistral-Large-Instruct-2407, Qwen/Qwen3-30B-A3B, openai/gpt-oss-120b, "
     "deepseek-ai/DeepSeek-V3"},
    {{"--dtype", "int8", "model_bench", "--model-config", "/nonexistent/config.json"},
     "--model-config: /nonexistent/config.json: cannot be read: No such file or directory"},
    {{"--dtype", "int8", "model_bench", "--model-dir", "/nonexistent"},
     "--model-dir: /nonexistent/config.json: cannot be read: No such file or directory"},
    {{"--dtype", "int8", "model_bench", "--unfused"},
     "--unfused: is given without --model-config FILE or --model-dir DIR"},
    {{"--dtype", "int8", "model_bench", "--activations", "x.safetensors"},
     "--activations: is given without --weights DIR"},
    {{"--dtype", "int8", "model_bench", "--weights-layer", "1"},
     "--weights-layer: is given without --weights DIR"},
    {{"--dtype", "int8", "model_bench", "--weights-layer", "-1"},
     "--weights-layer: '-1' is not a whole number from 0 to 268435456"},
    {{"--dtype", "int8", "model_bench", "--weights", "no/such"},
     "--weights: no/such/config.json: cannot be read: No such file or directory"},
    {{"--dtype", "int8", "model_bench", "--models", "Qwen/Qwen2.5-7B", "Qwen/Qwen2.5-7B"},
     "--models: 'Qwen/Qwen2.5-7B' is given twice"},
    {{"--dtype", "int8", "model_bench", "--models"},
     "--models: has no value; it takes the name of a model"},
    {{"--dtype", "int8", "model_bench", "--batch-sizes", "16", "0"},
     "--batch-sizes: '0' is not a whole number from 1 to 268435456"},
    {{"--dtype", "int8", "model_bench", "--batch-sizes", "16,16"},
     "--batch-sizes: '16' is given twice"},
    {{"--dtype", "int8", "model_bench", "--batch-sizes", "16,"},
     "--batch-sizes: '' is not a whole number from 1 to 268435456"},
    {{"--dtype", "int8", "model_bench", "--tp-sizes", "1025"},
     "--tp-sizes: '1025' is not a whole number from 1 to 1024"},
    {{"--models-file", "/nonexistent/models.json", "list"},
     "--models-file: /nonexistent/models.json: cannot be read: No such file or directory"},
    // Selection.
    {{"--device", "tpu", "list"},
     "--device: 'tpu' is not auto, cpu, cpu:nodeN, cpu:LIST as in 0-7,16-23, cuda, cuda:N or "
     "cuda:UUID; or several devices: all (GPUs), cuda:N,N,..., cpu:LIST+LIST+..., cpu:all"},
    {{"--device", "cpu:0+all", "list"},
     "--device: 'cpu:0+all' is not auto, cpu, cpu:nodeN, cpu:LIST as in 0-7,16-23, cuda, cuda:N or "
     "cuda:UUID; or several devices: all (GPUs), cuda:N,N,..., cpu:LIST+LIST+..., cpu:all"},
    {{"--device", "cpu:3-1", "list"},
     "--device: 'cpu:3-1' is not auto, cpu, cpu:nodeN, cpu:LIST as in 0-7,16-23, cuda, cuda:N or "
     "cuda:UUID; or several devices: all (GPUs), cuda:N,N,..., cpu:LIST+LIST+..., cpu:all"},
    {{"--device", "cpu:0-3+2", "list"},
     "--device: 'cpu:0-3+2' has processor 2 in two devices; each in one"},
    {{"--device", "cuda:0,2,0", "list"},
     "--device: 'cuda:0,2,0' names cuda:0 twice; each device once"},
    {{"--spread", "both", "list"}, "--spread: 'both' is not one of split, replicate"},
    {{"--shard", "0/3", "list"},
     "--shard: '0/3' is not I/N: whole numbers, I from 1 to N, N at most 1000000"},
    {{"--shard", "4/3", "list"},
     "--shard: '4/3' is not I/N: whole numbers, I from 1 to N, N at most 1000000"},
    {{"--shard", "2", "list"},
     "--shard: '2' is not I/N: whole numbers, I from 1 to N, N at most 1000000"},
    {{"--shard", "/", "list"},
     "--shard: '/' is not I/N: whole numbers, I from 1 to N, N at most 1000000"},
    {{"--device", "cuda:x", "list"},
     "--device: 'cuda:x' is not auto, cpu, cpu:nodeN, cpu:LIST as in 0-7,16-23, cuda, cuda:N or "
     "cuda:UUID; or several devices: all (GPUs), cuda:N,N,..., cpu:LIST+LIST+..., cpu:all"},
    {{"--device", "cuda:-1", "list"},
     "--device: 'cuda:-1' is not auto, cpu, cpu:nodeN, cpu:LIST as in 0-7,16-23, cuda, cuda:N or "
     "cuda:UUID; or several devices: all (GPUs), cuda:N,N,..., cpu:LIST+LIST+..., cpu:all"},
    {{"--providers", "cpu", "cpu", "list"}, "--providers: 'cpu' is given twice"},
    {{"--kernels", "a(b", "list"},
     "--kernels: 'a(b' is not a regular expression: Mismatched '(' and ')' in regular expression"},
    {{"--kernels", "", "list"}, "--kernels: '' is not a regular expression of 1 to 500 characters"},
    {{"--scales", "none", "list"},
     "--scales: 'none' is not one of tensor, token, channel, token-channel"},
    {{"--scales", "row", "list"},
     "--scales: 'row' is not one of tensor, token, channel, token-channel"},
    // Measurement.
    {{"--cache", "warm", "list"}, "--cache: 'warm' is not one of cold, hot, both"},
    {{"--precision", "2", "list"}, "--precision: '2' is not a number above 0 and below 1"},
    {{"--precision", "0", "list"}, "--precision: '0' is not a number above 0 and below 1"},
    {{"--precision", "nan", "list"}, "--precision: 'nan' is not a number above 0 and below 1"},
    {{"--precision", "1%", "list"}, "--precision: '1%' is not a number above 0 and below 1"},
    {{"--max-time", "0", "list"},
     "--max-time: '0' is not a number of seconds above 0 and below 1000000"},
    {{"--max-time", "inf", "list"},
     "--max-time: 'inf' is not a number of seconds above 0 and below 1000000"},
    {{"--case-timeout", "-1", "list"},
     "--case-timeout: '-1' is not a number of seconds from 0 to 1000000"},
    {{"--threads", "1.5", "list"}, "--threads: '1.5' is not a whole number from 0 to 4096"},
    {{"--threads", "4097", "list"}, "--threads: '4097' is not a whole number from 0 to 4096"},
    {{"--seed", "-1", "list"}, "--seed: '-1' is not a whole number from 0 to 18446744073709551615"},
    {{"--seed", "18446744073709551616", "list"},
     "--seed: '18446744073709551616' is not a whole number from 0 to 18446744073709551615"},
    // Output.
    {{"--output-dir", "/dev/null", "list"},
     "--output-dir: '/dev/null' is not a directory, or a path where one can be made"},
    {{"--output-dir", "", "list"},
     "--output-dir: '' is not a directory, or a path where one can be made"},
    {{"--output-dir", "--quiet", "list"},
     "--output-dir: has no value; it takes a directory, or a path where one can be made"},
    {{"--format", "html", "list"}, "--format: 'html' is not one of table, md, csv, jsonl"},
    {{"--html", "", "list"},
     "--html: '' is not a file to write, in a directory that exists, and no .jsonl"},
    {{"--html", "/nonexistent/page.html", "list"},
     "--html: '/nonexistent/page.html' is not a file to write, in a directory that exists, and no "
     ".jsonl"},
    {{"--html", "/tmp", "list"},
     "--html: '/tmp' is not a file to write, in a directory that exists, and no .jsonl"},
    {{"--html", "run.jsonl", "list"},
     "--html: 'run.jsonl' is not a file to write, in a directory that exists, and no .jsonl"},
    {{"--resume", "/nonexistent.jsonl", "list"},
     "--resume: '/nonexistent.jsonl' is not an existing .jsonl file"},
    {{"--resume-anyway", "--dtype", "int8", "model_bench"},
     "--resume-anyway: is given without --resume FILE"},
    {{"--models-file", "/tmp", "list"}, "--models-file: /tmp: cannot be read: Is a directory"},
    {{"--models-file", "/dev/zero", "list"},
     "--models-file: /dev/zero: cannot be read: it has more than 67108864 bytes"},
    {{"--resume", "/dev/null", "list"}, "--resume: '/dev/null' is not an existing .jsonl file"},
};

}  // namespace twofour
