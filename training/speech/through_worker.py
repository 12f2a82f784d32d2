"""The scores of evaluate.py taken through a running worker: `python through_worker.py REDIS_URL --count 25`.

The worker decodes the file, gates silence, chooses its window and answers text and language, with whatever model it has.
Prints a JSON list of rows: name, goal, value, number of clips.
"""
import argparse
import json
import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))
import evaluate
from worker import Worker, wav

GOALS = {"Korean, clean": 0.01, "Korean names and numbers, clean": 0.03, "Korean, noise and codec": 0.08, "English, clean": 0.05, "Japanese, clean": 0.05}


class ThroughWorker:
    """An engine as evaluate.score knows it; window and timestamps are the worker's own choice."""

    def __init__(self, url):
        self.worker = Worker(url)

    def transcribe(self, wave, language=None, audio_ctx=0, timestamps=False, prompt=None):
        heard = self.worker.ask("stt", {"audio_bytes": wav(wave), "filename": "clip.wav", "mime_type": "audio/wav", "language": language})
        return heard["text"], heard["language"], heard["segments"], []


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("--count", type=int, default=25, help="clips per language; twice as many per Korean line")
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    results = evaluate.score(ThroughWorker(args.url), args.count, args.seed, short=True, timestamps=False)
    rows = [{"model": "speech", "score": f"character error, {name}", "goal": GOALS[name], "better": "less", "value": row["error"], "of": row["clips"]}
            for name, row in results.items() if "error" in row]
    rows += [{"model": "speech", "score": name, "goal": 0.98, "better": "more", "value": row["share"], "of": row["clips"]}
             for name, row in results.items() if "share" in row]
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
