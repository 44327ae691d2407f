// Records whose texts try to be more than texts: what a page, a table and a terminal must bear.
#include "records.h"

namespace twofour::golden {

std::vector<Record> hostile_records() {
  std::vector<Record> records = model_records();
  const std::string script = "</script><script>document.title='taken'</script>";
  const std::string image = "\"><img src=x onerror=\"document.title='taken'\">";
  const std::string turned = "abc\u202Edcba\u2066\u200F\u05D0\u05D1";
  const std::string broken("nul\0 \xFF\xC0\xAF escape \x1B[31m", 22);
  for (std::size_t i = 0; i < records.size(); ++i) {
    Record& r = records[i];
    const bool large = r.model == "lab/large";
    r.model = large ? "lab/" + std::string(10000, 'x') : script;
    r.layer = r.layer == "qkv" ? image : turned;
    if (!r.outcome.measured()) r.outcome.reason = script + image + broken + turned;
    if (i % 2 == 1) r.provider = "it's <b>" + std::string(1000, 'y');
    r.architecture = broken;
    r.repro = "twofour --output-dir '" + script + "' " + image;
  }
  return records;
}

}  // namespace twofour::golden
