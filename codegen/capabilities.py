"""What the runtime cannot do: the operations that are left out, each with the reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from codegen.aws_model import AwsModel, ModelOperation

__all__ = ["is_signed", "left_out"]

_SIGNATURE = "aws.auth#sigv4"
_NO_AUTH = "smithy.api#noAuth"

# Clients must send these to an endpoint that the request names. Only the code of AWS's SDKs knows
# that, such as botocore/handlers.py; the model does not describe it.
_ENDPOINT_IN_REQUEST = {("machinelearning", "Predict"): "PredictEndpoint"}


def is_signed(operation: ModelOperation) -> bool:
    """Whether a request is signed; False if the service expects it without authentication."""
    supported = (name for name in operation.auth if name in {_SIGNATURE, _NO_AUTH})
    return next(supported, _SIGNATURE) == _SIGNATURE


def left_out(model: AwsModel) -> Mapping[str, str]:
    """The operations that cannot be generated, and the reasons."""
    reasons = {
        operation.name: ", and ".join(_reasons(operation, model)) for operation in model.operations
    }
    return {name: reason for name, reason in reasons.items() if reason}


def _reasons(operation: ModelOperation, model: AwsModel) -> Iterator[str]:
    for side, name in (("request", operation.input), ("response", operation.output)):
        members = model.shapes[name].members if name else ()
        streams = [member.name for member in members if model.shapes[member.shape].is_stream]
        if streams:
            yield f"its {side} is a stream ({', '.join(streams)}), not a JSON document"
    if operation.needs_endpoint_discovery:
        yield "the service requires endpoint discovery for it"
    if endpoint := _ENDPOINT_IN_REQUEST.get((model.service, operation.name)):
        yield f"its requests go to the endpoint that they name ({endpoint})"
    if not {_SIGNATURE, _NO_AUTH} & set(operation.auth):
        yield f"its authentication ({', '.join(operation.auth)}) is not SigV4"
