"""The table of scores, through a worker: `python evaluate.py [--clips N] [--calls N] [--pictures N] [OPTIONS OF ai-server run]`.

Starts `./ai-server run` with the options that follow (none: the project's own small models), sends held-out speech, calls and
picture orders through its queues, prints a table in Markdown, and stops the worker. With REDIS_URL set a worker that is
already running there is asked instead, and options for one are refused. 0 leaves a kind out.
"""
import argparse
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
START, STOP = 600, 60  # seconds for the worker's first word, a build included, and for its end


def start_worker(options, log):
    """The launcher's process and the URL of the redis-server that it brought along."""
    process = subprocess.Popen([ROOT / "ai-server", "run", *options], stdout=log, stderr=log, env={**os.environ, "AISERVER_LOG": "INFO"})
    try:
        end = time.time() + START
        while time.time() < end and process.poll() is None:
            text = pathlib.Path(log.name).read_text("utf-8", "replace")
            found = re.search(r"a redis-server of our own at (\S+)", text)
            if found and "worker started" in text:
                return process, found[1]
            time.sleep(0.2)
        sys.exit(f"the worker did not start:\n{pathlib.Path(log.name).read_text('utf-8', 'replace')[-2000:]}")
    except BaseException:  # an interrupt, too: nobody else knows the process yet
        stop(process)
        raise


def stop(process):
    process.terminate()
    try:
        process.wait(STOP)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def rows_of(folder, *arguments):
    done = subprocess.run([sys.executable, "through_worker.py", *map(str, arguments)], cwd=HERE / folder, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"{folder}: the scores could not be taken")
    return json.loads(done.stdout.splitlines()[-1])


def table(rows):
    lines = ["| model | score | measured | goal | of |", "|---|---|---|---|---|"]
    for row in rows:
        goal = "" if row["goal"] is None else f"{'≤' if row['better'] == 'less' else '≥'} {row['goal']:.0%}"
        lines.append(f"| {row['model']} | {row['score']} | {row['value']:.1%} | {goal} | {row['of']} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=25)
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--pictures", type=int, default=40)
    parser.add_argument("--picture-work", type=pathlib.Path, default=HERE / "picture", help="folder of the classifier; default: the one that is here")
    args, options = parser.parse_known_args()
    if args.pictures and not (args.picture_work / "classifier.pt").exists():
        sys.exit(f"{args.picture_work}/classifier.pt is missing: train it there (training/README.md, Pictures), or leave pictures out with --pictures 0")
    url, process = os.environ.get("REDIS_URL"), None
    if url and options:
        sys.exit(f"REDIS_URL names a worker that runs already: {' '.join(options)} would not reach it")
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # so that what is below is left in order
    with tempfile.NamedTemporaryFile("w", suffix=".log") as log:
        try:
            if not url:
                process, url = start_worker(options, log)
            rows = rows_of("speech", url, "--count", args.clips) if args.clips else []
            rows += rows_of("language", url, "--calls", args.calls) if args.calls else []
            rows += rows_of("picture", url, "--work", args.picture_work.resolve(), "--count", args.pictures) if args.pictures else []
        finally:
            if process:
                stop(process)
    print(table(rows))


if __name__ == "__main__":
    main()
