"""Each rule of tidy.py catches a canary: a net that has never caught anything proves nothing."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
import tidy

HEADER = "// What it is.\n#pragma once\n"

# (what the finding must say, the files that must cause it)
CANARIES = [
    ("may not include core/sim", {"core/cache/a.cpp": '#include "core/sim/world.hpp"\n'}),
    ("may not include core/limit", {"core/cache/a.cpp": '#include "core/limit/gcra.hpp"\n'}),
    ("may not include core/observe", {"core/base/a.cpp": '#include "core/observe/trace.hpp"\n'}),
    ("may not include core/live", {"core/sim/a.cpp": '#include "core/live/port.hpp"\n'}),
    ("the layers point down", {"core/base/a.cpp": '#include "bindings/host/object.hpp"\n'}),
    ("core knows no Lua", {"core/base/a.cpp": "#include <lua.h>\n"}),
    ("include the parts", {"core/live/a.cpp": "#include <boost/asio.hpp>\n"}),
    ("core/live", {"core/sim/a.cpp": "#include <boost/asio/steady_timer.hpp>\n"}),
    ("handlers, not threads", {"core/queue/a.cpp": "#include <mutex>\n"}),
    ("path from the root", {"core/base/a.cpp": '#include "time.hpp"\n'}),
    ("Rng::split", {"core/base/a.cpp": "int a = std::random_device{}();\n"}),
    ("Rng::split", {"tests/base/a_test.cpp": "std::mt19937 engine;\n"}),
    ("Rng::split", {"core/base/a.cpp": "int a = rand() % 6;\n"}),
    ("distributions are ours", {"core/base/a.cpp": "std::uniform_int_distribution<int> dice;\n"}),
    ("no wall clock", {"core/sim/a.cpp": "auto a = std::chrono::steady_clock::now();\n"}),
    ("no wall clock", {"bindings/cache/a.cpp": "auto a = time(nullptr);\n",
                       "tests/cache/a_test.cpp": "\n"}),
    ("use core/hash", {"core/cache/a.cpp": "auto h = std::hash<int>{}(1);\n"}),
    ("swallows Lua errors", {"bindings/host/a.cpp": "void f() { try { g(); } catch ( ... ) {} }\n"}),
    ("exact_math", {"core/workload/a.cpp": "double a = std::pow(b, c);\n"}),
    ("SYSLAB_ASSERT", {"core/base/a.cpp": "void f() { assert(true); }\n"}),
    ("no terminal", {"core/base/a.cpp": "void f() { std::cout << 1; }\n"}),
    ("name what you use", {"core/base/a.cpp": "using namespace std;\n"}),
    ("order of 'all_'", {"core/cache/a.hpp": HEADER + "std::unordered_map<int, std::vector<int>> all_;\n",
                         "core/cache/a.cpp": "void f() { for (auto& [k, v] : all_) g(k); }\n"}),
    ("is a type of core/cache/a.hpp already", {
        "core/cache/a.hpp": HEADER + "namespace syslab {\nstruct Coin {\n};\n}\n",
        "core/limit/b.hpp": HEADER + "namespace syslab {\nenum class Coin : int { heads };\n}\n"}),
    ("#pragma once", {"core/base/a.hpp": "// What it is.\n"}),
    ("begins with a comment", {"core/base/a.hpp": "#pragma once\n"}),
    ("says nothing", {"core/base/string_utils.hpp": HEADER}),
    ("write an issue", {"lua/a.lua": "-- TO" "DO: the rest\n"}),
    ("one machine", {"tests/a.sh": "cd /wo" "rk/main\n"}),
    ("121 columns", {"core/base/a.cpp": "//" + "x" * 119 + "\n"}),
    ("spaces at the end", {"core/base/a.cpp": "int a; \n"}),
    ("a tab", {"lua/a.lua": "\tprint(1)\n"}),
    ("has no end", {"core/base/a.cpp": "int a;"}),
    ("has no test", {"bindings/cache/sieve.cpp": "const Component sieve{{\n"}),
    ("failures go unseen", {"tests/cache/a_test.lua": "t.summary()\n"}),
    ("leads nowhere", {"README.md": "[style](docs/stile.md)\n"}),
    ("no page links here", {"docs/lost.md": "# Lost\n"}),
]

# What looks like a finding and is none.
INNOCENT = {
    "core/cache/a.hpp": HEADER + '#include "core/hash/hash64.hpp"\n#include "core/base/time.hpp"\n#include <span>\n',
    "core/cache/b.hpp": HEADER + "namespace syslab::program {\nclass Coin {\n};\nclass Other;\n}\n",
    "core/cache/c.hpp": HEADER + "namespace syslab {\nclass Coin final : public Face {\n};\nclass Other;\n}\n",
    "core/live/a.cpp": '#include <boost/asio/ip/tcp.hpp>\n#include "core/sim/world.hpp"\n',
    "core/base/a.cpp": '// rand() and std::hash are banned.\nauto text = "catch (...)";\n'
                       'static_assert(sizeof(int) == 4);\n'
                       'auto more = R"x(std::cout << time(NULL))x";\nchar quote = \'"\';\nint million = 1\'000\'000;\n',
    "core/base/b.cpp": "std::unordered_set<int> seen;\nbool f(int a) { return seen.contains(a); }\n"
                       "int sum() { int s = 0; for (int a : seen) s += a; return s; }  // any order: a sum\n",
    "core/base/c.cpp": "double f(double x) { return std::sqrt(x); }\nInstant g() { return env.time(); }\n",
    "bindings/cache/sieve.cpp": "#include <lua.h>\nconst Component sieve{{}};\n",
    "bindings/cache/key.cpp": "\n",
    "tests/cache/conformance_test.cpp": "\n",
    "README.md": "[sources](core) [style](docs/style.md#names) [web](https://example.org)\n",
    "docs/style.md": "# Style\n",
}


class Canaries(unittest.TestCase):
    def test_every_canary_is_caught_once_and_alone(self):
        for wanted, tree in CANARIES:
            with self.subTest(wanted):
                found = tidy.findings(tree)
                self.assertEqual(1, len(found), found)
                self.assertIn(wanted, found[0])

    def test_the_innocent_pass(self):
        self.assertEqual([], tidy.findings(INNOCENT))


if __name__ == "__main__":
    unittest.main()
