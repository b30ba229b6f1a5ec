"""What AWS documents about the evaluation of lifecycle policies, as cases.

Each case names the page of the Amazon ECR User Guide, and what the page says, in other words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tests.ecr.lifecycle.repositories import Members, archive, expire, image

__all__ = ["CASES", "Case"]

EVALUATION = "Automate the cleanup of images by using lifecycle policies in Amazon ECR"
PROPERTIES = "Lifecycle policy properties in Amazon ECR"
EXAMPLES = "Examples of lifecycle policies in Amazon ECR"
ARCHIVING = "Archiving an image in Amazon ECR"


class Case(NamedTuple):
    """A policy, the images of a repository, and what happens to them."""

    page: str
    fact: str
    rules: Sequence[Members]
    images: Sequence[Members]
    expected: Mapping[str, str]
    """``expire 1``: rule 1 expires the image. Images that stay are omitted."""
    lists: Mapping[str, Sequence[str]] = {}
    """The digests in each manifest list."""


AB = (
    image("A", "beta-1", "prod-1", pushed=10),
    image("B", "beta-2", "prod-2", pushed=9),
    image("C", "beta-3", pushed=8),
)
ALPHA_BETA = (
    image("A", "alpha-1", pushed=12),
    image("B", "beta-1", pushed=11),
    image("C", "alpha-2", "beta-2", pushed=10),
    image("D", "alpha-3", pushed=4),
    image("E", "beta-3", pushed=3),
    image("F", "alpha-4", "beta-4", pushed=2),
)
LISTED = (image("A", pushed=30), image("B", pushed=29), image("L", "v1", pushed=28, is_index=True))
"""Two images, and a manifest list of the first one."""
TWO = (image("A", pushed=9), image("B", pushed=8))

_EXAMPLES = {
    "age": Case(
        EXAMPLES,
        "Filtering on image age",
        [expire(1, ["prod*"], "pushed 14")],
        [image("A", "prod", pushed=16), image("B", "prod1", pushed=12), image("C", "x", pushed=99)],
        {"A": "expire 1"},
    ),
    "last-pull": Case(
        EXAMPLES,
        "Filtering on last pulled time",
        [archive(1, "any", "pulled 90")],
        [
            image("A", "a", pushed=200, pulled=95),
            image("B", "b", pushed=200, pulled=85),
            image("C", pushed=200),
            image("D", pushed=80),
        ],
        {"A": "archive 1", "C": "archive 1"},
    ),
    "archive-time": Case(
        EXAMPLES,
        "Filtering on archive transition time",
        [expire(1, "any", "archived 365")],
        [
            image("A", "a", pushed=900, archived=370),
            image("B", "b", pushed=900, archived=360),
            image("C", "c", pushed=900),
        ],
        {"A": "expire 1"},
    ),
    "count": Case(
        EXAMPLES,
        "Filtering on image count: one untagged image stays",
        [expire(1, "untagged", "count 1")],
        [
            image("A", pushed=5),
            image("B", pushed=4),
            image("C", pushed=3),
            image("D", "x", pushed=9),
        ],
        {"A": "expire 1", "B": "expire 1"},
    ),
    "multiple-rules-a": Case(
        EXAMPLES,
        "Filtering on multiple rules, example A: B is seen by rule 1, so rule 2 skips it",
        [expire(1, ["prod*"], "count 1"), expire(2, ["beta*"], "count 1")],
        AB,
        {"A": "expire 1"},
    ),
    "multiple-rules-b": Case(
        EXAMPLES,
        "Filtering on multiple rules, example B: the priorities are exchanged",
        [expire(1, ["beta*"], "count 1"), expire(2, ["prod*"], "count 1")],
        AB,
        {"A": "expire 1", "B": "expire 1"},
    ),
    "multiple-tags-a": Case(
        EXAMPLES,
        "Filtering on multiple tags in a single rule, example A",
        [expire(1, ["alpha*", "beta*"], "pushed 5")],
        ALPHA_BETA,
        {"C": "expire 1"},
    ),
    "multiple-tags-b": Case(
        EXAMPLES,
        "Filtering on multiple tags in a single rule, example B: tags are not exclusive",
        [expire(1, ["alpha*", "beta*"], "count 1")],
        [
            image("A", "alpha-1", "beta-1", "gamma-1", pushed=10),
            image("B", "alpha-2", "beta-2", pushed=9),
            image("C", "alpha-3", "beta-3", "gamma-2", pushed=8),
        ],
        {"A": "expire 1", "B": "expire 1"},
    ),
    "all-images-a": Case(
        EXAMPLES,
        "Filtering on all images, example A",
        [expire(1, "any", "count 1")],
        [
            image("A", "alpha-1", pushed=4),
            image("B", "beta-1", pushed=3),
            image("C", pushed=2),
            image("D", "alpha-2", pushed=1),
        ],
        {"A": "expire 1", "B": "expire 1", "C": "expire 1"},
    ),
    "all-images-b": Case(
        EXAMPLES,
        "Filtering on all images, example B: all rule types in one policy",
        [
            expire(1, ["alpha*"], "count 1"),
            expire(2, "untagged", "pushed 1"),
            expire(3, "any", "count 1"),
        ],
        [
            image("A", "alpha-1", "beta-1", pushed=4),
            image("B", pushed=3),
            image("C", "alpha-2", pushed=2),
            image("D", "git hash", pushed=1.001),
            image("E", pushed=1),
        ],
        {"A": "expire 1", "B": "expire 2", "D": "expire 3"},
    ),
    "archive-by-age": Case(
        EXAMPLES,
        "Archiving images older than a specified number of days",
        [archive(1, ["prod*"], "pushed 30")],
        [image("A", "prod1", pushed=32), image("B", "prod2", pushed=28), image("C", pushed=40)],
        {"A": "archive 1"},
    ),
    "archive-by-pull": Case(
        EXAMPLES,
        "Archiving images not pulled in a specified number of days",
        [archive(1, "any", "pulled 90")],
        [image("A", "x", pushed=500, pulled=100), image("B", "y", pushed=500, pulled=1)],
        {"A": "archive 1"},
    ),
    "archive-and-expire": Case(
        EXAMPLES,
        "Combining archive and expire rules: rule 2 has images although rule 1 is for any tags",
        [archive(1, "any", "pushed 30"), expire(2, "any", "archived 365")],
        [
            image("A", "x", pushed=32),
            image("B", "y", pushed=28),
            image("C", "z", pushed=900, archived=367),
            image("D", pushed=900, archived=363),
        ],
        {"A": "archive 1", "C": "expire 2"},
    ),
    "archive-then-delete": Case(
        EXAMPLES,
        "Deleting by pull activity: archive with sinceImagePulled, then sinceImageTransitioned",
        [archive(1, "any", "pulled 30"), expire(2, "any", "archived 90")],
        [
            image("A", "x", pushed=400, pulled=35),
            image("B", "y", pushed=400, pulled=200, archived=95),
            image("C", "z", pushed=400, pulled=200, archived=85),
        ],
        {"A": "archive 1", "B": "expire 2"},
    ),
}

_PRIORITIES = {
    "priority-not-order": Case(
        PROPERTIES,
        "The priority sets the order, not the place in the text",
        [expire(2, ["beta*"], "count 1"), expire(1, ["prod*"], "count 1")],
        AB,
        {"A": "expire 1"},
    ),
    "priorities-with-gaps": Case(
        PROPERTIES,
        "Priorities need not be sequential",
        [expire(5, ["prod*"], "count 1"), expire(90, ["beta*"], "count 1")],
        AB,
        {"A": "expire 5"},
    ),
    "lowest-number-first": Case(
        PROPERTIES,
        "Priority 1 is applied first, then 2",
        [expire(1, ["a*"], "pushed 1"), expire(2, ["*"], "pushed 1")],
        [image("A", "a1", pushed=9), image("B", "b1", pushed=9.5)],
        {"A": "expire 1", "B": "expire 2"},
    ),
    "any-is-last": Case(
        PROPERTIES,
        "A rule for any tags is evaluated last",
        [expire(1, "untagged", "pushed 5"), expire(2, "any", "pushed 20")],
        [image("A", pushed=9), image("B", "b", pushed=9.5), image("C", "c", pushed=30)],
        {"A": "expire 1", "C": "expire 2"},
    ),
    "one-rule-at-most": Case(
        EVALUATION,
        "One rule or none expires an image",
        [expire(1, ["a*"], "pushed 5"), expire(2, "any", "pushed 5")],
        [image("A", "a", pushed=9)],
        {"A": "expire 1"},
    ),
    "kept-by-an-earlier-rule": Case(
        EVALUATION,
        "An image that matches a rule is not expired by one with a lower priority",
        [expire(1, ["a*"], "pushed 100"), expire(2, "any", "pushed 5")],
        [image("A", "a", pushed=50), image("B", "b", pushed=50.5)],
        {"B": "expire 2"},
    ),
    "kept-by-count": Case(
        EVALUATION,
        "An image that matches a rule is not expired by one with a lower priority, for counts",
        [expire(1, ["a*"], "count 9"), expire(2, "any", "count 1")],
        [image("A", "a", pushed=50), image("B", "b", pushed=40), image("C", "c", pushed=30)],
        {"B": "expire 2"},
    ),
    "kept-from-archival": Case(
        EVALUATION,
        "An image that matches a rule is not archived by one with a lower priority",
        [expire(1, ["a*"], "pushed 100"), archive(2, "any", "pushed 5")],
        [image("A", "a", pushed=50), image("B", "b", pushed=50.5)],
        {"B": "archive 2"},
    ),
    "expired-images-are-identified": Case(
        EVALUATION,
        "Rules identify images that other rules mark, as if they had not been expired",
        [expire(1, ["new*"], "pushed 1"), expire(2, "any", "count 1")],
        [image("A", "old", pushed=9), image("B", "new", pushed=8)],
        {"A": "expire 2", "B": "expire 1"},
    ),
    "kept-images-are-identified": Case(
        EVALUATION,
        "Rules identify images that earlier rules keep",
        [expire(1, ["new*"], "count 5"), expire(2, "any", "count 1")],
        [image("A", "old", pushed=9), image("B", "new", pushed=8)],
        {"A": "expire 2"},
    ),
    "archived-images-are-identified": Case(
        EVALUATION,
        "Rules identify images that other rules archive, as if they had not been archived",
        [archive(1, ["new*"], "pushed 1"), expire(2, "any", "count 1")],
        [image("A", "old", pushed=9), image("B", "new", pushed=8)],
        {"A": "expire 2", "B": "archive 1"},
    ),
    "same-time": Case(
        EVALUATION,
        "All rules are evaluated at the same time, and then applied by priority",
        [expire(1, ["a*"], "count 1"), expire(2, ["*1"], "count 1"), expire(3, "any", "count 1")],
        [image("A", "a1", pushed=7), image("B", "b1", pushed=8), image("C", "c2", pushed=9)],
        {"B": "expire 2", "C": "expire 3"},
    ),
}

_TAGS = {
    "tagged-without-untagged": Case(
        PROPERTIES,
        "A rule for tagged images does not select untagged ones",
        [expire(1, ["*"], "pushed 1")],
        [image("A", "a", pushed=9), image("B", pushed=9.5)],
        {"A": "expire 1"},
    ),
    "untagged-without-tagged": Case(
        PROPERTIES,
        "A rule for untagged images does not select tagged ones",
        [expire(1, "untagged", "pushed 1")],
        [image("A", "a", pushed=9), image("B", pushed=9.5)],
        {"B": "expire 1"},
    ),
    "any": Case(
        PROPERTIES,
        "A rule for any tags is evaluated against all images",
        [expire(1, "any", "pushed 1")],
        [image("A", "a", pushed=9), image("B", pushed=9.5)],
        {"A": "expire 1", "B": "expire 1"},
    ),
    "pattern-at-the-start": Case(
        EVALUATION,
        "prod* matches prod, prod1 and production-team1",
        [expire(1, ["prod*"], "pushed 1")],
        [
            image("A", "prod", pushed=5),
            image("B", "prod1", pushed=6),
            image("C", "production-team1", pushed=7),
            image("D", "preprod", pushed=8),
        ],
        {"A": "expire 1", "B": "expire 1", "C": "expire 1"},
    ),
    "pattern-in-the-middle": Case(
        EVALUATION,
        "*prod* matches repo-production and prod-team",
        [expire(1, ["*prod*"], "pushed 1")],
        [
            image("A", "repo-production", pushed=5),
            image("B", "prod-team", pushed=6),
            image("C", "pro", pushed=7),
        ],
        {"A": "expire 1", "B": "expire 1"},
    ),
    "four-wildcards": Case(
        EVALUATION,
        "A pattern may have four wildcards, the first at the start",
        [expire(1, ["*test*1*2*3"], "pushed 1")],
        [image("A", "a-test-1-2-3", pushed=5), image("B", "test-1-2-3-4", pushed=6)],
        {"A": "expire 1"},
    ),
    "four-wildcards-at-the-end": Case(
        EVALUATION,
        "A pattern may have four wildcards, the last at the end",
        [expire(1, ["test*1*2*3*"], "pushed 1")],
        [image("A", "a-test-1-2-3", pushed=5), image("B", "test-1-2-3-4", pushed=6)],
        {"B": "expire 1"},
    ),
    "all-patterns": Case(
        EVALUATION,
        "An image matches if each pattern matches one of its tags",
        [expire(1, ["a*", "b*", "c*"], "pushed 1")],
        [
            image("A", "a1", "b1", "c1", "d1", pushed=5),
            image("B", "a1", "b1", pushed=6),
            image("C", "abc", pushed=7),
        ],
        {"A": "expire 1"},
    ),
    "one-tag-for-two-patterns": Case(
        EVALUATION,
        "One tag may match several patterns of a rule",
        [expire(1, ["a*", "*b"], "pushed 1")],
        [image("A", "a-b", pushed=5), image("B", "a-c", pushed=6)],
        {"A": "expire 1"},
    ),
    "prefix": Case(
        PROPERTIES,
        "The prefix prod selects prod, prod1 and prod2",
        [expire(1, ["^prod"], "pushed 1")],
        [
            image("A", "prod", pushed=5),
            image("B", "prod1", pushed=6),
            image("C", "prod2", pushed=7),
            image("D", "dev-prod", pushed=8),
        ],
        {"A": "expire 1", "B": "expire 1", "C": "expire 1"},
    ),
    "all-prefixes": Case(
        EVALUATION,
        "With several prefixes, only images with all of them are selected",
        [expire(1, ["^alpha", "^beta"], "pushed 5")],
        ALPHA_BETA,
        {"C": "expire 1"},
    ),
    "patterns-and-prefixes": Case(
        EVALUATION,
        "One rule may have patterns, and another one prefixes",
        [expire(1, ["^prod"], "count 1"), expire(2, ["beta*"], "count 1")],
        AB,
        {"A": "expire 1"},
    ),
    "prefix-and-any": Case(
        EVALUATION,
        "The tags beside the matching one do not matter",
        [expire(1, ["^keep"], "count 9"), expire(2, "any", "pushed 1")],
        [image("A", "keep-1", "dev", pushed=5), image("B", "dev-1", pushed=6)],
        {"B": "expire 2"},
    ),
}

_COUNTS = {
    "count-of-the-youngest": Case(
        EVALUATION,
        "Images are sorted by push time, whatever their order in a list",
        [expire(1, "any", "count 2")],
        [image(name, pushed=days) for name, days in zip("ABCDE", (3, 7, 1, 9, 5), strict=True)],
        {"B": "expire 1", "D": "expire 1", "E": "expire 1"},
    ),
    "count-not-exceeded": Case(
        PROPERTIES,
        "The count number is the number of images to retain",
        [expire(1, "any", "count 2")],
        TWO,
        {},
    ),
    "count-exceeded-by-one": Case(
        PROPERTIES,
        "The count number is the number of images to retain; one more expires",
        [expire(1, "any", "count 1")],
        TWO,
        {"A": "expire 1"},
    ),
    "count-archives": Case(
        EVALUATION,
        "Images greater than the count are archived, if that is the action",
        [archive(1, "any", "count 1")],
        TWO,
        {"A": "archive 1"},
    ),
    "count-ignores-pulls": Case(
        EVALUATION,
        "Counts sort by push time, not by pulls",
        [expire(1, "any", "count 1")],
        [image("A", pushed=9, pulled=1), image("B", pushed=8)],
        {"A": "expire 1"},
    ),
    "count-of-selected-images": Case(
        EVALUATION,
        "A count is of the images that the rule identifies",
        [expire(1, ["a*"], "count 1")],
        [image("A", "a", pushed=9), image("B", "b", pushed=8), image("C", "b", pushed=7)],
        {},
    ),
    "maximum-age": Case(
        PROPERTIES,
        "The count number is the maximum age in days",
        [expire(1, "any", "pushed 30")],
        [image("A", pushed=32), image("B", pushed=28)],
        {"A": "expire 1"},
    ),
    "age-ignores-pulls": Case(
        EVALUATION,
        "sinceImagePushed reads the push time",
        [expire(1, "any", "pushed 30")],
        [image("A", pushed=40, pulled=1)],
        {"A": "expire 1"},
    ),
    "pull-ignores-push": Case(
        EVALUATION,
        "sinceImagePulled reads the last pull",
        [archive(1, "any", "pulled 30")],
        [image("A", pushed=400, pulled=20), image("B", pushed=400, pulled=40)],
        {"B": "archive 1"},
    ),
    "never-pulled": Case(
        EVALUATION,
        "The push time counts for an image that was never pulled",
        [archive(1, "any", "pulled 30")],
        [image("A", pushed=40), image("B", pushed=20)],
        {"A": "archive 1"},
    ),
    "archive-time-only": Case(
        EVALUATION,
        "sinceImageTransitioned reads the time of the archival",
        [expire(1, "any", "archived 100")],
        [image("A", pushed=900, archived=90), image("B", pushed=120, archived=110)],
        {"B": "expire 1"},
    ),
    "restored-order": Case(
        EVALUATION,
        "A restored image is ordered by its restoration",
        [expire(1, "any", "count 1")],
        [image("A", pushed=100, archived=50, restored=5), image("B", pushed=10)],
        {"B": "expire 1"},
    ),
    "restored-and-not-pulled": Case(
        EVALUATION,
        "The restoration counts for an image that was not pulled since",
        [archive(1, "any", "pulled 30")],
        [
            image("A", pushed=400, pulled=100, archived=60, restored=20),
            image("B", pushed=400, pulled=100, archived=60, restored=40),
        ],
        {"B": "archive 1"},
    ),
    "restored-and-never-pulled": Case(
        EVALUATION,
        "The restoration counts for an image that was never pulled",
        [archive(1, "any", "pulled 30")],
        [
            image("A", pushed=400, archived=60, restored=20),
            image("B", pushed=400, archived=60, restored=40),
        ],
        {"B": "archive 1"},
    ),
    "restored-and-pulled": Case(
        EVALUATION,
        "The last pull counts for an image that was pulled since its restoration",
        [archive(1, "any", "pulled 30")],
        [image("A", pushed=400, pulled=35, archived=60, restored=50)],
        {"A": "archive 1"},
    ),
}

_STORAGE_CLASSES = {
    "standard-by-default": Case(
        PROPERTIES,
        "Without a storage class, a rule selects the standard class",
        [expire(1, "any", "pushed 30")],
        [image("A", pushed=100), image("B", pushed=100.5, archived=95)],
        {"A": "expire 1"},
    ),
    "archive-class": Case(
        PROPERTIES,
        "A rule for the archive selects archived images only",
        [expire(1, "any", "archived 90")],
        [image("A", pushed=100), image("B", pushed=100.5, archived=95)],
        {"B": "expire 1"},
    ),
    "any-in-each-class": Case(
        EVALUATION,
        "Each storage class may have its rule for any tags",
        [expire(1, "any", "archived 90"), expire(2, "any", "count 1")],
        [*TWO, image("C", pushed=200, archived=95)],
        {"A": "expire 2", "C": "expire 1"},
    ),
    "untagged-in-each-class": Case(
        EVALUATION,
        "Each storage class may have its rule for untagged images",
        [expire(1, "untagged", "archived 90"), expire(2, "untagged", "pushed 5")],
        [image("A", pushed=9), image("B", pushed=200, archived=95)],
        {"A": "expire 2", "B": "expire 1"},
    ),
    "ninety-days": Case(
        ARCHIVING,
        "Rules expire archived images after 90 days at the earliest",
        [expire(1, "any", "archived 90")],
        [image("A", pushed=300, archived=92), image("B", pushed=300, archived=88)],
        {"A": "expire 1"},
    ),
    "time-in-archive": Case(
        ARCHIVING,
        "Rules delete archived images by criteria such as the time in the archive",
        [expire(1, ["old*"], "archived 120")],
        [image("A", "old", pushed=300, archived=130), image("B", "x", pushed=300, archived=130)],
        {"A": "expire 1"},
    ),
}

_MANIFEST_LISTS = {
    "listed-image": Case(
        EVALUATION,
        "An image in a manifest list is not expired before the list",
        [expire(1, "untagged", "pushed 5")],
        LISTED,
        {"A": "protected", "B": "expire 1"},
        {"L": ["A"]},
    ),
    "list-and-image": Case(
        EVALUATION,
        "The manifest list goes first",
        [expire(1, "any", "pushed 5")],
        LISTED,
        {"A": "protected", "B": "expire 1", "L": "expire 1"},
        {"L": ["A"]},
    ),
    "list-is-gone": Case(
        EVALUATION,
        "An image expires after the manifest list has been deleted",
        [expire(1, "any", "pushed 5")],
        LISTED[:2],
        {"A": "expire 1", "B": "expire 1"},
    ),
    "listed-image-and-archival": Case(
        EVALUATION,
        "An image in a manifest list is not archived before the list",
        [archive(1, "untagged", "pushed 5")],
        LISTED,
        {"A": "protected", "B": "archive 1"},
        {"L": ["A"]},
    ),
    "archived-list": Case(
        EVALUATION,
        "An image is archived after the manifest list has been archived",
        [archive(1, "untagged", "pushed 5")],
        [*LISTED[:2], image("L", "v1", pushed=28, archived=2, is_index=True)],
        {"A": "archive 1", "B": "archive 1"},
        {"L": ["A"]},
    ),
    "tagged-image-in-a-list": Case(
        EVALUATION,
        "A manifest list protects tagged images too",
        [expire(1, ["amd64*"], "pushed 5")],
        [image("A", "amd64-1", pushed=9), image("L", "v1", pushed=1, is_index=True)],
        {"A": "protected"},
        {"L": ["A"]},
    ),
    "list-in-a-list": Case(
        EVALUATION,
        "A manifest list that another one references is not expired first",
        [expire(1, "untagged", "pushed 5")],
        [
            image("A", pushed=30),
            image("B", pushed=29, is_index=True),
            image("L", "v1", pushed=28, is_index=True),
        ],
        {"A": "protected", "B": "protected"},
        {"B": ["A"], "L": ["B"]},
    ),
    "image-in-two-lists": Case(
        EVALUATION,
        "An image is protected as long as one manifest list references it",
        [expire(1, "untagged", "pushed 5")],
        [*LISTED, image("M", pushed=27, is_index=True)],
        {"A": "protected", "B": "expire 1", "M": "expire 1"},
        {"L": ["A"], "M": ["A"]},
    ),
}

_REFERENCE_ARTIFACTS = {
    "artifact-of-an-expired-image": Case(
        EVALUATION,
        "Reference artifacts expire with their subject",
        [expire(1, ["v*"], "pushed 5")],
        [image("A", "v1", pushed=9), image("S", pushed=8, subject="A")],
        {"A": "expire 1", "S": "follow"},
    ),
    "artifact-of-an-archived-image": Case(
        EVALUATION,
        "Reference artifacts are archived with their subject",
        [archive(1, ["v*"], "pushed 5")],
        [image("A", "v1", pushed=9), image("S", pushed=8, subject="A")],
        {"A": "archive 1", "S": "follow"},
    ),
    "artifact-of-an-image-that-stays": Case(
        EVALUATION,
        "Reference artifacts stay if their subject does",
        [expire(1, ["v*"], "pushed 5")],
        [
            image("A", "v1", pushed=9),
            image("B", "v2", pushed=3),
            image("S", pushed=8, subject="A"),
            image("T", pushed=8.5, subject="B"),
        ],
        {"A": "expire 1", "S": "follow"},
    ),
    "artifact-of-an-artifact": Case(
        EVALUATION,
        "The artifact of an artifact goes with it",
        [expire(1, ["v*"], "pushed 5")],
        [
            image("A", "v1", pushed=9),
            image("S", pushed=8, subject="A"),
            image("T", pushed=7, subject="S"),
        ],
        {"A": "expire 1", "S": "follow", "T": "follow"},
    ),
}

CASES: Mapping[str, Case] = {
    **_EXAMPLES,
    **_PRIORITIES,
    **_TAGS,
    **_COUNTS,
    **_STORAGE_CLASSES,
    **_MANIFEST_LISTS,
    **_REFERENCE_ARTIFACTS,
}
