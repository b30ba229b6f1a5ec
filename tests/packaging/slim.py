"""Remove parts of botocore from an installation and check what still works.

``nox -s slim`` runs this with the interpreter of a new environment that has the package. The
commands that leave the parts out of a deployment are in ``docs/guides/deployment.md``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from benchmarks.sizes import MIB, everything, files_in, measure, without_botocore, without_data
from ecrclient.testing import InMemoryECR
from tests.awsjson.credentials.metadata_server import CONTAINER_PATH, Reply, document, serving
from tests.tools.sts import sts_server

_SMOKE = """
import sys
import anyio
from ecrclient import ECRClient

async def main():
    async with ECRClient(region="eu-west-1", endpoint_url=sys.argv[1]) as ecr:
        async for repository in ecr.describe_repositories():
            print(repository.repository_name)

anyio.run(main)
"""
_PROFILE = """
[profile deploy]
role_arn = arn:aws:iam::123456789012:role/deploy
source_profile = keys
[profile keys]
aws_access_key_id = ASIASOURCE
aws_secret_access_key = a-secret
"""

Setups = Mapping[str, Mapping[str, str]]


def main() -> int:
    """Check the installation as it is, without botocore's data files, and without botocore."""
    python = sys.argv[1]
    where = "import ecrclient; print(ecrclient.__path__[0])"
    package = subprocess.check_output([python, "-I", "-c", where], text=True)
    folder = Path(package.strip()).parent
    if folder.name != "site-packages":
        raise SystemExit(f"{folder} is not an environment from which files may be removed")
    memory = InMemoryECR(region="eu-west-1")
    memory.add_image("team/app", [b"a layer"])
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(memory.serve()).url
        service = stack.enter_context(serving())
        sts, _ = stack.enter_context(sts_server(memory.credentials))
        key = memory.credentials
        reply = Reply(
            body=document(
                AccessKeyId=key.access_key_id, SecretAccessKey=key.secret_access_key, Token=""
            )
        )
        service.set("container", reply)
        service.set("credentials", reply)
        (home / "config").write_text(_PROFILE)
        setups: Setups = {
            "environment": {
                "AWS_ACCESS_KEY_ID": key.access_key_id,
                "AWS_SECRET_ACCESS_KEY": key.secret_access_key,
            },
            "container": {"AWS_CONTAINER_CREDENTIALS_FULL_URI": service.url + CONTAINER_PATH},
            "instance": {"AWS_EC2_METADATA_SERVICE_ENDPOINT": service.url},
            "profile with a role": {
                "AWS_CONFIG_FILE": str(home / "config"),
                "AWS_PROFILE": "deploy",
                "AWS_ENDPOINT_URL_STS": sts,
            },
        }
        needs_botocore = "botocore is needed to read"
        failures = 0
        for title, keep, expected in (
            ("all", everything, ""),
            ("without botocore's data files", without_data, ""),
            ("without botocore", without_botocore, needs_botocore),
        ):
            _remove(folder, keep)
            size = measure(folder, everything)
            print(f"{title}: {size.installed / MIB:.1f} MiB, {size.archived / MIB:.1f} MiB zipped")
            for name, environ in setups.items():
                problem = _problem(python, home, url, environ)
                wanted = expected if name == "profile with a role" else ""
                good = wanted in problem if wanted else not problem
                failures += not good
                print(f"  {name}: {(wanted or 'works') if good else problem}")
    return 1 if failures else 0


def _remove(folder: Path, keep: Callable[[Path], bool]) -> None:
    for path in files_in(folder):
        if not keep(path.relative_to(folder)):
            path.unlink()


def _problem(python: str, home: Path, url: str, environ: Mapping[str, str]) -> str:
    """Make a call; return the error, or an empty text if it succeeded."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run(
        [python, "-I", "-c", _SMOKE, url],
        env={**kept, "HOME": str(home), "USERPROFILE": str(home), **environ},
        capture_output=True,
        text=True,
        check=False,
        cwd=home,  # away from the repository's own package
        timeout=60,
    )
    if done.returncode == 0 and done.stdout.split() == ["team/app"]:
        return ""
    return (done.stderr or done.stdout).strip().splitlines()[-1]


if __name__ == "__main__":
    sys.exit(main())
