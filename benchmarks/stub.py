"""A bare server for the sampling benchmark: one realistic answer, as fast as it can or after a fixed wait.

Run as `python -m benchmarks.stub PORT LATENCY_MS`, a process of its own, so that it does not take the client's core.
"""

import asyncio
import json
import sys

from aiohttp import web

TOKENS = 10


def answer_body() -> bytes:
    """A chat completion of about 1.5 kB, with a list of the likeliest tokens."""
    tokens = range(TOKENS)
    top = [{"token": f"Token{i}", "logprob": -0.01 - 1.7 * i, "bytes": [72, 101, 97, 100, 115 + i]} for i in tokens]
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": "Heads", "refusal": None, "annotations": []},
        "logprobs": {"content": [{**top[0], "top_logprobs": top}], "refusal": None},
        "finish_reason": "length",
    }
    usage = {"prompt_tokens": 14, "completion_tokens": 1, "total_tokens": 15}
    body = {
        "id": "chatcmpl-AbCdEfGhIjKlMnOpQrStUvWxYz012",
        "object": "chat.completion",
        "created": 1_790_000_000,
        "model": "stub-2026-08-06",
        "choices": [choice],
        "usage": usage,
        "service_tier": "default",
        "system_fingerprint": "fp_0123456789",
    }
    return json.dumps(body, indent=2).encode()


def application(latency_s: float) -> web.Application:
    """The server, which waits so long before each answer."""
    body = answer_body()

    async def chat(request: web.Request) -> web.Response:
        await request.read()
        if latency_s:
            await asyncio.sleep(latency_s)
        headers = {"x-request-id": "req_0123456789abcdef0123456789abcdef", "openai-processing-ms": "271"}
        return web.Response(body=body, content_type="application/json", headers=headers)

    app = web.Application()
    app.router.add_post("/v1/chat/completions", chat)
    return app


if __name__ == "__main__":
    web.run_app(
        application(float(sys.argv[2]) / 1000), host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None
    )
