"""Command-line tools for images. A tool is found on the PATH or by a variable such as SKOPEO."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

TIMEOUT = 120


class ToolError(Exception):
    """A tool failed; the message is its output."""


@dataclass
class Tool:
    """One tool, and how it does what every tool can.

    Args:
        home: A folder with a ``config.json`` of docker's form, which contains the login.
    """

    home: Path
    command: list[str] = field(init=False)

    name = ""
    install = ""

    @classmethod
    def find(cls) -> list[str] | None:
        """Return the command that runs the tool; None if it is not installed."""
        given = os.environ.get(cls.name.upper())
        if given:
            return shlex.split(given)
        path = shutil.which(cls.name)
        return None if path is None else [path]

    def __post_init__(self) -> None:
        command = self.find()
        assert command is not None, "the fixture skips the test"
        self.command = command

    def run(self, *arguments: str) -> str:
        """Run the tool, and return what it prints.

        Raises:
            ToolError: it failed.
        """
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "TMPDIR": str(self.home),
            "DOCKER_CONFIG": str(self.home),
            "REGISTRY_AUTH_FILE": str(self.home / "config.json"),
            "COSIGN_PASSWORD": "",
        }
        done = subprocess.run(
            [*self.command, *arguments],
            env=environment,
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        if done.returncode:
            raise ToolError(done.stdout + done.stderr)
        return done.stdout

    def push(self, layout: Path, image: str) -> None:
        """Push the image ``v1`` of a layout, with all platforms."""
        raise NotImplementedError

    def pull(self, image: str, layout: Path) -> None:
        """Pull an image with all platforms into a new layout."""
        raise NotImplementedError

    def copy(self, source: str, target: str) -> None:
        """Copy an image with all platforms between repositories."""
        raise NotImplementedError

    def delete(self, image: str) -> None:
        """Delete an image."""
        raise NotImplementedError

    def tags(self, repository: str) -> str:
        """Return text that contains the tags of a repository."""
        raise NotImplementedError


class Skopeo(Tool):
    name = "skopeo"
    install = "Debian: apt-get install skopeo"

    def push(self, layout: Path, image: str) -> None:
        self._copy(f"oci:{layout}:v1", f"docker://{image}", "--dest-tls-verify=false")

    def pull(self, image: str, layout: Path) -> None:
        self._copy(f"docker://{image}", f"oci:{layout}:v1", "--src-tls-verify=false")

    def copy(self, source: str, target: str) -> None:
        plain = ("--src-tls-verify=false", "--dest-tls-verify=false")
        self._copy(f"docker://{source}", f"docker://{target}", *plain)

    def delete(self, image: str) -> None:
        self.run("delete", "--tls-verify=false", f"docker://{image}")

    def tags(self, repository: str) -> str:
        return self.run("list-tags", "--tls-verify=false", f"docker://{repository}")

    def _copy(self, source: str, target: str, *options: str) -> None:
        # Containers have no file with a policy for signatures.
        self.run("--insecure-policy", "copy", "--all", *options, source, target)


class Crane(Tool):
    name = "crane"
    install = "Go: go install github.com/google/go-containerregistry/cmd/crane@latest"

    def push(self, layout: Path, image: str) -> None:
        self.run("push", "--insecure", str(layout), image)

    def pull(self, image: str, layout: Path) -> None:
        self.run("pull", "--insecure", "--format=oci", image, str(layout))

    def copy(self, source: str, target: str) -> None:
        self.run("copy", "--insecure", source, target)

    def delete(self, image: str) -> None:
        self.run("delete", "--insecure", image)

    def tags(self, repository: str) -> str:
        return self.run("ls", "--insecure", repository)


class Oras(Tool):
    name = "oras"
    install = "Debian trixie: apt-get install oras"

    def push(self, layout: Path, image: str) -> None:
        self.run("cp", "--from-oci-layout", "--to-plain-http", f"{layout}:v1", image)

    def pull(self, image: str, layout: Path) -> None:
        self.run("cp", "--from-plain-http", "--to-oci-layout", image, f"{layout}:v1")

    def copy(self, source: str, target: str) -> None:
        self.run("cp", "--from-plain-http", "--to-plain-http", source, target)

    def delete(self, image: str) -> None:
        self.run("manifest", "delete", "--plain-http", "--force", image)

    def tags(self, repository: str) -> str:
        return self.run("repo", "tags", "--plain-http", repository)


class Cosign(Tool):
    name = "cosign"
    install = "Debian trixie: apt-get install cosign"

    _PLAIN = ("--allow-http-registry", "--allow-insecure-registry")

    def sign(self, image: str) -> None:
        """Sign an image with a new key, without a transparency log."""
        self.run("generate-key-pair")
        self.run("sign", "--key=cosign.key", "--tlog-upload=false", "--yes", *self._PLAIN, image)

    def verify(self, image: str) -> str:
        """Verify the signature; return the claims that were signed."""
        options = ("--key=cosign.pub", "--insecure-ignore-tlog", *self._PLAIN)
        return self.run("verify", *options, image)


TOOLS: tuple[type[Tool], ...] = (Skopeo, Crane, Oras)
