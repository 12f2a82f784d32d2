"""A client of the worker's queues, for scores that go the whole way: LPUSH of a job, the result from its key."""
import base64
import io
import json
import time
import uuid
import wave

import numpy as np
import redis

IN_FLIGHT = 4  # jobs handed over at a time, so that the worker's queue never looks overloaded
POLL, PATIENCE = 0.02, 1800  # seconds


class JobFailed(Exception):
    """The worker answered with an error; the message has its code."""


class Worker:
    def __init__(self, url):
        self.redis = redis.Redis.from_url(url)

    def submit(self, kind, payload):
        job = {"request_id": f"score-{uuid.uuid4()}", "task_type": kind, "payload": payload}
        self.redis.lpush(f"ai:queue:{kind}", json.dumps(job, ensure_ascii=False))
        return job["request_id"]

    def result(self, request):
        """The job's result as a dictionary."""
        end = time.time() + PATIENCE
        while time.time() < end:
            text = self.redis.get(f"ai:result:{request}")
            if text:
                reply = json.loads(text)
                if reply["status"] != "success":
                    raise JobFailed(f"{reply['task_type']}: {reply['error']['code']}: {reply['error']['message']}")
                return reply["result"]
            time.sleep(POLL)
        raise JobFailed(f"no answer to {request} in {PATIENCE} s")

    def results(self, kind, payloads):
        """The results in order, with a few jobs under way at a time."""
        waiting = []
        for payload in payloads:
            waiting.append(self.submit(kind, payload))
            if len(waiting) == IN_FLIGHT:
                yield self.result(waiting.pop(0))
        for request in waiting:
            yield self.result(request)

    def ask(self, kind, payload):
        return self.result(self.submit(kind, payload))


def wav(samples, rate=16000):
    """Base64 of a 16-bit WAV file; samples are floats in -1..1."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes((np.clip(samples, -1, 1) * 32767).round().astype("<i2").tobytes())
    return base64.b64encode(file.getvalue()).decode()
