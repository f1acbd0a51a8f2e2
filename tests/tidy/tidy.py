"""Style as a test: reads the sources and says, for each thing we do not do, what to write instead.

    python3 tests/tidy/tidy.py [FOLDER]

Prints one line for each finding (path:line: message) and exits with 1 if there is one. tree_test.py runs it over this
checkout; canary_test.py proves that each rule can find something. A rule that is wrong in your case is changed here,
in the open, with a sentence why.
"""

import os
import re
import sys

# ---- Who may include whom ------------------------------------------------------------------------------------------

# Below every folder of core/: what it may include. A folder that is not named is a family.
LAYERS = {
    "base": set(),
    "observe": {"base"},
    "runtime": {"base", "observe"},
    "sim": {"base", "observe", "runtime"},
    "live": {"base", "observe", "runtime", "sim"},
}
FAMILY = {"base", "observe", "runtime"}
EDGES = {"sketch": {"hash"}, "cache": {"hash", "sketch"}, "shard": {"hash", "replicate", "sketch"}, "balance": {"hash"},
         "stream": {"hash", "replicate"},  # shards go by MD5; the brokers' controller is elected, and kept, by Raft
         "store": {"hash", "sketch"},  # ETags are MD5s, documents go to shards by Murmur3; LSM trees have Bloom filters
         "replicate": {"hash"},  # leaderless stores place keys on a ring
         "workload": {"hash"}}  # the ids of a recorded trace may be text, and are hashed

# Headers from outside that only some folders may see.
OUTSIDE = [
    (r"lua\.h|lua\.hpp|lauxlib\.h|lualib\.h|luajit\.h", ("bindings/", "tests/"),
     "core knows no Lua; bind it in bindings/"),
    (r"boost/asio\.hpp", (), "the whole of Asio costs seconds; include the parts"),
    (r"boost/asio/.*", ("core/live/",), "sockets and real time live in core/live"),
    (r"readline/.*", ("bindings/program/",), "line editing is behind bindings/program/line_source.hpp"),
    (r"CLI/.*", ("bindings/program/",), "the command line is read in bindings/program"),
    # Replays of one trace through many caches share nothing, so their results do not depend on the threads; nor can be
    # seen which thread judged a key of a history.
    (r"thread|mutex|condition_variable|future",
     ("core/live/", "bindings/program/", "core/cache/replay_all.cpp", "core/check/parallel.cpp", "tests/"),
     "handlers, not threads: state has one owner"),
]

# ---- What not to write, and what instead ---------------------------------------------------------------------------

CPP = (".cpp", ".hpp")
ENGINE = ("core/", "bindings/")
REAL_TIME = ("core/live/", "bindings/program/", "tests/bench/")

# (pattern in code without comments and strings, folders it counts in, folders it is allowed in, what instead)
BANNED = [
    (r"\bstd::(random_device|mt19937(_64)?|minstd_rand0?|default_random_engine)\b|\bs?rand\s*\(|\b[dlm]rand48\s*\(",
     ("",), (), "randomness comes from Rng::split(\"name\") (core/base/rng.hpp)"),
    (r"\bstd::\w+_distribution\b", ("",), (), "distributions are ours, equal everywhere (core/base/distribution.hpp)"),
    (r"\b(system_clock|steady_clock|high_resolution_clock|gettimeofday|clock_gettime)\b|"
     r"\btime\s*\(\s*(NULL|nullptr|0)\s*\)",
     ENGINE + ("tests/",), REAL_TIME, "time is an argument (Instant now) or Env's; no wall clock"),
    (r"\bstd::hash\b", ENGINE, (), "std::hash differs between libraries; use core/hash"),
    (r"\bcatch\s*\(\s*\.\.\.\s*\)", ("",), (), "it swallows Lua errors; catch std::exception"),
    (r"\bstd::(exp|exp2|expm1|log|log2|log10|log1p|pow|sin|cos|tan|asin|acos|atan2?|sinh|cosh|tanh|cbrt|tgamma|lgamma|"
     r"hypot|erfc?)\s*\(", ("core/",), (),
     "the C library's rounding differs between machines; use core/base/exact_math.hpp"),
    (r"(?<![_:\w])assert\s*\(", ENGINE, (), "SYSLAB_ASSERT stays on in release builds (core/base/assert.hpp)"),
    (r"\bstd::(cout|cerr|clog)\b|(?<!\w)f?printf\s*\(", ("core/",), ("core/base/assert.cpp",),
     "core has no terminal; return the text"),
    (r"\busing\s+namespace\s+std\s*;", ("",), (), "name what you use"),
]

VAGUE_NAMES = {"util", "utils", "misc", "other", "common", "helper", "helpers", "stuff", "v0", "new", "old"}
LATER = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
MACHINE_PATH = re.compile(r"(?<![\w.])/(work|home|root)/|\.\./shared(?!/data)")
LINE_MAX = 120
TEXT = CPP + (".lua", ".py", ".sh", ".bash", ".txt", ".md", ".scd", ".cmake", ".json")
SKIPPED_FOLDERS = {".git", "build", ".cache", "vendor", "__pycache__"}
TIDY = "tests/tidy/"  # Its own sources name everything that is banned.


def without_comments_and_strings(text):
    """C++ code with the inside of comments, strings and characters blanked; lines and columns stay."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|R"(?P<d>[^()\s\\]{0,16})\(.*?\)(?P=d)"|"(?:\\.|[^"\\\n])*"'
                         r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'", re.S)
    return pattern.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def starts_with(path, folders):
    return any(path.startswith(folder) for folder in folders)


# ---- The rules: each takes the tree {path: text} and yields (path, line, message) ----------------------------------

def includes_point_down(tree):
    for path, text in tree.items():
        if not path.endswith(CPP) or path.startswith(TIDY):
            continue
        for match in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*[<"]([^>"]+)[>"]', text, re.M):
            header, line = match.group(1), line_of(text, match.start())
            for pattern, allowed, instead in OUTSIDE:
                if re.fullmatch(pattern, header) and not starts_with(path, allowed):
                    yield path, line, f"<{header}> is not for here: {instead}"
            top, _, rest = header.partition("/")
            if path.startswith("core/") and top in ("bindings", "tests", "lua"):
                yield path, line, f"core does not include {header}: the layers point down"
            elif path.startswith("bindings/") and top == "tests":
                yield path, line, f"bindings do not include {header}"
            elif path.startswith("core/") and top == "core":
                here, there = path.split("/")[1], rest.split("/")[0]
                allowed = LAYERS.get(here, FAMILY | EDGES.get(here, set()))
                if here != there and there not in allowed:
                    yield path, line, (f"core/{here} may not include core/{there}; "
                                       f"it may include: {', '.join(sorted(allowed)) or 'nothing'}")
            elif '"' in match.group(0) and top not in ("core", "bindings", "tests"):
                yield path, line, f'write the path from the root: "core/...", not "{header}"'


def banned_names(tree):
    for path, text in tree.items():
        if not path.endswith(CPP) or path.startswith(TIDY):
            continue
        code = without_comments_and_strings(text)
        for pattern, where, allowed, instead in BANNED:
            if not starts_with(path, where) or starts_with(path, allowed):
                continue
            for match in re.finditer(pattern, code):
                yield path, line_of(code, match.start()), f"no '{match.group().strip()}': {instead}"


def no_walk_over_unordered(tree):
    """Walking a hash table gives an order that is the library's. A walk whose result cannot depend on the order says so
    in a comment with the words 'any order' on its line."""
    declared = re.compile(r"\bstd::unordered_(?:multi)?(?:map|set)\b[^;()=]*?[>\s](\w+)\s*(?:;|=|\{)")
    for path, text in tree.items():
        if not path.endswith(CPP) or not starts_with(path, ENGINE):
            continue
        code = without_comments_and_strings(text)
        names = set(declared.findall(code))
        if path.endswith(".cpp"):
            names |= set(declared.findall(without_comments_and_strings(tree.get(path[:-3] + "hpp", ""))))
        lines = text.split("\n")
        for name in sorted(names):
            walk = rf"for\s*\([^;()]*:\s*(?:this->)?{name}\s*\)|(?<![\w.>]){name}\.c?begin\s*\("
            for match in re.finditer(walk, code):
                line = line_of(code, match.start())
                if "any order" not in lines[line - 1]:
                    yield path, line, (f"the order of '{name}' is the library's: keep a sorted or linked order, "
                                       f"or say '// any order: why' on this line")


def types_have_one_header(tree):
    """Two types of one name in one namespace are undefined behaviour as soon as one program holds both, and no compiler
    says so."""
    seen = {}
    for path, text in sorted(tree.items()):
        if not path.endswith(".hpp") or not starts_with(path, ENGINE):
            continue
        code = without_comments_and_strings(text)
        namespace = re.search(r"^namespace ([\w:]+) \{", code, re.M)
        for match in re.finditer(r"^(?:struct|class|enum class) (\w+)(?: final)?(?:\s*:[^{;]*)?\s*\{", code, re.M):
            name = (namespace and namespace.group(1), match.group(1))
            if name in seen:
                yield path, line_of(code, match.start()), f"{match.group(1)} is a type of {seen[name]} already"
            seen.setdefault(name, path)


def headers_are_contracts(tree):
    for path, text in tree.items():
        if path.endswith(".hpp"):
            if not re.search(r"^#pragma once$", text, re.M):
                yield path, 1, "a header begins with '#pragma once' after its comment"
            if starts_with(path, ENGINE) and not text.startswith("// "):
                yield path, 1, "a header begins with a comment: what it is, units, cost, errors, paper"


def names_say_something(tree):
    for path in tree:
        for part in re.split(r"[/._]", path):
            if part in VAGUE_NAMES:
                yield path, 1, f"'{part}' says nothing: name the file after what is in it"


def nothing_left_for_later(tree):
    for path, text in tree.items():
        if path.startswith(TIDY):
            continue
        for match in LATER.finditer(text):
            yield path, line_of(text, match.start()), f"'{match.group()}': do it, or write an issue"
        for match in MACHINE_PATH.finditer(text):
            yield path, line_of(text, match.start()), f"'{match.group()}' is a place on one machine"


def lines_are_plain(tree):
    for path, text in tree.items():
        if text and not text.endswith("\n"):
            yield path, text.count("\n") + 1, "the last line has no end"
        for number, line in enumerate(text.split("\n"), 1):
            # lua/types is generated, and an annotation is one line.
            if len(line) > LINE_MAX and not path.endswith((".md", ".json")) and not path.startswith("lua/types/"):
                yield path, number, f"{len(line)} columns; {LINE_MAX} are enough"
            if line != line.rstrip() and not path.endswith(".md"):
                yield path, number, "spaces at the end of the line"
            if "\t" in line and not path.endswith(".scd"):
                yield path, number, "a tab; indent with spaces"


def components_are_tested(tree):
    """A component in bindings/<family>/<stem>.cpp has tests/<family>/<stem>_test, or its family a conformance test."""
    for path, text in tree.items():
        match = re.fullmatch(r"bindings/(\w+)/(\w+)\.cpp", path)
        if not match or not re.search(r"^const Component \w+", text, re.M):
            continue
        family, stem = match.groups()
        tests = [f"tests/{family}/{name}_test.{kind}" for name in (stem, "conformance") for kind in ("cpp", "lua")]
        if not any(test in tree for test in tests):
            yield path, 1, f"has no test: write {tests[0]} or a conformance test for its family"


def lua_tests_tell(tree):
    for path, text in tree.items():
        if re.fullmatch(r"tests/.*_test\.lua", path) and not re.search(r"^assert\(\w+\.summary\(\)\)$", text, re.M):
            yield path, 1, "a Lua test ends with 'assert(t.summary())', or its failures go unseen"


def documents_are_connected(tree):
    """Links lead somewhere, and every page of docs/ is reached from the README."""
    linked = set()
    for path, text in tree.items():
        if not path.endswith(".md"):
            continue
        for match in re.finditer(r"\]\(([^)#\s]+)(#[^)]*)?\)", text):
            target = match.group(1)
            if re.match(r"[a-z]+:", target):
                continue
            target = os.path.normpath(os.path.join(os.path.dirname(path), target))
            linked.add(target)
            if target not in tree and not any(other.startswith(target + "/") for other in tree):
                yield path, line_of(text, match.start()), f"the link to {match.group(1)} leads nowhere"
    for path in tree:
        if re.fullmatch(r"docs/[^/]+\.md", path) and path not in linked:
            yield path, 1, "no page links here: mention it in README.md"


RULES = [includes_point_down, banned_names, no_walk_over_unordered, types_have_one_header, headers_are_contracts,
         names_say_something, nothing_left_for_later, lines_are_plain, components_are_tested, lua_tests_tell,
         documents_are_connected]


def read_tree(root):
    tree = {}
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in SKIPPED_FOLDERS)
        for name in sorted(files):
            path = os.path.relpath(os.path.join(folder, name), root)
            if name.endswith(TEXT) or name in ("syslab", "run", "LICENSE"):
                with open(os.path.join(root, path), encoding="utf-8") as file:
                    tree[path] = file.read()
    return tree


def findings(tree):
    found = []
    for rule in RULES:
        found.extend(rule(tree))
    return [f"{path}:{line}: {message}" for path, line, message in sorted(found)]


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..", "..")
    found = findings(read_tree(root))
    print("\n".join(found) if found else "tidy: nothing to say")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
