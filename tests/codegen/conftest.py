"""The sources that the generator reads for this project."""

from __future__ import annotations

import pytest

from codegen import aws_model, lap
from codegen.aws_model import AwsModel
from tests.codegen.project import ROOT, SPEC


@pytest.fixture(scope="session")
def model() -> AwsModel:
    """botocore's model of the service."""
    return aws_model.load("ecr")


@pytest.fixture(scope="session")
def document() -> lap.Document:
    """The spec."""
    return lap.parse((ROOT / SPEC).read_bytes().decode("utf-8"))
