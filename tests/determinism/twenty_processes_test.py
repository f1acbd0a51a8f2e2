"""The same script and seed give the same run: in twenty processes with address space randomisation on, from other
folders, with other environments, in other builds, and on every machine."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PROGRAM = os.environ.get("SYSLAB_PROGRAM", str(ROOT / "build" / "release" / "syslab"))

# What the scripts print first, the world's digest, for their default seed. Provenance: the release build of the commit
# that last changed them; a change of the library that moves them must mean to.
GOLDEN = {
    "five_nodes.lua": "42c039f01e4f403c",
    "fleet.lua": "d85ccfde638adc40",
}


def run(program, script, folder, extra):
    environment = dict(os.environ, **extra)
    environment.setdefault("ASAN_OPTIONS", "detect_leaks=0")
    done = subprocess.run([program, "run", str(script)], cwd=folder, env=environment, capture_output=True, text=True,
                          timeout=280)
    if done.returncode != 0:
        sys.exit(f"{program} run {script} failed with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def main():
    failures = []
    # Programs of other builds to compare with, as paths: SYSLAB_OTHERS="build/dev/syslab build/asan/syslab".
    others = [pathlib.Path(p).resolve() for p in os.environ.get("SYSLAB_OTHERS", "").split()]
    with tempfile.TemporaryDirectory() as other:
        for name, golden in sorted(GOLDEN.items()):
            script = HERE / name
            copy = pathlib.Path(other) / name
            shutil.copy(script, copy)
            first = run(PROGRAM, name, HERE, {})
            outputs = {}
            for i in range(20):
                # The size of the environment moves the stack; half of the runs start elsewhere, on a copy.
                folder = HERE if i % 2 else other
                environment = {"PADDING": "x" * (97 * i), "LC_ALL": "C" if i % 3 else "C.UTF-8"}
                outputs[f"process {i}"] = run(PROGRAM, name, folder, environment)
            for program in others:
                outputs[str(program)] = run(str(program), name, HERE, {})
            for where, output in outputs.items():
                if output != first:
                    failures.append(f"{name}: {where} printed\n  {output}  instead of\n  {first}")
            digest = first.split()[0]
            if digest != golden:
                failures.append(f"{name}: the digest is {digest}, the golden one {golden}")
            if run(PROGRAM, f"{name}", HERE, {}).split()[0] == run_seed(script, 43):
                failures.append(f"{name}: another seed gives the same run")
    for failure in failures:
        print(failure)
    verdict = "FAILED" if failures else "all equal"
    print(f"{len(GOLDEN)} scripts in 20 processes and {len(others)} other builds: {verdict}")
    return 1 if failures else 0


def run_seed(script, seed):
    done = subprocess.run([PROGRAM, "run", str(script), str(seed)], capture_output=True, text=True, timeout=280,
                          check=True)
    return done.stdout.split()[0]


if __name__ == "__main__":
    sys.exit(main())
