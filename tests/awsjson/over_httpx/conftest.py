"""The fixtures of the transport's tests: servers, certificates and transports."""

from __future__ import annotations

from tests.awsjson.transport.conftest import bad_contexts as bad_contexts
from tests.awsjson.transport.conftest import ca as ca
from tests.awsjson.transport.conftest import good_context as good_context
from tests.awsjson.transport.conftest import make as make
from tests.awsjson.transport.conftest import parser as parser
