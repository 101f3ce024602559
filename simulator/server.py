"""The routes: OpenAI's and Azure's chat completions and embeddings, models, health and stats."""

from typing import Any

from aiohttp import web

from simulator import wire
from simulator.chat import Chat
from simulator.counts import Counts
from simulator.embeddings import EMBEDDING_MODELS, embeddings_body
from simulator.faults import NO_EMBEDDINGS, read_faults
from simulator.oracle import Oracle
from simulator.refusals import RefusedError, refusals
from simulator.settings import Settings

MAX_BODY_BYTES = 16 * 2**20


class Server:
    """One simulator behind HTTP: its models, its counters and its faults."""

    def __init__(self, settings: Settings) -> None:
        self._key = settings.key
        self._is_controlled = settings.is_controlled
        self._oracle = Oracle(settings)
        self._counts = Counts()
        self._chat = Chat(settings, self._oracle, self._counts)
        self._embedding_requests = 0

    def app(self) -> web.Application:
        """The aiohttp application."""
        app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[refusals])
        app.add_routes(
            [
                web.post("/v1/chat/completions", self.openai_chat),
                web.post("/v1/embeddings", self.openai_embeddings),
                web.get("/v1/models", self.models),
                web.post("/openai/deployments/{deployment}/chat/completions", self.azure_chat),
                web.post("/openai/deployments/{deployment}/embeddings", self.azure_embeddings),
                web.get("/health", self.health),
                web.get("/stats", self.stats),
            ]
        )
        if self._is_controlled:
            app.router.add_put("/faults", self.change_faults)
        return app

    async def openai_chat(self, request: web.Request) -> web.StreamResponse:
        """POST /v1/chat/completions."""
        self._demand_bearer(request)
        return await self._chat.answer(request, "openai")

    async def azure_chat(self, request: web.Request) -> web.StreamResponse:
        """POST /openai/deployments/{deployment}/chat/completions?api-version=."""
        self._demand_azure(request)
        return await self._chat.answer(request, "azure", request.match_info["deployment"])

    async def openai_embeddings(self, request: web.Request) -> web.Response:
        """POST /v1/embeddings."""
        self._demand_bearer(request)
        return await self._embeddings(request)

    async def azure_embeddings(self, request: web.Request) -> web.Response:
        """POST /openai/deployments/{deployment}/embeddings?api-version=."""
        self._demand_azure(request)
        return await self._embeddings(request, request.match_info["deployment"])

    async def models(self, request: web.Request) -> web.Response:
        """GET /v1/models."""
        self._demand_bearer(request)
        names = [*self._oracle.models, *EMBEDDING_MODELS]
        data = [{"id": name, "object": "model", "created": 0, "owned_by": "flipbook-simulator"} for name in names]
        return _json({"object": "list", "data": data})

    async def health(self, _: web.Request) -> web.Response:
        """GET /health."""
        return _json({"status": "ok", "simulated": True})

    async def stats(self, request: web.Request) -> web.Response:
        """GET /stats; with `?ids=1` the ids of the completions that were sent whole."""
        return _json(self._counts.shown(with_ids=request.query.get("ids") == "1"))

    async def change_faults(self, request: web.Request) -> web.Response:
        """PUT /faults: from now on these, and no others."""
        self._chat.faults.rates, self._chat.faults.first = read_faults(await request.read())
        return _json({"faults": "changed"})

    async def _embeddings(self, request: web.Request, deployment: str | None = None) -> web.Response:
        self._embedding_requests += 1
        if self._chat.faults.has_no_embeddings(self._embedding_requests):
            self._counts.faults[NO_EMBEDDINGS] += 1
            raise RefusedError(503, f"Simulated fault: {NO_EMBEDDINGS}.")
        body = embeddings_body(await request.read(), deployment)
        self._counts.embedded += len(body["data"])
        return _json(body)

    def _demand_bearer(self, request: web.Request) -> None:
        if self._key is not None and request.headers.get("Authorization") != f"Bearer {self._key}":
            raise RefusedError(401, "Incorrect API key provided.", code="invalid_api_key")

    def _demand_azure(self, request: web.Request) -> None:
        given = request.headers.get("api-key")
        if not given or given != (self._key or given):
            message = "Access denied due to invalid subscription key or wrong API endpoint."
            raise RefusedError(401, message, code="401")
        if not request.query.get("api-version"):
            raise RefusedError(404, "Resource not found: api-version is missing.", code="404")


def _json(body: Any) -> web.Response:
    return web.Response(body=wire.dumped(body), content_type="application/json", headers={wire.SIMULATED: "1"})
