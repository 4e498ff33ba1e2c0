// A state machine's table as plain names, and its page for docs/machines/ as Markdown.
//
// Free of Boost: machine headers forward-declare MachineDoc, their .cc files fill it with DocOf
// (table_doc.h). For documentation, tests and tools only; nothing decides by these names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kinfolder {

// All names are short: phase kIdle is "Idle". They point into static storage.
struct DocRow {
  std::string_view source;
  std::string_view event;
  std::string_view target;  // the source when the row stays
  std::string_view action;  // "" for none
  std::string guard;        // "" for none; "asked_again", "not asked_again", "a and not b"
  bool stays = false;       // the row has no target

  friend bool operator==(const DocRow&, const DocRow&) = default;
};

struct DocIgnored {
  std::string_view phase;
  std::string_view event;
  std::string_view reason;

  friend bool operator==(const DocIgnored&, const DocIgnored&) = default;
};

struct MachineDoc {
  std::string_view name;     // the page is docs/machines/<name>.md
  std::string_view title;    // one line
  std::string_view purpose;  // one paragraph
  std::string_view initial;
  std::vector<std::string_view> phases;  // in the order of their numbers
  std::vector<std::string_view> events;
  std::vector<std::string_view> finals;  // phases that are never left
  std::vector<DocRow> rows;              // as in the table: of one pair, the last is tried first
  std::vector<DocIgnored> ignored;

  friend bool operator==(const MachineDoc&, const MachineDoc&) = default;
};

// A stateDiagram-v2 without the fence around it. Ends with a newline, like all of these.
std::string MermaidDiagram(const MachineDoc& doc);

// Phase x event as a Markdown table. Of the rows for one pair, the one tried first stands first.
// Ignored pairs name the number of their reason in IgnoredReasons.
std::string PhaseEventMatrix(const MachineDoc& doc);

// The reasons as a numbered Markdown list, each once. Empty when nothing is ignored.
std::string IgnoredReasons(const MachineDoc& doc);

// The whole page.
std::string MachinePage(const MachineDoc& doc);

}  // namespace kinfolder
