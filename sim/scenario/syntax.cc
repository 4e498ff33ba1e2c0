#include "sim/scenario/syntax.h"

#include <charconv>

#include "sim/world/draws.h"

namespace kinfolder::sim {

namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 30;

class Reader {
 public:
  Reader(const std::string& file, int line, std::string_view text)
      : file_(file), line_(line), text_(text) {}

  Result<std::vector<Token>> Read() {
    std::vector<Token> tokens;
    for (SkipBlanks(); at_ < text_.size() && text_[at_] != '#'; SkipBlanks()) {
      Token token;
      token.column = Column();
      const Status read = text_[at_] == '"' ? ReadQuoted(token) : ReadWord(token);
      if (!read.ok()) return read.error();
      tokens.push_back(std::move(token));
    }
    return tokens;
  }

 private:
  int Column() const { return static_cast<int>(at_) + 1; }
  void SkipBlanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r'))
      ++at_;
  }
  Error Wrong(const std::string& what) const {
    return MakeError(ErrorKind::kInvalid, Place(file_, line_, Column()) + ": " + what);
  }

  Status ReadQuoted(Token& token) {
    token.quoted = token.content = true;
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] != '\\') {
        token.text += text_[at_];
        continue;
      }
      ++at_;
      const Status read = ReadEscape(token.text);
      if (!read.ok()) return read;
    }
    if (at_ == text_.size()) return Wrong("the quotes are not closed; expected \"");
    ++at_;
    return {};
  }

  Status ReadEscape(std::string& out) {
    const char c = at_ < text_.size() ? text_[at_] : '\0';
    if (c == 'n' || c == 't' || c == '\\' || c == '"') {
      out += c == 'n' ? '\n' : c == 't' ? '\t' : c;
      return {};
    }
    unsigned value = 0;
    const std::string_view hex = text_.substr(std::min(at_ + 1, text_.size()), 2);
    const auto [end, error] = std::from_chars(hex.data(), hex.data() + hex.size(), value, 16);
    if (c != 'x' || hex.size() != 2 || error != std::errc() || end != hex.data() + 2)
      return Wrong("an unknown escape; expected \\n, \\t, \\\\, \\\" or \\xHH");
    out += static_cast<char>(value);
    at_ += 2;
    return {};
  }

  Status ReadWord(Token& token) {
    while (at_ < text_.size() && text_[at_] != ' ' && text_[at_] != '\t' && text_[at_] != '\r' &&
           text_[at_] != '#' && text_[at_] != '"' && text_[at_] != '(')
      token.text += text_[at_++];
    if (at_ < text_.size() && text_[at_] == '"')
      return Wrong("quotes in the middle of a word; expected a blank before them");
    if (at_ < text_.size() && text_[at_] == '(') return ReadFunction(token);
    return {};
  }

  // repeat("x", 3) and random(1, 100), after their name.
  Status ReadFunction(Token& token) {
    const std::string name = token.text;
    const std::size_t open = at_++;
    std::vector<Token> arguments;
    for (SkipBlanks(); at_ < text_.size() && text_[at_] != ')'; SkipBlanks()) {
      Token argument;
      argument.column = Column();
      if (text_[at_] == '"') {
        const Status read = ReadQuoted(argument);
        if (!read.ok()) return read;
      } else {
        while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != ')' && text_[at_] != ' ')
          argument.text += text_[at_++];
      }
      arguments.push_back(std::move(argument));
      SkipBlanks();
      if (at_ < text_.size() && text_[at_] == ',') ++at_;
    }
    if (at_ == text_.size()) return Wrong("the bracket is not closed; expected )");
    ++at_;
    return Evaluate(name, arguments, token, open);
  }

  Status Evaluate(const std::string& name, const std::vector<Token>& arguments, Token& token,
                  std::size_t open) {
    token.content = true;
    token.text.clear();
    const auto count =
        arguments.size() == 2 ? ReadNumber(arguments[1].text) : std::optional<std::int64_t>();
    const auto seed =
        arguments.size() == 2 ? ReadNumber(arguments[0].text) : std::optional<std::int64_t>();
    const bool repeat = name == "repeat" && arguments.size() == 2 && arguments[0].quoted;
    const bool random = name == "random" && seed;
    const std::size_t unit = repeat ? arguments[0].text.size() : 1;
    if ((!repeat && !random) || !count || *count < 0 ||
        static_cast<std::size_t>(*count) * unit > kMostBytes) {
      at_ = open;
      return Wrong("not understood; expected repeat(\"TEXT\", COUNT) or random(SEED, BYTES)");
    }
    if (random)
      token.text = RandomBytes(static_cast<std::uint64_t>(*seed), static_cast<std::size_t>(*count));
    for (std::int64_t i = 0; repeat && i < *count; ++i) token.text += arguments[0].text;
    return {};
  }

  const std::string& file_;
  int line_;
  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::string Place(const std::string& file, int line, int column) {
  return file + ":" + std::to_string(line) + ":" + std::to_string(column);
}

Result<std::vector<Line>> ReadLines(const std::string& file, std::string_view text) {
  std::vector<Line> lines;
  int number = 0;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    Result<std::vector<Token>> tokens = Reader(file, ++number, line).Read();
    if (!tokens.ok()) return tokens.error();
    if (!tokens.value().empty()) lines.push_back({number, std::move(tokens.value())});
  }
  return lines;
}

std::string RandomBytes(std::uint64_t seed, std::size_t count) {
  std::string bytes;
  bytes.reserve(count + 8);
  for (std::uint64_t i = 0; bytes.size() < count; ++i) {
    const std::uint64_t word = Mix(Mix(seed) + i);
    for (int shift = 0; shift < 64; shift += 8) bytes += static_cast<char>(word >> shift & 0xff);
  }
  bytes.resize(count);
  return bytes;
}

std::optional<std::int64_t> ReadNumber(std::string_view text, int base) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

template <std::size_t N>
std::optional<std::int64_t> ReadInUnits(std::string_view text, const Unit (&units)[N]) {
  for (const Unit& unit : units) {
    if (text.size() <= unit.name.size() || !text.ends_with(unit.name)) continue;
    const auto count = ReadNumber(text.substr(0, text.size() - unit.name.size()));
    if (count && *count <= 10'000'000'000 && *count >= -10'000'000'000) return *count * unit.factor;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::int64_t> ReadDuration(std::string_view text) {
  static constexpr Unit kUnits[] = {
      {"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
  return ReadInUnits(text, kUnits);
}

std::optional<std::int64_t> ReadRate(std::string_view text) {
  static constexpr Unit kUnits[] = {
      {"kB/s", 1'000}, {"MB/s", 1'000'000}, {"GB/s", 1'000'000'000}, {"B/s", 1}};
  const auto rate = ReadInUnits(text, kUnits);
  return rate && *rate > 0 ? rate : std::nullopt;
}

}  // namespace kinfolder::sim
