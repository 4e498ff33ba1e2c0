"""The state machines that have a page in docs/machines/.

To add one: a line in MACHINES, then `bazel run //tests/docs:machines -- --rewrite`.
"""

# The function that returns its MachineDoc: the header that declares it. The library is the header's
# namesake: core/poll/poll.h is in //core/poll:poll.
MACHINES = {
    "CacheMachineDoc": "core/cache/cache.h",
    "CopyMachineDoc": "core/copy/copy.h",
    "DmdMachineDoc": "core/dmd/dmd.h",
    "FileMachineDoc": "core/file/file.h",
    "FolderMachineDoc": "core/folder/folder.h",
    "PollMachineDoc": "core/poll/poll.h",
    "UploadMachineDoc": "core/upload/upload.h",
}

def machine_libraries():
    """The labels of all machines' libraries, each once."""
    headers = {header: None for header in MACHINES.values()}
    return ["//" + ":".join(header[:-len(".h")].rsplit("/", 1)) for header in headers]

def _machine_list_impl(ctx):
    headers = {header: None for header in ctx.attr.machines.values()}
    lines = ["#pragma once", "", "#include <vector>", ""]
    lines += ["#include \"%s\"" % header for header in sorted(headers)]
    lines += ["#include \"core/table_doc/machine_doc.h\"", "", "namespace kinfolder {", ""]
    lines += ["inline std::vector<MachineDoc> AllMachineDocs() {", "  return {"]
    lines += ["      %s()," % function for function in sorted(ctx.attr.machines)]
    lines += ["  };", "}", "", "}  // namespace kinfolder", ""]
    ctx.actions.write(ctx.outputs.out, "\n".join(lines))

# Writes a header with AllMachineDocs(), which returns the MachineDoc of every machine.
machine_list = rule(
    implementation = _machine_list_impl,
    attrs = {
        "machines": attr.string_dict(mandatory = True),
        "out": attr.output(mandatory = True),
    },
)
