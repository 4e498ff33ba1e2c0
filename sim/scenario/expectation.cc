// Reads the forms of `expect`.
#include <algorithm>

#include "sim/scenario/steps.h"

namespace kinfolder::sim {

namespace {

constexpr std::string_view kStates[] = {"in-sync", "syncing", "blocked", "paused", "offline"};
constexpr std::string_view kErrors[] = {"signature",
                                        "wrong-path",
                                        "outside",
                                        "too-large",
                                        "history",
                                        "wrong-version",
                                        "unknown-author",
                                        "foreign-write",
                                        "rollback",
                                        "corrupt",
                                        "name",
                                        "case-clash",
                                        "io",
                                        "disk-full",
                                        "quota",
                                        "root-missing",
                                        "root-changed",
                                        "store",
                                        "held"};

struct Keyword {
  std::string_view name;
  Form form;
  char rest;  // n number, p path, c contents, P path then contents, w words, N path then number
};
constexpr Keyword kKeywords[] = {{"versions", Form::kVersions, 'P'},
                                 {"conflicts", Form::kConflicts, 'x'},
                                 {"keeps", Form::kKeeps, 'c'},
                                 {"files", Form::kFiles, 'n'},
                                 {"only", Form::kOnly, 'w'},
                                 {"history", Form::kHistory, 'P'},
                                 {"snapshots", Form::kSnapshots, 'N'},
                                 {"uploads", Form::kUploads, 'n'},
                                 {"downloads", Form::kDownloads, 'n'},
                                 {"dmd-writes", Form::kDmdWrites, 'n'},
                                 {"snapshots-made", Form::kSnapshotsMade, 'n'},
                                 {"held-deletes", Form::kHeldDeletes, 'n'},
                                 {"state", Form::kState, 's'},
                                 {"error", Form::kError, 'e'}};

class ExpectReader {
 public:
  ExpectReader(const std::vector<Token>& tokens, Expectation& out, std::size_t* at)
      : tokens_(tokens), out_(out), at_(*at) {}

  Status Read(const std::map<std::string, int>& machines) {
    at_ = 1;
    if (!Left()) return Expected("a machine or all");
    if (Word() == "outside") {
      ++at_;
      out_.form = Form::kOutsideNone;
      return Left() && Word() == "none" ? Last() : Expected("none");
    }
    if (Word() == "all") {
      out_.all = true;
      ++at_;
    } else {
      for (; Left() && machines.count(Word()) != 0 && !tokens_[at_].quoted &&
             (at_ == 1 || tokens_.back().text == "same");
           ++at_)
        out_.machines.push_back(machines.at(Word()));
      if (out_.machines.empty()) return Expected("a machine or all");
    }
    if (!Left()) return Expected("what shall hold");
    if (Word() == "same" && !tokens_[at_].quoted && at_ + 1 == tokens_.size()) {
      out_.form = Form::kSame;
      return {};
    }
    if (!tokens_[at_].quoted)
      for (const Keyword& keyword : kKeywords)
        if (keyword.name == Word()) return ReadKeyword(keyword);
    out_.path = tokens_[at_++].text;
    return ReadPathForm();
  }

 private:
  bool Left() const { return at_ < tokens_.size(); }
  const std::string& Word() const { return tokens_[at_].text; }
  Status Expected(const std::string& what) const { return MakeError(ErrorKind::kInvalid, what); }
  Status Last() {
    ++at_;
    return Left() ? Expected("the end of the line") : Status();
  }

  Status Contents() {
    for (; Left(); ++at_) {
      if (tokens_[at_].content) {
        out_.contents.emplace_back(Word());
      } else if (Word() == "deleted") {
        out_.contents.emplace_back(std::nullopt);
      } else {
        return Expected("contents in quotes, or deleted");
      }
    }
    return {};
  }

  Status Number(int base = 10) {
    const auto number = Left() ? ReadNumber(Word(), base) : std::nullopt;
    if (!number) return Expected("a number");
    out_.number = *number;
    return Last();
  }

  template <std::size_t N>
  Status OneOf(const std::string_view (&list)[N]) {
    if (!Left() || std::find(std::begin(list), std::end(list), Word()) == std::end(list)) {
      std::string all;
      for (std::string_view one : list) all += (all.empty() ? "" : ", ") + std::string(one);
      return Expected("one of " + all);
    }
    out_.words.push_back(tokens_[at_++].text);
    return {};
  }

  Status ReadPath() {
    if (!Left()) return Expected("a path");
    out_.path = tokens_[at_++].text;
    return {};
  }

  Status ReadKeyword(const Keyword& keyword) {
    ++at_;
    out_.form = keyword.form;
    switch (keyword.rest) {
      case 'n':
        return Number();
      case 'c':
        return Left() ? Contents() : Expected("a content");
      case 'w':
        for (; Left(); ++at_) out_.words.push_back(Word());
        return {};
      case 's': {
        const Status read = OneOf(kStates);
        return read.ok() && Left() ? Expected("the end of the line") : read;
      }
      case 'e': {
        const Status read = OneOf(kErrors);
        if (!read.ok() || !Left()) return read;
        out_.path = Word();
        return Last();
      }
      case 'x':
        if (Left() && Word() == "none" && !tokens_[at_].quoted) return Last();
        break;
      default:
        break;
    }
    const Status path = ReadPath();
    if (!path.ok()) return path;
    if (keyword.rest == 'N') return Number();
    if (keyword.form == Form::kHistory && Left() && Word() == "has" && !tokens_[at_].quoted) {
      out_.form = Form::kHistoryHas;
      ++at_;
    }
    return Contents();
  }

  Status ReadPathForm() {
    if (!Left()) return Expected("a content, absent, dir, mode, symlink, mtime or one-of");
    const Token& token = tokens_[at_++];
    if (token.content) {
      out_.contents.emplace_back(token.text);
      return Left() ? Expected("the end of the line") : Status();
    }
    if (token.text == "absent" || token.text == "dir") {
      out_.form = token.text == "dir" ? Form::kDir : Form::kAbsent;
      return Left() ? Expected("the end of the line") : Status();
    }
    if (token.text == "mode" || token.text == "mtime") {
      out_.form = token.text == "mode" ? Form::kMode : Form::kMtime;
      return Number(token.text == "mode" ? 8 : 10);
    }
    if (token.text == "symlink") {
      out_.form = Form::kSymlink;
      if (!Left()) return Expected("a target");
      out_.words.push_back(Word());
      return Last();
    }
    if (token.text == "one-of") {
      out_.form = Form::kOneOf;
      return Left() ? Contents() : Expected("contents");
    }
    --at_;
    return Expected("a content, absent, dir, mode, symlink, mtime or one-of");
  }

  const std::vector<Token>& tokens_;
  Expectation& out_;
  std::size_t& at_;
};

}  // namespace

Status ParseExpectation(const std::vector<Token>& tokens,
                        const std::map<std::string, int>& machines, Expectation& expectation,
                        std::size_t* at) {
  return ExpectReader(tokens, expectation, at).Read(machines);
}

}  // namespace kinfolder::sim
