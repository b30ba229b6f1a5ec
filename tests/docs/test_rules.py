"""The table of rules of the in-memory ECR: its tests exist, and no refused policy is left out."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
from importlib import metadata
from typing import Any

import pytest

from tests.docs.pages import ROOT
from tests.in_memory.refused_lifecycle_policies import LIFECYCLE, LIFECYCLE_TEXTS
from tests.in_memory.refused_policies import REGISTRY, REPOSITORY

PAGE = ROOT / "docs/guides/testing-rules.md"
ROWS = re.findall(
    r"^\| (?!Rule )([^|]+) \| ([^|]+) \| ([^|]+) \|$",
    PAGE.read_text(encoding="utf-8"),
    re.MULTILINE,
)
NODES = [node for *_, tests in ROWS for node in re.findall(r"`([^`]+)`", tests)]
LEAST = 130


@pytest.fixture(scope="module")
def collected() -> dict[str, list[str]]:
    """The cases of each test that the table may name."""
    listed = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"),
            *("tests/in_memory", "tests/ecr/lifecycle/test_policy.py"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    cases: dict[str, list[str]] = {}
    for line in listed.stdout.splitlines():
        if "::" in line:
            test, _, case = line.partition("[")
            cases.setdefault(test.removeprefix("tests/in_memory/"), []).append(
                case.removesuffix("]")
            )
    return cases


def test_every_rule_has_a_page_and_a_test() -> None:
    assert len(ROWS) >= LEAST
    for rule, page, tests in ROWS:
        assert page.strip(), rule
        assert re.fullmatch(r"`[^`]+`(, `[^`]+`)*", tests), rule
    assert len(set(NODES)) == len(NODES)


def test_the_tests_exist(collected: dict[str, list[str]]) -> None:
    for node in NODES:
        test, _, case = node.partition("[")
        case = case.removesuffix("]")
        assert test in collected, node
        # A test for several clients has the client before the case.
        assert not case or any(
            one == case or one.endswith(f"-{case}") for one in collected[test]
        ), node


@pytest.mark.parametrize(
    ("test", "cases"),
    [
        ("TestLifecyclePolicies::test_refused", LIFECYCLE),
        ("TestLifecyclePolicies::test_not_json", LIFECYCLE_TEXTS),
        ("TestRepositoryPolicies::test_refused", REPOSITORY),
        ("TestRegistryPolicies::test_refused", REGISTRY),
    ],
)
def test_every_refused_policy_is_in_the_table(test: str, cases: dict[str, object]) -> None:
    named = {f"test_refused_policies.py::{test}[{case}]" for case in cases}
    assert named - set(NODES) == set()


def test_the_readme_counts_the_refused_lifecycle_policies() -> None:
    """Count for moto too, if its version is the one in the row."""
    row = re.search(
        r"the (\d+) lifecycle policies .*\| (\d+) \| \| \| (\d+) in moto ([\d.]+) \|",
        (ROOT / "README.md").read_text(encoding="utf-8"),
    )
    assert row is not None
    assert int(row[1]) == int(row[2]) == len(LIFECYCLE)
    if metadata.version("moto") == row[4]:
        assert sum(map(moto_refuses, LIFECYCLE)) == int(row[3])


def moto_refuses(name: str) -> bool:
    validation: Any = importlib.import_module("moto.ecr.policy_validation")
    document, _ = LIFECYCLE[name]
    try:
        validation.EcrLifecyclePolicyValidator(json.dumps(document)).validate()
    except Exception:  # noqa: BLE001 - a failure of any kind is not an acceptance
        return True
    return False
