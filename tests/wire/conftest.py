"""What the tests of the wire share with the unit tests."""

from __future__ import annotations

from tests.paths import path as path
from tests.unit.conftest import client as client
from tests.unit.conftest import no_aws_settings as no_aws_settings
