"""Requests that are refused, answered with OpenAI's error body."""

from aiohttp import web
from aiohttp.typedefs import Handler

from simulator.asked import Asked, BadRequestError
from simulator.wire import SIMULATED, Dialect, error_body
from tasks.core.errors import UsageError


class RefusedError(Exception):
    """A request that is answered with a status and an error body."""

    def __init__(self, status: int, message: str, *, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.body = error_body(message, "invalid_request_error", param, code)


def unknown_model(name: str) -> RefusedError:
    """The refusal of a model that does not exist."""
    message = f"The model `{name}` does not exist or you do not have access to it."
    return RefusedError(404, message, code="model_not_found")


def refuse_beyond_reasoning(asked: Asked, dialect: Dialect) -> None:
    """Raises RefusedError for what a reasoning model does not do, in OpenAI's or Azure's words."""
    if asked.has_old_limit:
        message = (
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
        )
        raise RefusedError(400, message, param="max_tokens", code="unsupported_parameter")
    if asked.temperature != 1:
        message = f"Unsupported value: 'temperature' does not support {asked.temperature:g} with this model."
        message += " Only the default (1) value is supported."
        raise RefusedError(400, message, param="temperature", code="unsupported_value")
    if asked.top_logprobs is not None and dialect == "azure":
        message = "Unsupported parameter: 'logprobs' is not supported with this model."
        raise RefusedError(400, message, param="logprobs", code="unsupported_parameter")
    if asked.top_logprobs is not None:
        raise RefusedError(403, "You are not allowed to request logprobs from this model")


@web.middleware
async def refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Puts every refusal into the form that the SDK reads, and marks it as simulated."""
    try:
        return await handler(request)
    except RefusedError as refused:
        return _refusal(refused)
    except BadRequestError as bad:
        return _refusal(RefusedError(400, str(bad), param=bad.param))
    except UsageError as bad:
        return _refusal(RefusedError(400, str(bad)))
    except web.HTTPException as error:
        return _refusal(RefusedError(error.status, f"{error.reason}: {request.method} {request.path}"))


def _refusal(refused: RefusedError) -> web.Response:
    return web.Response(
        status=refused.status, body=refused.body, content_type="application/json", headers={SIMULATED: "1"}
    )
