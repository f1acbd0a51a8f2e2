"""Does what docs/instructor.md and docs/grading.md say, as it is written there; only the first step, which clones and
builds, is left to tests/setup."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

PROGRAM = os.environ.get("SYSLAB_PROGRAM") or sys.exit(77)
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
work = tempfile.mkdtemp(prefix="syslab-instructor-")
tree = work + "/syslab"
for folder in ("lua", "labs", "tests/labs"):
    shutil.copytree(os.path.join(ROOT, folder), os.path.join(tree, folder))
os.makedirs(work + "/bin")
os.symlink(PROGRAM, work + "/bin/syslab")
environment = dict(os.environ, PATH=work + "/bin:" + os.environ["PATH"], SYSLAB=tree, SYSLAB_HOME=tree, HOME=work,
                   XDG_STATE_HOME=work + "/state", LANG="C.UTF-8")


def blocks(page):
    with open(os.path.join(ROOT, "docs", page), encoding="utf-8") as file:
        return re.findall(r"^```sh\n(.*?)^```", file.read(), re.M | re.S)


def run(block):
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", block], cwd=work, env=environment, capture_output=True,
                          text=True, timeout=280, check=False)
    print(block + done.stdout + done.stderr)
    assert done.returncode == 0, block
    return done.stdout


build, look, verify, make, grade, hand_out, new = blocks("instructor.md")
assert "git clone" in build
looked = run(look)
for words in ("0 of 100 points", "syslab lab replay echo mine.lua echo 1", "the last messages:", "on node server"):
    assert words in looked, words
assert "echo: verified" in run(verify)
run(make)
graded = run(grade)
assert "30 submissions, 29 graded" in graded and re.search(r"student7.lua +0 of 100  refused: it is a folder", graded)
with open(work + "/echo.jsonl", encoding="utf-8") as file:
    lines = file.read()
results = [json.loads(line) for line in lines.splitlines()]
expected = {0: 70, 1: 40, 2: 0, 3: 100, 4: 100}
for result in results:
    number = int(re.search(r"student(\d+)", result["submission"]).group(1))
    assert result["score"] == (0 if number == 7 else expected[number % 5]), result
    assert result["hidden_seeds"] == 10
run(hand_out)
with open(work + "/grades.csv", encoding="utf-8") as file:
    rows = list(csv.DictReader(file))
assert len(rows) == 30 and sum(float(row["score"]) for row in rows) == sum(result["score"] for result in results)
with open(work + "/student5.txt", encoding="utf-8") as file:
    text = file.read()
assert "70 of 100 points" in text and "hidden part" in text
with open(work + "/echo.jsonl", encoding="utf-8") as file:
    assert file.read() == lines  # going on with what is complete changes nothing
assert "counter: verified" in run(new)

# The shards on one machine together are the class, and so are those of GNU parallel where it is there.
pages = blocks("grading.md")
shards = [block for block in pages if "--shard" in block]
run(shards[0])
with open(work + "/class.jsonl", encoding="utf-8") as file:
    together = sorted((json.loads(line) for line in file), key=lambda r: r["submission"])
subprocess.run(["sh", "-c", "syslab grade echo class/*.lua --format json >alone.jsonl"], cwd=work, env=environment,
               check=True)
with open(work + "/alone.jsonl", encoding="utf-8") as file:
    assert sorted((json.loads(line) for line in file), key=lambda r: r["submission"]) == together


def whole_class():
    """The parts that a cluster has written are the class; they are removed for the next."""
    text = ""
    for name in sorted(os.listdir(work)):
        if name.startswith("part-"):
            with open(work + "/" + name, encoding="utf-8") as part:
                text += part.read()
            os.remove(work + "/" + name)
    there = sorted((dict(json.loads(line), isolation="") for line in text.splitlines()), key=lambda r: r["submission"])
    assert there == [dict(r, isolation="") for r in together], (len(there), len(together))


run("rm part-*")
parallel, slurm = shards[1:]
subprocess.run(["bash", "-n", "-c", parallel], check=True)
if shutil.which("parallel"):
    run(parallel)
    whole_class()
# The array and the job are run here as their schedulers would, one task after the other.
tasks = re.search(r"^#SBATCH --array=(\d+)-(\d+)$", slurm, re.M)
for task in range(int(tasks.group(1)), int(tasks.group(2)) + 1):
    environment["SLURM_ARRAY_TASK_ID"] = str(task)
    run(slurm)
whole_class()
with open(os.path.join(ROOT, "docs", "grading.md"), encoding="utf-8") as file:
    manifest = re.search(r"^```yaml\n(.*?)^```", file.read(), re.M | re.S).group(1)
try:
    import yaml
    job = yaml.safe_load(manifest)
    assert job["kind"] == "Job" and job["spec"]["completionMode"] == "Indexed"
    [container] = job["spec"]["template"]["spec"]["containers"]
    for index in range(job["spec"]["completions"]):
        environment["JOB_COMPLETION_INDEX"] = str(index)
        words = [word.replace("/class/", "class/") for word in container["command"] + container["args"]]
        subprocess.run(words, cwd=work, env=environment, check=True)
    for name in os.listdir(work + "/class"):
        if name.startswith("part-"):
            os.rename(work + "/class/" + name, work + "/" + name)
    whole_class()
except ImportError:
    print("no yaml here: the Kubernetes job was not tried")
run("rm class.jsonl; " + pages[-1])
run(pages[-1])
shutil.rmtree(work)
