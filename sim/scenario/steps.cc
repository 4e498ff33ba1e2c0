#include "sim/scenario/steps.h"

#include <algorithm>

#include "sim/scenario/verbs.h"
#include "sim/world/effect_names.h"

namespace kinfolder::sim {

namespace {

bool IsPath(std::string_view path) {
  if (path.empty() || path.find('\0') != std::string_view::npos) return false;
  bool first = true;
  while (true) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (part.empty() || part == "." || part == ".." || (first && part == ".kinfolder"))
      return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
    first = false;
  }
}

constexpr const char* ExpectedFor(char letter) {
  switch (letter) {
    case 'p':
      return "a path inside of the folder";
    case 'c':
      return "a content in quotes, repeat(...) or random(...)";
    case 'm':
      return "the name of another machine";
    case 'i':
      return "a number";
    case 'o':
      return "an octal mode like 755";
    case 'd':
      return "a duration like 30s";
    case 'b':
      return "bytes a second like 1MB/s";
    case 'e':
      return "an effect (kinfolder-sim effects lists them)";
    case 'l':
      return "all, none, some or torn";
    default:
      return "a word";
  }
}

std::optional<std::int64_t> NumberFor(char letter, std::string_view text) {
  if (letter == 'b') return ReadRate(text);
  if (letter == 'd') return ReadDuration(text[0] == '+' ? text.substr(1) : text);
  return ReadNumber(text, letter == 'o' ? 8 : 10);
}

class Parser {
 public:
  explicit Parser(const std::string& file) { scenario_.file = file; }

  Result<Scenario> Run(std::string_view text) {
    Result<std::vector<Line>> lines = ReadLines(scenario_.file, text);
    if (!lines.ok()) return lines.error();
    for (const Line& line : lines.value()) {
      line_ = &line;
      const Status read = ReadLine(line.tokens);
      if (!read.ok()) return read.error();
    }
    if (scenario_.machines.empty()) {
      const Line empty{1, {Token{}}};
      line_ = &empty;
      return Wrong(0, "no machines", "`machines: a b c` first");
    }
    return std::move(scenario_);
  }

 private:
  Error Wrong(std::size_t token, const std::string& what, const std::string& expected) const {
    const auto& tokens = line_->tokens;
    const int column = token < tokens.size()
                           ? tokens[token].column
                           : tokens.back().column + static_cast<int>(tokens.back().text.size());
    return MakeError(ErrorKind::kInvalid, Place(scenario_.file, line_->number, column) + ": " +
                                              what + "; expected " + expected);
  }

  Status ReadLine(const std::vector<Token>& tokens) {
    const std::string& first = tokens[0].text;
    if (!tokens[0].quoted &&
        (first == "machines:" || first == "late:" || first == "read-only:" || first == "peers:" ||
         first == "seed:" || first == "option:" || (first == "option" && tokens.size() > 1)))
      return ReadHeader(tokens);
    if (scenario_.machines.empty())
      return Wrong(0, "a step before the machines", "`machines: a b c` first");
    if (first == "expect") return ReadExpect(tokens);
    return ReadStep(tokens, 0);
  }

  Step NewStep(std::size_t token) const {
    Step step;
    step.line = line_->number;
    step.column = line_->tokens.at(token).column;
    return step;
  }

  Status ReadExpect(const std::vector<Token>& tokens) {
    Step step = NewStep(0);
    step.verb = "expect";
    step.expect.emplace();
    std::size_t at = 0;
    const Status read = ParseExpectation(tokens, by_name_, *step.expect, &at);
    if (!read.ok()) return Wrong(at, "`expect` is not understood", read.error().text);
    scenario_.steps.push_back(std::move(step));
    return {};
  }

  // Any step but `expect`.
  Status ReadStep(const std::vector<Token>& tokens, std::size_t at) {
    const std::string& first = tokens[at].text;
    Step step = NewStep(at);
    if (first == "store") return ReadStore(tokens, at, std::move(step));
    if (first == "forge") return ReadForge(tokens, at, std::move(step));
    if (const Verb* verb = FindVerb(kWorldVerbs, first))
      return Finish(*verb, tokens, at + 1, std::move(step));
    const auto machine = by_name_.find(first);
    if (machine == by_name_.end())
      return Wrong(at, "`" + first + "` is neither a machine nor a step", "a machine or a step");
    step.machine = machine->second;
    return ReadMachineStep(tokens, at + 1, std::move(step));
  }

  Status ReadHeader(const std::vector<Token>& tokens) {
    const std::string& key = tokens[0].text;
    if (!scenario_.steps.empty())
      return Wrong(0, "`" + key + "` after a step", "it before all steps");
    if (key == "machines:") return ReadMachines(tokens);
    if (scenario_.machines.empty() && key != "seed:")
      return Wrong(0, "`" + key + "` before the machines", "`machines: a b c` first");
    if (key == "seed:") {
      const auto seed = tokens.size() == 2 ? ReadNumber(tokens[1].text) : std::nullopt;
      if (!seed) return Wrong(1, "no seed", "one number");
      scenario_.seed = static_cast<std::uint64_t>(*seed);
      return {};
    }
    if (key == "late:" || key == "read-only:" || key == "peers:") {
      for (std::size_t i = 1; i < tokens.size(); ++i) {
        const auto machine = by_name_.find(tokens[i].text);
        if (machine == by_name_.end())
          return Wrong(i, "`" + tokens[i].text + "` is no machine", "a name of `machines:`");
        std::set<int>& named = key == "late:"    ? scenario_.late
                               : key == "peers:" ? scenario_.peers
                                                 : scenario_.read_only;
        named.insert(machine->second);
      }
      return {};
    }
    return ReadOption(tokens);
  }

  Status ReadMachines(const std::vector<Token>& tokens) {
    if (!scenario_.machines.empty()) return Wrong(0, "machines again", "`machines:` once");
    for (std::size_t i = 1; i < tokens.size(); ++i) {
      const std::string& name = tokens[i].text;
      if (name == "all" || name == "store" || FindVerb(kWorldVerbs, name) != nullptr ||
          !by_name_.emplace(name, static_cast<int>(scenario_.machines.size())).second)
        return Wrong(i, "`" + name + "` can't be a machine's name", "a new name");
      scenario_.machines.push_back(name);
    }
    if (scenario_.machines.empty()) return Wrong(1, "no machines", "at least one name");
    return {};
  }

  Status ReadOption(const std::vector<Token>& tokens) {
    Option option;
    std::size_t at = 1;
    if (tokens[0].text == "option") {
      std::string name = tokens[1].text;
      if (!name.empty() && name.back() == ':') name.pop_back();
      const auto machine = by_name_.find(name);
      if (machine == by_name_.end()) return Wrong(1, "no such machine", "`option M: KEY=VALUE`");
      option.machine = machine->second;
      at = 2;
    }
    const std::size_t equals = at < tokens.size() ? tokens[at].text.find('=') : std::string::npos;
    if (equals == std::string::npos || tokens.size() != at + 1)
      return Wrong(at, "not one option", "KEY=VALUE");
    option.key = tokens[at].text.substr(0, equals);
    option.value = tokens[at].text.substr(equals + 1);
    const Status checked = CheckOption(option.key, option.value);
    if (!checked.ok()) return Wrong(at, "option not understood", checked.error().text);
    scenario_.options.push_back(std::move(option));
    return {};
  }

  Status ReadStore(const std::vector<Token>& tokens, std::size_t at, Step step) {
    ++at;
    if (tokens.size() > at + 1 && tokens[at].text == "of") {
      const auto machine = by_name_.find(tokens[at + 1].text);
      if (machine == by_name_.end())
        return Wrong(at + 1, "no such machine", "a name of `machines:`");
      step.machine = machine->second;
      at += 2;
    }
    if (at >= tokens.size()) return Wrong(at, "nothing said", "what the store does");
    const Verb* verb = FindVerb(kStoreVerbs, tokens[at].text);
    if (verb == nullptr)
      return Wrong(
          at, "unknown fault `" + tokens[at].text + "`",
          "fail, lose-answer, stall, delay-write, stale, latency, bandwidth, full, ok, rollback, "
          "corrupt, drop or repair");
    if (step.machine >= 0 && Has(kStoreAsAWhole, verb->name))
      return Wrong(at, "`" + tokens[at].text + "` is not of one machine", "it without `of M`");
    const Status read = Finish(*verb, tokens, at + 1, std::move(step));
    if (read.ok()) scenario_.steps.back().verb = "store " + scenario_.steps.back().verb;
    return read;
  }

  Status ReadForge(const std::vector<Token>& tokens, std::size_t at, Step step) {
    if (tokens.size() != at + 4) return Wrong(at, "not understood", "`forge M PATH KIND`");
    if (!Has(kForgeries, tokens[at + 3].text))
      return Wrong(at + 3, "unknown forgery",
                   "bad-signature, wrong-path, escape, wrong-version, unknown-author, cycle, "
                   "huge, huge-parents or huge-size");
    return Finish({"forge", "mpw"}, tokens, at + 1, std::move(step));
  }

  Status ReadMachineStep(const std::vector<Token>& tokens, std::size_t at, Step step) {
    if (at >= tokens.size()) return Wrong(at, "nothing to do", "a step");
    const std::string& name = tokens[at].text;
    if (name == "when") return ReadWhen(tokens, at, std::move(step));
    if (name == "crash-at") return ReadCrashAt(tokens, at, std::move(step));
    const Verb* verb = FindVerb(kMachineVerbs, name);
    if (verb == nullptr) return Wrong(at, "unknown step `" + name + "`", "a step");
    if (name == "resolve" && at + 2 < tokens.size()) {
      const std::string& how = tokens[at + 2].text;
      const bool merge = how == "merge";
      if (!merge && how != "mine" && how != "theirs" && how.rfind("theirs:", 0) != 0)
        return Wrong(at + 2, "unknown choice `" + how + "`", "mine, theirs, theirs:NAME or merge");
      if (merge != (tokens.size() == at + 4))
        return Wrong(at + 3, "not understood", merge ? "a content" : "nothing more");
    }
    return Finish(*verb, tokens, at + 1, std::move(step));
  }

  // EFFECT [N], from `*at` on, which is then behind it.
  Status ReadWhat(const std::vector<Token>& tokens, std::size_t* at, Step& step) const {
    if (*at >= tokens.size()) return Wrong(*at, "something is missing", ExpectedFor('e'));
    const Status effect = ReadEffect(tokens[*at].text, *at, step);
    if (!effect.ok()) return effect;
    ++*at;
    step.numbers = {1};
    const auto count = *at < tokens.size() ? ReadNumber(tokens[*at].text) : std::nullopt;
    if (!count) return {};
    if (*count < 1) return Wrong(*at, "not possible", "1 for the next one, 2 for the one after it");
    step.numbers = {*count};
    ++*at;
    return {};
  }

  Status ReadWhen(const std::vector<Token>& tokens, std::size_t at, Step step) {
    step.verb = "when";
    std::size_t next = at + 1;
    const Status what = ReadWhat(tokens, &next, step);
    if (!what.ok()) return what;
    if (next >= tokens.size()) return Wrong(next, "nothing to do then", "a step");
    const std::string& verb = tokens[next].text;
    // Of this machine, or as it stands in a line of its own.
    const bool own = verb == "when" || FindVerb(kMachineVerbs, verb) != nullptr;
    Step deed = NewStep(next);
    deed.machine = step.machine;
    if (verb == "expect") return TakesTime(next, verb);
    const Status read =
        own ? ReadMachineStep(tokens, next, std::move(deed)) : ReadStep(tokens, next);
    if (!read.ok()) return read;
    deed = std::move(scenario_.steps.back());
    scenario_.steps.pop_back();
    if (Has(kWaits, deed.verb)) return TakesTime(next, deed.verb);
    return KeepDeed(std::move(step), std::move(deed));
  }

  Status TakesTime(std::size_t token, const std::string& verb) const {
    const bool judges = verb == "expect";
    return Wrong(token,
                 "`" + verb + "` at the instant of an effect, " +
                     (judges ? "where nothing is at rest" : "where no time passes"),
                 judges ? "it in a line of its own" : "a step that takes none, or only begins");
  }

  Status ReadCrashAt(const std::vector<Token>& tokens, std::size_t at, Step step) {
    step.verb = "crash-at";
    std::size_t next = at + 1;
    const Status what = ReadWhat(tokens, &next, step);
    if (!what.ok()) return what;
    if (next < tokens.size()) return Wrong(next, "more than needed", "the end of the line");
    Step deed = NewStep(at);
    deed.machine = step.machine;
    deed.verb = "crash";
    return KeepDeed(std::move(step), std::move(deed));
  }

  Status KeepDeed(Step step, Step deed) {
    step.deed = static_cast<std::uint32_t>(scenario_.deeds.size());
    scenario_.deeds.push_back(std::move(deed));
    scenario_.steps.push_back(std::move(step));
    return {};
  }

  Status ReadEffect(std::string_view name, std::size_t token, Step& step) const {
    step.after = name.rfind("after-", 0) == 0;
    if (step.after) name.remove_prefix(6);
    const auto effect = FindEffect(name);
    if (!effect) return Wrong(token, "no such effect", ExpectedFor('e'));
    step.effect = *effect;
    return {};
  }

  // Reads the arguments from `at` on, and keeps the step.
  Status Finish(const Verb& verb, const std::vector<Token>& tokens, std::size_t at, Step step) {
    step.verb = verb.name;
    bool optional = false;
    for (char letter : verb.arguments) {
      if (letter == '?') {
        optional = true;
        continue;
      }
      if (at >= tokens.size()) {
        if (optional) break;
        return Wrong(at, "something is missing", ExpectedFor(letter));
      }
      const Status read = ReadArgument(letter, tokens[at], at, step);
      if (!read.ok()) return read;
      ++at;
    }
    if (at < tokens.size()) return Wrong(at, "more than needed", "the end of the line");
    if (verb.name == "powerloss" && !step.power) step.power = PowerMode::kSubset;
    if (verb.act) step.user = MakeUserOp(*verb.act, step);
    if (step.verb == "slow-write" && (step.user->number < 1 || step.user->interval_ms < 1))
      return Wrong(tokens.size() - 1, "not possible", "at least one part and some time");
    scenario_.steps.push_back(std::move(step));
    return {};
  }

  Status ReadArgument(char letter, const Token& token, std::size_t at, Step& step) {
    std::optional<std::int64_t> number;
    switch (letter) {
      case 'p':
        if (!IsPath(token.text)) break;
        step.words.push_back(token.text);
        return {};
      case 'c':
        if (!token.content) break;
        step.words.push_back(token.text);
        return {};
      case 'm':
        if (by_name_.count(token.text) == 0) break;
        step.other = by_name_.at(token.text);
        return {};
      case 'l':
        for (const auto& [name, mode] : kPowerModes)
          if (token.text == name) step.power = mode;
        if (!step.power) break;
        return {};
      case 'i':
      case 'o':
      case 'd':
      case 'b':
        number = NumberFor(letter, token.text);
        if (!number || (letter != 'd' && *number < 0)) break;
        step.numbers.push_back(*number);
        return {};
      default:
        step.words.push_back(token.text);
        return {};
    }
    return Wrong(at, "not understood: `" + token.text + "`", ExpectedFor(letter));
  }

  static UserOp MakeUserOp(UserAct act, const Step& step) {
    UserOp op;
    op.act = act;
    op.path = step.words[0];
    if (step.words.size() > 1) {
      const bool other =
          act == UserAct::kRename || act == UserAct::kSwap || act == UserAct::kSymlink;
      (other ? op.other : op.content) = step.words[1];
    }
    if (!step.numbers.empty()) op.number = step.numbers[0];
    if (step.numbers.size() > 1) op.interval_ms = step.numbers[1];
    return op;
  }

  Scenario scenario_;
  std::map<std::string, int> by_name_;
  const Line* line_ = nullptr;
};

}  // namespace

Status CheckOption(const std::string& key, const std::string& value) {
  const auto expect = [](const char* what) { return MakeError(ErrorKind::kInvalid, what); };
  if (key == "history" && value != "all" && value != "latest") return expect("all or latest");
  if (key == "watch" && value != "on" && value != "off") return expect("on or off");
  if (key == "max-deletes" && value != "off") return expect("off");
  if (key == "poll" && ReadDuration(value).value_or(0) <= 0) return expect("a duration like 60s");
  if (key == "scan" && value != "never" && ReadDuration(value).value_or(0) <= 0)
    return expect("a duration or never");
  if (key == "mtime-granularity" && ReadDuration(value).value_or(0) <= 0)
    return expect("a duration like 2s");
  if (key == "case" && value != "insensitive") return expect("insensitive");
  if (key == "names" && value != "windows") return expect("windows");
  if (key == "unicode" && value != "normalising" && value != "nfd")
    return expect("normalising or nfd");
  for (const char* known : {"history", "watch", "max-deletes", "poll", "scan", "mtime-granularity",
                            "case", "names", "unicode"})
    if (key == known) return {};
  return expect(
      "history, poll, scan, watch, mtime-granularity, case, names, unicode or max-deletes");
}

Result<Scenario> Parse(const std::string& file, std::string_view text) {
  return Parser(file).Run(text);
}

}  // namespace kinfolder::sim
