#include "sim/html/timeline.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "sim/scenario/syntax.h"
#include "sim/world/effect_names.h"

namespace kinfolder::sim {

namespace {

constexpr int kLeft = 80, kTop = 70, kColumn = 12, kLane = 64;

enum class MarkKind : std::uint8_t { kStep, kEffect, kEvent, kUser, kFault };

// One line of a run's log: `<ms> <machine>: <what>`.
struct Mark {
  std::int64_t at_ms = 0;
  std::size_t lane = 0;
  MarkKind kind = MarkKind::kEvent;
  bool store = false;  // the store takes part
  std::string text;
};

bool StartsWith(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

bool IsOfStore(std::string_view effect) {
  for (const char* name : {"stage-target", "upload", "write-directory", "read-own", "read-heads",
                           "read-collective", "fetch-snapshot", "check-stored"})
    if (StartsWith(effect, name)) return true;
  return false;
}

std::optional<Mark> ReadMark(std::string_view line, const std::vector<std::string>& machines) {
  const std::size_t space = line.find(' ');
  const std::size_t colon = line.find(": ");
  if (space == std::string_view::npos || colon == std::string_view::npos || colon < space)
    return std::nullopt;
  const auto at_ms = ReadNumber(line.substr(0, space));
  const auto machine =
      std::find(machines.begin(), machines.end(), line.substr(space + 1, colon - space - 1));
  if (!at_ms || machine == machines.end()) return std::nullopt;
  Mark mark;
  mark.at_ms = *at_ms;
  mark.lane = static_cast<std::size_t>(machine - machines.begin());
  mark.text = line.substr(colon + 2);
  if (StartsWith(mark.text, "--- ")) {
    mark.kind = MarkKind::kStep;
    mark.text.erase(0, 4);
  } else if (StartsWith(mark.text, "effect ")) {
    mark.kind = MarkKind::kEffect;
    mark.store = IsOfStore(std::string_view(mark.text).substr(7));
  } else if (StartsWith(mark.text, "user ")) {
    mark.kind = MarkKind::kUser;
  } else if (!StartsWith(mark.text, "event ")) {
    mark.kind = MarkKind::kFault;
  }
  return mark;
}

std::string Escaped(std::string_view text) {
  std::string safe;
  for (char c : text) {
    switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      default:
        safe += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return safe;
}

std::string Time(std::int64_t at_ms) {
  const std::int64_t ms = at_ms - kStartMs;
  const auto padded = [](std::int64_t value, std::size_t width) {
    std::string text = std::to_string(value);
    text.insert(0, text.size() < width ? width - text.size() : 0, '0');
    return text;
  };
  return std::to_string(ms / 3'600'000) + ":" + padded(ms / 60'000 % 60, 2) + ":" +
         padded(ms / 1000 % 60, 2) + "." + padded(ms % 1000, 3);
}

class Page {
 public:
  Page(const Scenario& scenario, const RunResult& result) : scenario_(scenario), result_(result) {
    for (const std::string& line : result.log)
      if (auto mark = ReadMark(line, scenario.machines)) marks_.push_back(std::move(*mark));
    for (const Mark& mark : marks_) columns_.emplace(mark.at_ms, 0);
    int column = 0;
    for (auto& [at_ms, at] : columns_) at = column++;
  }

  std::string Text() {
    Head();
    Lanes();
    Steps();
    std::map<std::pair<int, std::size_t>, int> stacked;
    for (const Mark& mark : marks_) {
      if (mark.kind == MarkKind::kStep) continue;
      Draw(mark, mark.lane, stacked);
      if (mark.store) Draw(mark, scenario_.machines.size(), stacked);
    }
    html_ += "</svg></div></body></html>\n";
    return std::move(html_);
  }

 private:
  int X(std::int64_t at_ms) const { return kLeft + 20 + columns_.at(at_ms) * kColumn; }
  int Width() const { return kLeft + 60 + static_cast<int>(columns_.size()) * kColumn; }
  int Height() const { return kTop + kLane * static_cast<int>(scenario_.machines.size() + 1) + 30; }
  static int Y(std::size_t lane) { return kTop + kLane * static_cast<int>(lane); }

  void Head() {
    html_ = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>" +
            Escaped(scenario_.file) +
            "</title><style>body{font:14px sans-serif;margin:16px;color:#222;background:#fff}"
            "div{overflow-x:auto}text{font:11px sans-serif;fill:#333}.lane{stroke:#ccc}"
            ".step{stroke:#888;stroke-dasharray:3 3}.effect{fill:#2266bb}.event{fill:#99bb77}"
            ".user{fill:#dd8800}.fault{fill:#cc2222}.key{font-size:13px}</style></head><body><h1>" +
            Escaped(scenario_.file) + "</h1><p>" +
            (result_.ending == Ending::kHolds
                 ? "It holds."
                 : "Line " + std::to_string(result_.line) + ": " + Escaped(result_.what)) +
            "</p><ul>";
    for (const std::string& line : result_.history) html_ += "<li>" + Escaped(line) + "</li>";
    html_ +=
        "</ul><p class=\"key\">Blue: an effect takes place. Green: the core hears of something. "
        "Orange: a user. Red: starts, crashes, power cuts. Point at a mark to read it.</p><div>"
        "<svg width=\"" +
        std::to_string(Width()) + "\" height=\"" + std::to_string(Height()) + "\">\n";
  }

  void Label(int x, int y, const std::string& text, const std::string& more = "") {
    html_ += "<text x=\"" + std::to_string(x) + "\" y=\"" + std::to_string(y) + "\"" + more + ">" +
             Escaped(text) + "</text>\n";
  }

  void Lanes() {
    for (std::size_t i = 0; i <= scenario_.machines.size(); ++i) {
      const std::string y = std::to_string(Y(i) + kLane / 2);
      html_ += "<line class=\"lane\" x1=\"" + std::to_string(kLeft) + "\" x2=\"" +
               std::to_string(Width()) + "\" y1=\"" + y + "\" y2=\"" + y + "\"/>\n";
      Label(4, Y(i) + kLane / 2 + 4,
            i < scenario_.machines.size() ? scenario_.machines[i] : "the store");
    }
    std::int64_t last = -1;
    for (const auto& [at_ms, column] : columns_) {
      if (last >= 0 && column - last < 8) continue;
      last = column;
      Label(X(at_ms), Height() - 8, Time(at_ms));
    }
  }

  void Steps() {
    int rows = 0;
    for (const Mark& mark : marks_) {
      if (mark.kind != MarkKind::kStep) continue;
      const std::string x = std::to_string(X(mark.at_ms) - kColumn / 2);
      html_ += "<line class=\"step\" x1=\"" + x + "\" x2=\"" + x + "\" y1=\"14\" y2=\"" +
               std::to_string(Height() - 22) + "\"><title>" + Escaped(mark.text) +
               "</title></line>\n";
      Label(X(mark.at_ms) - kColumn / 2 + 2, 12 + rows * 11, mark.text);
      rows = (rows + 1) % 5;
    }
  }

  // Marks of one instant in one lane stand one above the other.
  void Draw(const Mark& mark, std::size_t lane,
            std::map<std::pair<int, std::size_t>, int>& stacked) {
    static constexpr const char* kClasses[] = {"step", "effect", "event", "user", "fault"};
    const int above = stacked[{columns_.at(mark.at_ms), lane}]++;
    html_ += "<circle class=\"" + std::string(kClasses[static_cast<std::size_t>(mark.kind)]) +
             "\" r=\"4\" cx=\"" + std::to_string(X(mark.at_ms)) + "\" cy=\"" +
             std::to_string(Y(lane) + kLane / 2 - (above % 6) * 7) + "\"><title>" +
             Escaped(Time(mark.at_ms) + " " + scenario_.machines[mark.lane] + ": " + mark.text) +
             "</title></circle>\n";
  }

  const Scenario& scenario_;
  const RunResult& result_;
  std::vector<Mark> marks_;
  std::map<std::int64_t, int> columns_;
  std::string html_;
};

}  // namespace

std::string TimelineHtml(const Scenario& scenario, const RunResult& result) {
  return Page(scenario, result).Text();
}

}  // namespace kinfolder::sim
