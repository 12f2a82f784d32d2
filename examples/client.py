#!/usr/bin/env python3
"""A backend in small, in another language: pushes one job of each kind and waits for the three results.

    pip install redis
    examples/client.py redis://127.0.0.1:6379 order.wav
"""
import base64
import json
import sys
import time
import uuid

import redis


def job(kind, payload):
    now = int(time.time() * 1000)
    return {"request_id": f"py-{kind}-{uuid.uuid4()}", "task_type": kind, "payload": payload,
            "created_at": now, "deadline_at": now + 600_000}


def main(url, wav):
    server = redis.Redis.from_url(url)
    with open(wav, "rb") as file:
        audio = base64.b64encode(file.read()).decode()
    jobs = [
        job("stt", {"audio_bytes": audio, "filename": wav, "mime_type": "audio/wav", "language": "ko"}),
        job("llm", {"transcript": "초콜릿 케이크 하나 주문할게요.", "context": {"state": "greeting"}, "user_history": [], "events": []}),
        job("image", {"prompt": "초콜릿 케이크", "seed": 7}),
    ]
    # Subscribe first: results are published once. Who comes later reads the key of the same name.
    channel = server.pubsub(ignore_subscribe_messages=True)
    channel.subscribe(*(f"ai:result:{j['request_id']}" for j in jobs))
    channel.get_message(timeout=5)
    for j in jobs:
        server.lpush(f"ai:queue:{j['task_type']}", json.dumps(j))

    waiting = {j["request_id"] for j in jobs}
    failed = False
    for message in channel.listen():
        reply = json.loads(message["data"])
        waiting.discard(reply["request_id"])
        failed |= reply["status"] != "success"
        shown = dict(reply.get("result") or reply["error"])
        if "image_base64" in shown:
            shown["image_base64"] = f"({len(shown['image_base64'])} characters)"
        print(reply["task_type"], reply["status"], reply["timing"], json.dumps(shown, ensure_ascii=False))
        if not waiting:
            break
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2]))
