"""Carries out docs/adding_a_component.md in a copy of the tree: its files are written, the program is built, the
blocks are run. Nothing but new files and the generated ones may differ afterwards.

The copy is configured like the build under test and takes over the object files of the sources that it shares with it;
so only the new files are compiled, and the test takes seconds, not minutes.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
PAGE = "docs/adding_a_component.md"
GENERATED = {"docs/reference.md", "lua/types/syslab.lua"}
KEPT = ("core", "bindings", "lua", "labs", "tests", "docs", "CMakeLists.txt", "CMakePresets.json", "LICENSE",
        "README.md")

# Stands before each compiler call: takes the object file from the other build if its source is there too and older.
LAUNCHER = """#!/usr/bin/env python3
import os, shutil, sys
build, root, command = sys.argv[1], sys.argv[2], sys.argv[3:]
if "-o" in command and "-c" in command:
    target, source = command[command.index("-o") + 1], command[command.index("-c") + 1]
    made = os.path.join(build, target)
    original = os.path.join(root, os.path.relpath(source, os.path.join(os.path.dirname(sys.argv[0]), "tree")))
    if (target.endswith(".o") and os.path.exists(original) and os.path.exists(made)
            and os.path.getmtime(made) >= os.path.getmtime(original)):
        shutil.copyfile(made, target)
        if "-MF" in command:
            with open(command[command.index("-MF") + 1], "w") as dependencies:
                dependencies.write(target + ":\\n")
        sys.exit(0)
os.execvp(command[0], command)
"""


def cached(build, *names):
    """-DNAME=VALUE for what the build under test was configured with."""
    settings = {}
    with open(os.path.join(build, "CMakeCache.txt"), encoding="utf-8") as cache:
        for line in cache:
            match = re.match(r"(\w+):\w+=(.*)$", line)
            if match:
                settings[match.group(1)] = match.group(2)
    return [f"-D{name}={settings[name]}" for name in names if name in settings]


def fingerprints(tree):
    found = {}
    for folder, _, files in os.walk(tree):
        for name in files:
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, tree)] = hashlib.sha256(file.read()).hexdigest()
    return found


def run(command, **more):
    done = subprocess.run(command, capture_output=True, text=True, **more)
    if done.returncode != 0:
        sys.exit(f"failed: {' '.join(command)}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
    return done.stdout


def check(what, ok, shown=""):
    print(("ok    " if ok else "FAIL  ") + what + ("" if ok else f"\n{shown}"))
    if not ok:
        sys.exit(1)


def main():
    build = os.environ.get("SYSLAB_BUILD_DIR", os.path.join(ROOT, "build", "release"))
    if not shutil.which("cmake") or not os.path.exists(os.path.join(build, "CMakeCache.txt")):
        print("skipped: no cmake, or no build to take object files from")
        return 77
    with open(os.path.join(ROOT, PAGE), encoding="utf-8") as file:
        page = file.read()
    files = re.findall(r"^`([\w/.]+)`:\n\n```\w+\n(.*?)^```$", page, re.M | re.S)
    scripts = re.findall(r"^```lua\n((?:(?!```).)*?return[^\n]*?)--> ([^\n]*)\n```$", page, re.M | re.S)
    check("the page names files and scripts", len(files) >= 5 and len(scripts) >= 2, f"{files}\n{scripts}")

    with tempfile.TemporaryDirectory(prefix="syslab-recipe-") as folder:
        tree, out = os.path.join(folder, "tree"), os.path.join(folder, "build")
        os.mkdir(tree)
        for name in KEPT:
            source = os.path.join(ROOT, name)
            if os.path.isdir(source):
                shutil.copytree(source, os.path.join(tree, name), ignore=shutil.ignore_patterns("__pycache__"))
            elif os.path.exists(source):
                shutil.copy2(source, tree)
        before = fingerprints(tree)
        for path, text in files:
            check(f"{path} is new", path not in before)
            os.makedirs(os.path.dirname(os.path.join(tree, path)), exist_ok=True)
            with open(os.path.join(tree, path), "w", encoding="utf-8") as file:
                file.write(text)

        launcher = os.path.join(folder, "launcher.py")
        with open(launcher, "w", encoding="utf-8") as file:
            file.write(LAUNCHER)
        os.chmod(launcher, 0o755)
        with_tests = os.path.exists(os.path.join(build, "tests", "syslab_tests"))
        run(["cmake", "-S", tree, "-B", out, "-G", "Ninja", f"-DCCACHE={launcher};{build};{ROOT}",
             "-DSYSLAB_BENCH=OFF", f"-DSYSLAB_TESTS={'ON' if with_tests else 'OFF'}",
             *cached(build, "CMAKE_BUILD_TYPE", "CMAKE_CXX_COMPILER", "SYSLAB_ASAN", "SYSLAB_WERROR",
                     "SYSLAB_READLINE", "CMAKE_HAVE_LIBC_PTHREAD")])
        targets = ["syslab", "syslab_tests"] if with_tests else ["syslab"]
        run(["cmake", "--build", out, "--target", *targets])

        program = os.path.join(out, "syslab")
        environment = dict(os.environ, SYSLAB_HOME=tree, COLUMNS="100")
        for script, expected in scripts:
            code = "print((function() " + script + " end)())"
            printed = run([program, "-e", code], env=environment)
            check(f"a script prints {expected}", expected in printed, printed)
        for path, text in files:
            if path.endswith("_test.lua"):
                run([program, "run", os.path.join(tree, path)], env=environment)
                check(f"{path} passes", True)
            elif path.startswith("bindings/"):
                name = re.search(r'\.name = "([\w.]+)"', text).group(1)
                family, stem = name.split(".")
                printed = run([program, "help", f"lab.{name}"], env=environment)
                check(f"help explains lab.{name}", f"lab.{name}{{" in printed, printed)
                printed = run([program, "help", f"lab.{family}"], env=environment)
                check(f"help lists it in lab.{family}", f"lab.{name}" in printed, printed)
                if with_tests:
                    run([os.path.join(out, "tests", "syslab_tests"), f"[{stem}],[{family}][conformance]"],
                        env=environment)
                    check(f"the tests of {stem} and the conformance test of {family} pass", True)
        for path, name in (("docs/reference.md", "reference"), ("lua/types/syslab.lua", "annotations")):
            text = run([program, "help", name], env=environment)
            with open(os.path.join(tree, path), "w", encoding="utf-8") as file:
                file.write(text)
        run([program, "run", os.path.join(tree, "tests/docs/reference_test.lua")], env=environment)
        check("the reference written anew passes its test", True)

        after = fingerprints(tree)
        changed = {path for path in before if after.get(path) != before[path]}
        check("no file that somebody wrote has changed", changed <= GENERATED, sorted(changed))
        check("only the files of the page are new", set(after) - set(before) == {path for path, _ in files},
              sorted(set(after) - set(before)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
