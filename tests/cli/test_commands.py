"""Each command against a served in-memory ECR, with and without ``--json``."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from ecrclient.testing import InMemoryECR, ServedECR
from tests.cli.conftest import Run

POLICY = {
    "rules": [
        {
            "rulePriority": 1,
            "selection": {
                "tagStatus": "any",
                "countType": "imageCountMoreThan",
                "countNumber": 1,
            },
            "action": {"type": "expire"},
        }
    ]
}


def tags_of(run: Run, repository: str) -> dict[str, str]:
    """The digest of each tag."""
    images = run("images", repository, "--json").json["images"]
    return {tag: image["image_digest"] for image in images for tag in image["image_tags"]}


def test_repos(run: Run) -> None:
    result = run("repos")
    assert result.code == 0
    assert [line.split()[0] for line in result.out.splitlines()] == [
        *("REPOSITORY", "team/app", "team/copy")
    ]


def test_repos_matching_a_pattern_as_json(run: Run) -> None:
    documents = run("repos", "*copy", "--json").json["repositories"]
    assert [one["repository_name"] for one in documents] == ["team/copy"]


def test_images(run: Run) -> None:
    result = run("images", "team/app")
    assert result.code == 0
    assert len(result.out.splitlines()) == 4
    assert "v2" in result.out


def test_images_without_tags(run: Run) -> None:
    documents = run("images", "team/app", "--untagged", "--json").json["images"]
    assert [one["image_tags"] for one in documents] == [[]]


def test_limit_of_images(run: Run) -> None:
    assert len(run("images", "team/app", "--limit", "2", "--json").json["images"]) == 2


def test_full_digests(run: Run) -> None:
    digest = tags_of(run, "team/app")["v1"]
    assert digest in run("images", "team/app", "--full-digests").out
    assert digest not in run("images", "team/app").out


def test_inspect(run: Run) -> None:
    digest = tags_of(run, "team/app")["v1"]
    result = run("inspect", "team/app:v1")
    assert result.code == 0
    assert f"digest       {digest}\n" in result.out
    assert "layers       2 (" in result.out


def test_inspect_by_digest_as_json(run: Run) -> None:
    digest = tags_of(run, "team/app")["v1"]
    document = run("inspect", f"team/app@{digest}", "--json").json
    assert document["digest"] == digest
    assert len(document["manifest"]["layers"]) == 2


def test_inspect_by_uri(run: Run) -> None:
    uri = "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/app:v1"
    assert run("inspect", uri, "--json").json == run("inspect", "team/app:v1", "--json").json


def test_raw_manifest(run: Run) -> None:
    document = run("inspect", "team/app:v1", "--json").json
    assert json.loads(run("inspect", "team/app:v1", "--raw").out) == document["manifest"]


def test_copy(run: Run) -> None:
    result = run("copy", "team/app:v1", "team/copy:new")
    assert result.code == 0
    assert "tag new written" in result.err
    assert tags_of(run, "team/copy")["new"] == tags_of(run, "team/app")["v1"]


def test_copy_keeps_the_tag_by_default(run: Run) -> None:
    report = run("copy", "team/app:v1", "team/copy", "--json").json
    assert report["tags"] == ["v1"]
    assert tags_of(run, "team/copy")["v1"] == report["digest"]


def test_copy_creates_a_repository(run: Run) -> None:
    assert run("copy", "team/app:v1", "team/new").code == 1
    assert run("copy", "team/app:v1", "team/new", "--create-repository", "-q").err == ""
    assert set(tags_of(run, "team/new")) == {"v1"}


URI = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/copy"


@pytest.mark.parametrize(
    "destination", [["team/copy", "--to-region", "eu-west-1"], [URI]], ids=["option", "uri"]
)
def test_copy_to_another_region(run: Run, destination: list[str]) -> None:
    """The in-memory ECR is one Region, and refuses requests that are signed for another."""
    result = run("copy", "team/app:v1", *destination, "-q")
    assert result.code == 1
    assert "scoped to a valid region, not 'eu-west-1'" in result.err
    same = [one.replace("eu-west-1", "us-east-1") for one in destination]
    assert run("copy", "team/app:v1", *same, "-q").code == 0


def test_copy_to_another_profile(
    run: Run, server: ServedECR, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = InMemoryECR(account_id="210987654321", region="eu-west-1")
    other.add_image("team/copy", [b"other"], tags=["old"])
    with other.serve() as other_server:
        texts: list[str] = []
        for name, served in (("one", server), ("two", other_server)):
            variables = served.environment()
            texts += [
                f"[profile {name}]",
                f"region = {variables['AWS_REGION']}",
                f"aws_access_key_id = {variables['AWS_ACCESS_KEY_ID']}",
                f"aws_secret_access_key = {variables['AWS_SECRET_ACCESS_KEY']}",
                f"endpoint_url = {served.url}",
            ]
        (tmp_path / "config").write_text("\n".join(texts))
        for name in server.environment():
            monkeypatch.delenv(name)
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
        copied = run(
            *("copy", "team/app:v1", "team/copy", "--profile", "one", "--to-profile", "two"),
            "--json",
        )
        assert copied.code == 0
        there = run("images", "team/copy", "--profile", "two", "--json").json["images"]
    assert {image["registry_id"] for image in there} == {"210987654321"}
    assert copied.json["digest"] in {image["image_digest"] for image in there}


def test_dry_run_of_a_copy(run: Run) -> None:
    plan = run("copy", "team/app:v1", "team/copy", "--dry-run", "--json").json
    assert plan["tags"] == ["v1"]
    assert len(plan["blobs"]) == 3
    assert (
        "blobs and 1 manifest to write"
        in run(*("copy", "team/app:v1", "team/copy", "--dry-run")).out
    )
    assert set(tags_of(run, "team/copy")) == {"old"}


@pytest.mark.parametrize("form", ["oci:out", "oci-archive:out.tar"])
def test_pull_and_push(run: Run, form: str) -> None:
    pulled = run("pull", "team/app:v1", form, "--json").json
    result = run("push", f"{form}:v1", "team/copy:pushed")
    assert result.code == 0
    assert tags_of(run, "team/copy")["pushed"] == pulled["digest"]
    assert run("push", form, "team/copy:again", "--json").json["blobs_copied"] == 0


def test_retag(run: Run) -> None:
    before = tags_of(run, "team/app")
    result = run("retag", "team/app:v1", "stable", "latest", "v1")
    assert result.out == (
        f"stable: added to {before['v1']}\n"
        f"latest: moved to {before['v1']} from {before['latest'][:19]}\n"
        "v1: unchanged\n"
    )
    assert tags_of(run, "team/app") == before | {"stable": before["v1"], "latest": before["v1"]}


def test_retag_as_json(run: Run) -> None:
    assert run("retag", "team/app:v1", "stable", "--json").json["added"] == ["stable"]


def test_retag_without_moving(run: Run) -> None:
    before = tags_of(run, "team/app")
    assert run("retag", "team/app:v1", "latest", "--no-move").code == 1
    assert tags_of(run, "team/app") == before


def test_untag(run: Run) -> None:
    assert run("untag", "team/app:latest").code == 0
    assert set(tags_of(run, "team/app")) == {"v1", "v2"}


def test_untag_refuses_the_last_tag(run: Run) -> None:
    assert run("untag", "team/app:v1").code == 1
    assert "v1" in tags_of(run, "team/app")
    assert run("untag", "team/app:v1", "--delete-image", "--json").json["image_deleted"] is True
    assert "v1" not in tags_of(run, "team/app")


def test_cleanup_deletes_nothing_without_apply(run: Run) -> None:
    result = run("cleanup", "team/app", "--keep-tagged", "v2")
    assert result.code == 0
    assert "1 image to delete" in result.out
    assert "nothing was deleted" in result.out
    assert "v1" in tags_of(run, "team/app")


def test_cleanup_applies_a_plan(run: Run, tmp_path: Path) -> None:
    run("cleanup", "team/app", "--keep-tagged", "v2", "--out", "plan.json")
    assert [file.name for file in tmp_path.iterdir()] == ["plan.json"]
    report = run("cleanup", "team/app", "--apply", "plan.json", "--json").json
    assert len(report["deleted"]) == 1
    assert report["is_complete"] is True
    assert set(tags_of(run, "team/app")) == {"v2", "latest"}
    assert "1 already deleted" in run("cleanup", "team/app", "--apply", "plan.json").out


def test_cleanup_plan_as_json(run: Run, tmp_path: Path) -> None:
    plan = run("cleanup", "team/app", "--keep-newest", "1", "--of", "v*", "--json").json
    assert {"delete", "keep", "rules", "repository_arn"} <= plan.keys()


def test_cleanup_keeps_images_in_use(run: Run, tmp_path: Path) -> None:
    digest = tags_of(run, "team/app")["v1"]
    (tmp_path / "used").write_text(f"{digest}\n\n")
    plan = run("cleanup", "team/app", "--keep-in-use", "used", "--json").json
    assert [one["digest"] for one in plan["keep"]] == [digest]


def test_cleanup_that_leaves_a_changed_image_exits_with_3(run: Run) -> None:
    run("cleanup", "team/app", "--keep-tagged", "v2", "--out", "plan.json")
    run("retag", "team/app:v1", "needed")
    result = run("cleanup", "team/app", "--apply", "plan.json")
    assert result.code == 3
    assert result.err.startswith("left: sha256:")


def test_preview(run: Run, tmp_path: Path) -> None:
    (tmp_path / "policy.json").write_text(json.dumps(POLICY))
    result = run("preview", "team/app", "--policy", "policy.json")
    assert result.code == 0
    assert "of 3 images expire" in result.out
    document = run("preview", "team/app", "--policy", "policy.json", "--json").json
    assert len(document["images"]) == 3


def test_lint(run: Run, tmp_path: Path) -> None:
    (tmp_path / "policy.json").write_text(json.dumps(POLICY))
    findings = run("lint", "policy.json", "--json").json["findings"]
    lines = run("lint", "policy.json").out.splitlines()
    assert len(lines) == len(findings)


def test_lint_of_a_wrong_policy_exits_with_3(run: Run, tmp_path: Path) -> None:
    later = {**POLICY["rules"][0], "rulePriority": 2}
    policy = {"rules": [POLICY["rules"][0], later]}
    (tmp_path / "policy.json").write_text(json.dumps(policy))
    assert run("lint", "policy.json", "--repository", "team/app").code == 3


@pytest.mark.parametrize("form", ["json", "csv", "sarif", "table"])
def test_findings(run: Run, form: str) -> None:
    result = run("findings", "team/app", "--format", form)
    assert result.code == 0
    assert result.out
    if form in {"json", "sarif"}:
        assert result.json


def test_findings_as_json(run: Run) -> None:
    assert run("findings", "--json").json == run("findings", "--format", "json").json


def test_gate_fails_for_an_image_that_was_not_scanned(run: Run) -> None:
    result = run("findings", "team/app:v1", "--fail-on", "high")
    assert result.code == 3
    assert "not judged" in result.err
    assert run("findings", "team/app:v1", "--fail-on", "high", "--allow-unjudged").code == 0


def test_promote(run: Run) -> None:
    report = run("promote", "team/app:v2", "team/copy:stable", "--json").json
    assert tags_of(run, "team/copy")["stable"] == report["digest"]
    assert len(run("referrers", "team/copy:stable", "--json").json["referrers"]) == 1
    assert "promoted to team/copy" in run("promote", "team/app:v1", "team/copy").out


def test_referrers(run: Run) -> None:
    result = run("referrers", "team/app:v2")
    assert "application/spdx+json" in result.out
    assert run("referrers", "team/app:v1", "--json").json == {"referrers": []}


def test_attach(run: Run, tmp_path: Path) -> None:
    (tmp_path / "sbom.json").write_text("{}")
    kind = ("--artifact-type", "application/spdx+json")
    made = run("attach", "team/app:v1", "sbom.json", *kind, "--json").json
    listed = run("referrers", "team/app:v1", "--json").json["referrers"]
    assert [one["digest"] for one in listed] == [made["digest"]]
    assert run("attach", "team/app:v1", "sbom.json", *kind).out.startswith(made["digest"])


def test_verify(run: Run) -> None:
    assert run("verify", "team/app", "--json").json["ok"] is True
    result = run("verify", "team/app:v1", "--deep")
    assert result.code == 0
    assert "0 problems" in result.out


def test_login_and_logout(run: Run, server: ServedECR, tmp_path: Path) -> None:
    assert run("login").out.startswith(f"logged in to {server.registry} until ")
    file = tmp_path / "docker" / "config.json"
    assert server.registry in json.loads(file.read_text())["auths"]
    assert run("login", "--json").json["registry"] == server.registry
    assert run("logout", server.registry).code == 0
    assert server.registry not in file.read_text()
    assert run("logout", server.registry, "--json").json["removed"] == []


def test_the_password_is_printed_only_on_request(run: Run, tmp_path: Path) -> None:
    password = run("login", "--print-password", "--json").json["password"]
    assert not (tmp_path / "docker").exists()
    assert len(password) > 20
    assert len(run("login", "--print-password").out) == len(password) + 1
    for arguments in (["login"], ["login", "--json"]):
        result = run(*arguments)
        auths = json.loads((tmp_path / "docker/config.json").read_text())["auths"]
        (entry,) = auths.values()
        stored = base64.b64decode(entry["auth"]).decode().removeprefix("AWS:")
        assert len(stored) == len(password)
        assert stored not in result.out + result.err
        assert entry["auth"] not in result.out + result.err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(run: Run, shell: str) -> None:
    result = run("completion", shell)
    assert "_ECRCLIENT_COMPLETE" in result.out
    assert run("completion", shell, "--json").json["script"] + "\n" == result.out
