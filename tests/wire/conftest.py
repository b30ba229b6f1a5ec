"""Fixtures that these tests share with the unit tests."""

from __future__ import annotations

from tests.awsjson.conftest import client as client
from tests.awsjson.conftest import no_aws_settings as no_aws_settings
from tests.paths import path as path
