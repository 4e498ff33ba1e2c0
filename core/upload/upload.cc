#include "core/upload/upload.h"

#include "core/table_doc/elsewhere.h"
#include "core/table_doc/machine.h"
#include "core/table_doc/table_doc.h"

namespace kinfolder {
namespace {

using P = UploadPhase;
using E = UploadEvent;
using A = UploadAction;

constexpr auto UploadElsewhere() {
  return std::to_array<Elsewhere<P, E>>({
      {E::kWork, "Under way already, or waiting for its time.", {P::kIdle}},
      {E::kUploaded, "No such answer is awaited here.", {P::kUploading}},
      {E::kFailed, "No such answer is awaited here.", {P::kUploading}},
      {E::kDropped, "Nothing was under way.", {P::kUploading, P::kWaiting}},
      {E::kRetryDue, "A timer of work that has ended.", {P::kWaiting}},
  });
}

struct UploadTable : MachineTable<UploadTable, NoFacts, UploadAction> {
  static constexpr std::string_view kName = "upload";
  static constexpr std::string_view kTitle = "Publishing the local snapshots of one path";
  static constexpr std::string_view kPurpose =
      "Sends the local snapshots of one path to the store, oldest first, parents before children. "
      "A crash leaves at worst an upload that nothing refers to.";
  using initial_state = In<P::kIdle>;

  // clang-format off
  using transition_table = Rows<
  //   Source              Event               Target              Action
  Row< In<P::kIdle>      , On<E::kWork>      , In<P::kUploading> , Do<A::kUpload>  >,
  // ----
  Row< In<P::kUploading> , On<E::kUploaded>  , In<P::kIdle>      , Do<A::kPublish> >,
  Row< In<P::kUploading> , On<E::kFailed>    , In<P::kWaiting>   , Do<A::kBackOff> >,
  Row< In<P::kUploading> , On<E::kDropped>   , In<P::kIdle>      , none            >,
  // ----
  Row< In<P::kWaiting>   , On<E::kRetryDue>  , In<P::kUploading> , Do<A::kUpload>  >,
  Row< In<P::kWaiting>   , On<E::kDropped>   , In<P::kIdle>      , none            >
  >;
  // clang-format on

  static constexpr auto kIgnored = ExpandElsewhere<UploadElsewhere>();
};
static_assert(TableIsComplete<UploadTable>());

}  // namespace

StepResult<UploadAction> StepUpload(UploadPhase& phase, UploadEvent event) {
  return StepMachine<UploadTable>(phase, event, NoFacts{});
}

MachineDoc UploadMachineDoc() { return DocOf<UploadTable>(); }

}  // namespace kinfolder
