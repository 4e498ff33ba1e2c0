#include "core/table_doc/machine_doc.h"

#include <algorithm>
#include <cstddef>

namespace kinfolder {

namespace {

// Each reason once, in the order of the table.
std::vector<std::string_view> Reasons(const MachineDoc& doc) {
  std::vector<std::string_view> reasons;
  for (const DocIgnored& i : doc.ignored) {
    if (std::find(reasons.begin(), reasons.end(), i.reason) == reasons.end()) {
      reasons.push_back(i.reason);
    }
  }
  return reasons;
}

// "if asked_again: Polling, Ask", "else Idle", "stays".
std::string RowText(const DocRow& row, bool last_of_several) {
  std::string text;
  if (!row.guard.empty()) text.append("if ").append(row.guard).append(": ");
  if (row.guard.empty() && last_of_several) text += "else ";
  text += row.stays ? "stays" : row.target;
  if (!row.action.empty()) text.append(", ").append(row.action);
  return text;
}

std::string RowsText(const MachineDoc& doc, std::string_view phase, std::string_view event) {
  std::string text;
  bool all_guarded = true;
  for (auto row = doc.rows.rbegin(); row != doc.rows.rend(); ++row) {
    if (row->source != phase || row->event != event) continue;
    const bool first = text.empty();
    if (!first) text += "<br>";
    text += RowText(*row, !first);
    all_guarded &= !row->guard.empty();
  }
  return text.empty() || !all_guarded ? text : text + "<br>else refused";
}

std::string IgnoredText(const MachineDoc& doc, std::string_view phase, std::string_view event) {
  const auto reasons = Reasons(doc);
  for (const DocIgnored& i : doc.ignored) {
    if (i.phase != phase || i.event != event) continue;
    const auto at = std::find(reasons.begin(), reasons.end(), i.reason) - reasons.begin();
    return "ignored (" + std::to_string(at + 1) + ")";
  }
  return "";
}

}  // namespace

std::string MermaidDiagram(const MachineDoc& doc) {
  std::string text = "stateDiagram-v2\n";
  text.append("  [*] --> ").append(doc.initial).append("\n");
  for (const DocRow& row : doc.rows) {
    text.append("  ").append(row.source).append(" --> ").append(row.target);
    text.append(" : ").append(row.event);
    if (!row.guard.empty()) text.append(" [").append(row.guard).append("]");
    if (!row.action.empty()) text.append(" / ").append(row.action);
    text += "\n";
  }
  for (const auto& phase : doc.finals) text.append("  ").append(phase).append(" --> [*]\n");
  return text;
}

std::string PhaseEventMatrix(const MachineDoc& doc) {
  std::string text = "| |";
  for (const auto& event : doc.events) text.append(" ").append(event).append(" |");
  text += "\n|---|";
  for (std::size_t i = 0; i < doc.events.size(); ++i) text += "---|";
  text += "\n";
  for (const auto& phase : doc.phases) {
    text.append("| **").append(phase).append("** |");
    for (const auto& event : doc.events) {
      const std::string rows = RowsText(doc, phase, event);
      text.append(" ").append(rows.empty() ? IgnoredText(doc, phase, event) : rows).append(" |");
    }
    text += "\n";
  }
  return text;
}

std::string IgnoredReasons(const MachineDoc& doc) {
  std::string text;
  std::size_t number = 0;
  for (const auto& reason : Reasons(doc)) {
    text.append(std::to_string(++number)).append(". ").append(reason).append("\n");
  }
  return text;
}

std::string MachinePage(const MachineDoc& doc) {
  std::string text = "<!-- Generated from the machine's table by tests/docs. -->\n";
  text.append("# ").append(doc.title).append("\n\n");
  text.append(doc.purpose).append("\n\n");
  text.append("## Diagram\n\n```mermaid\n").append(MermaidDiagram(doc)).append("```\n\n");
  text.append("## Every phase and event\n\n");
  text.append("A cell names the next phase, then the action.\n\n");
  text.append(PhaseEventMatrix(doc));
  if (!doc.ignored.empty()) {
    text.append("\n## Why these are ignored\n\n").append(IgnoredReasons(doc));
  }
  return text;
}

}  // namespace kinfolder
