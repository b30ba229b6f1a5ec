"""Command-line tools for images. A tool is found on the PATH or by a variable such as SKOPEO."""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from tests.interop.combinations import DOCKER_ARCHIVE, LAYOUT, OCI_ARCHIVE

TIMEOUT = 120


class ToolError(Exception):
    """A tool failed; the message is its output."""


class Command:
    """A program that may be installed."""

    name = ""
    install = ""
    needs = "installed"
    show_version = "--version"

    @classmethod
    def find(cls) -> list[str] | None:
        """Return the command that runs the program; None if it is not installed."""
        given = os.environ.get(cls.name.upper().replace("-", "_"))
        if given:
            return shlex.split(given)
        path = shutil.which(cls.name)
        return None if path is None else [path]

    @classmethod
    def version(cls) -> str:
        """Return the version of the installed program."""
        command = [*(cls.find() or ()), cls.show_version]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        found = re.search(r"(?<![\w.])v?(\d+\.\d+[^\s,]*)", done.stdout)  # not go1.24.4
        return "of an unknown version" if found is None else found[1]


@dataclass
class Tool(Command):
    """One tool, and how it does what every tool can.

    Args:
        home: A folder with a ``config.json`` of docker's form, which contains the login.
    """

    home: Path
    command: list[str] = field(init=False)

    reads: ClassVar[Sequence[str]] = ()
    """The file formats that :meth:`push` takes."""
    writes: ClassVar[Sequence[str]] = ()
    """The file formats that :meth:`pull` takes."""

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

    def push(self, file: Path, image: str, form: str = LAYOUT) -> None:
        """Push the image ``v1`` of a file, with all platforms."""
        raise NotImplementedError

    def pull(self, image: str, file: Path, form: str = LAYOUT) -> None:
        """Pull an image with all platforms into a new file."""
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
    reads = writes = (LAYOUT, OCI_ARCHIVE, DOCKER_ARCHIVE)

    def push(self, file: Path, image: str, form: str = LAYOUT) -> None:
        self._copy(_transport(file, form), f"docker://{image}", form, "--dest-tls-verify=false")

    def pull(self, image: str, file: Path, form: str = LAYOUT, name: str | None = None) -> None:
        target = _transport(file, form, name)
        self._copy(f"docker://{image}", target, form, "--src-tls-verify=false")

    def copy(self, source: str, target: str) -> None:
        plain = ("--src-tls-verify=false", "--dest-tls-verify=false")
        self._copy(f"docker://{source}", f"docker://{target}", LAYOUT, *plain)

    def delete(self, image: str) -> None:
        self.run("delete", "--tls-verify=false", f"docker://{image}")

    def tags(self, repository: str) -> str:
        return self.run("list-tags", "--tls-verify=false", f"docker://{repository}")

    def _copy(self, source: str, target: str, form: str, *options: str) -> None:
        # A docker archive has one platform and no manifest whose digest could be preserved.
        whole = () if form == DOCKER_ARCHIVE else ("--all", "--preserve-digests")
        # Containers have no file with a policy for signatures.
        self.run("--insecure-policy", "copy", *whole, *options, source, target)


def _transport(file: Path, form: str, name: str | None = None) -> str:
    """A file in skopeo's notation, and the name of the image in it."""
    scheme = {LAYOUT: "oci", OCI_ARCHIVE: "oci-archive", DOCKER_ARCHIVE: "docker-archive"}[form]
    name = name or ("team/app:v1" if form == DOCKER_ARCHIVE else "v1")
    return f"{scheme}:{file}:{name}"


class Crane(Tool):
    name = "crane"
    show_version = "version"
    install = "Debian sid: apt-get install crane"
    reads = writes = (LAYOUT, DOCKER_ARCHIVE)

    def push(self, file: Path, image: str, form: str = LAYOUT) -> None:
        self.run("push", "--insecure", str(file), image)

    def pull(self, image: str, file: Path, form: str = LAYOUT, *more_images: str) -> None:
        options = ["--format=oci"] if form == LAYOUT else ["--format=tarball"]
        if more_images and form == LAYOUT:
            options.append("--annotate-ref")
        self.run("pull", "--insecure", *options, image, *more_images, str(file))

    def copy(self, source: str, target: str) -> None:
        self.run("copy", "--insecure", source, target)

    def delete(self, image: str) -> None:
        self.run("delete", "--insecure", image)

    def tags(self, repository: str) -> str:
        return self.run("ls", "--insecure", repository)


class Oras(Tool):
    name = "oras"
    show_version = "version"
    install = "Debian trixie: apt-get install oras"
    reads = (LAYOUT, OCI_ARCHIVE)
    writes = (LAYOUT,)

    def push(self, file: Path, image: str, form: str = LAYOUT) -> None:
        self.run("cp", "--from-oci-layout", "--to-plain-http", f"{file}:v1", image)

    def pull(self, image: str, file: Path, form: str = LAYOUT) -> None:
        self.run("cp", "--from-plain-http", "--to-oci-layout", image, f"{file}:v1")

    def copy(self, source: str, target: str) -> None:
        self.run("cp", "--from-plain-http", "--to-plain-http", source, target)

    def attach(self, image: str, artifact_type: str, file: str) -> None:
        """Push a file of the home folder as a referrer of an image."""
        self.run("attach", "--plain-http", "--artifact-type", artifact_type, image, file)

    def discover(self, image: str, *options: str) -> str:
        """Return text that contains the types of an image's referrers."""
        return self.run("discover", "--plain-http", *options, image)

    def pull_files(self, artifact: str, folder: Path) -> None:
        """Write the files of an artifact, under their names, into a folder."""
        self.run("pull", "--plain-http", "--output", str(folder), artifact)

    def delete(self, image: str) -> None:
        self.run("manifest", "delete", "--plain-http", "--force", image)

    def tags(self, repository: str) -> str:
        return self.run("repo", "tags", "--plain-http", repository)


class Cosign(Tool):
    name = "cosign"
    show_version = "version"
    install = "Debian trixie: apt-get install cosign"

    _PLAIN = ("--allow-http-registry", "--allow-insecure-registry")

    _SIGN = ("--key=cosign.key", "--tlog-upload=false", "--yes", *_PLAIN)
    _VERIFY = ("--key=cosign.pub", "--insecure-ignore-tlog", *_PLAIN)

    def sign(self, image: str) -> None:
        """Sign an image with a new key, without a transparency log."""
        self.run("generate-key-pair")
        self.run("sign", *self._SIGN, image)

    def verify(self, image: str) -> str:
        """Verify the signature; return the claims that were signed."""
        return self.run("verify", *self._VERIFY, image)

    def attest(self, image: str) -> None:
        """Attach an attestation that is signed with a new key."""
        self.run("generate-key-pair")
        (self.home / "predicate.json").write_text('{"built": "well"}')
        self.run("attest", *self._SIGN, "--predicate=predicate.json", image)

    def verify_attestation(self, image: str) -> str:
        """Verify the attestation; return it."""
        return self.run("verify-attestation", *self._VERIFY, image)


class Umoci(Tool):
    name = "umoci"
    install = "Debian: apt-get install umoci"

    def unpack(self, layout: Path, bundle: Path) -> None:
        """Unpack the image ``v1`` of a layout."""
        self.run("unpack", "--rootless", "--image", f"{layout}:v1", str(bundle))

    def add_layer(self, layout: Path, file: Path) -> None:
        """Add a layer with one file to the image ``v1`` of a layout, and move the tag."""
        self.run("insert", "--rootless", "--image", f"{layout}:v1", str(file), "/inserted")


class Docker(Tool):
    name = "docker"
    install = "Debian: apt-get install docker.io"
    needs = "installed, or its daemon is not running"
    reads = writes = (DOCKER_ARCHIVE,)

    @classmethod
    def find(cls) -> list[str] | None:
        """Return the command; None if it is not installed, or its daemon does not run."""
        command = super().find()
        if command is None:
            return None
        info = subprocess.run([*command, "info"], capture_output=True, check=False)
        return None if info.returncode else command

    def load(self, file: Path) -> str:
        """Load an archive into the daemon; return the name of the image."""
        with file.open("rb") as archive:
            done = subprocess.run(
                [*self.command, "load"], stdin=archive, capture_output=True, check=False
            )
        if done.returncode:
            raise ToolError(done.stderr.decode())
        return done.stdout.decode().rpartition("Loaded image: ")[2].strip()

    def save(self, image: str, file: Path) -> None:
        """Save an image of the daemon in an archive."""
        with file.open("wb") as archive:
            subprocess.run([*self.command, "save", image], stdout=archive, check=True)

    def log_in(self) -> None:
        """Log in as the other tools are: the daemon's client may not see their folder."""
        ((registry, login),) = json.loads((self.home / "config.json").read_text())["auths"].items()
        username, _, password = base64.b64decode(login["auth"]).decode().partition(":")
        self.run("login", f"--username={username}", f"--password={password}", registry)

    def log_out(self, registry: str) -> None:
        """Forget the login."""
        self.run("logout", registry)

    def remove(self, image: str) -> None:
        """Remove an image from the daemon."""
        self.run("image", "rm", image)


TOOLS: tuple[type[Tool], ...] = (Skopeo, Crane, Oras)
