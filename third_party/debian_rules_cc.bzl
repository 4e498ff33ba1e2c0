"""Debian's rules_cc 0.0.4, made to load under Debian's Bazel 4.2.3.

Two of its files import use_cpp_toolchain, a symbol this Bazel does not have. The repository made
here is a copy in which that symbol is replaced by what it stands for.
"""

_NEEDS_CHANGE = ["cc_flags_supplier.bzl", "compiler_flag.bzl"]

def _debian_rules_cc_impl(ctx):
    copied = ctx.execute(["cp", "-rL", ctx.attr.path + "/.", "."])
    if copied.return_code != 0:
        fail("cannot copy %s; install bazel-rules-cc: %s" % (ctx.attr.path, copied.stderr))
    for name in _NEEDS_CHANGE:
        path = "cc/private/rules_impl/" + name
        text = ctx.read(path)
        text = text.replace(', "use_cpp_toolchain"', "")
        text = text.replace("use_cpp_toolchain()", '["@bazel_tools//tools/cpp:toolchain_type"]')
        ctx.file(path, text)

debian_rules_cc = repository_rule(
    implementation = _debian_rules_cc_impl,
    attrs = {"path": attr.string(default = "/usr/share/bazel/rules/cc")},
    local = True,
)
