"""The methods of `images.Images` for the graph of a repository and its cleanup."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, get_args

from ecrclient._awsjson.protocol.argument_checks import check_argument, wrong_argument
from ecrclient.images.calls import RepositoryCalls
from ecrclient.images.cleanup.execution import CleanupReport, OnCleanupProgress, carry_out
from ecrclient.images.cleanup.plan import CleanupPlan, make_plan
from ecrclient.images.cleanup.rules import CleanupRule, Repository
from ecrclient.images.repository_graph import RepositoryGraph, read_repository_graph
from ecrclient.operations import DESCRIBE_REPOSITORIES

if TYPE_CHECKING:
    from ecrclient.models import DescribeRepositoriesResponse

__all__ = ["CleanupMethods"]

_RULES: tuple[type, ...] = get_args(get_args(CleanupRule)[0])


class CleanupMethods:
    """Reads the graph of a repository, and deletes what is no longer needed."""

    _calls: RepositoryCalls

    async def graph(self) -> RepositoryGraph:
        """Return the images of the repository and how they depend on each other.

        The manifests of indexes are read, 100 in a call; ECR may record that as a pull of them.
        The manifests of images are not read.

        Raises:
            RepositoryNotFoundException: The repository does not exist.
            ECRClientError: A call failed.
        """
        return await read_repository_graph(self._calls)

    async def plan_cleanup(self, *rules: CleanupRule, now: datetime | None = None) -> CleanupPlan:
        """Return which images a cleanup would delete; nothing is deleted.

        An image stays if a rule keeps it, or if an image that stays needs it: the children of an
        index, and what refers to an image, such as its signatures. Archived images stay.

        ::

            plan = await images.plan_cleanup(KeepNewest(10, of="v*"), SpareYoungerThan(24))
            print(plan.bytes_freed, [item.tags for item in plan.delete])
            report = await images.clean_up(plan)

        Args:
            *rules: What to keep, at least one.
            now: The time from which ages are counted; None: the current time.

        Raises:
            RepositoryNotFoundException: The repository does not exist.
            RequestValidationError: An argument is invalid; nothing was sent.
            ECRClientError: A call failed.
        """
        if not rules:
            raise wrong_argument(
                "plan_cleanup", "rules", "must not be empty: without a rule, nothing is kept"
            )
        for number, rule in enumerate(rules):
            check_argument("plan_cleanup", f"rules[{number}]", rule, _RULES, "a rule")
        check_argument("plan_cleanup", "now", now, datetime, "a datetime", none=True)
        if now is not None and now.tzinfo is None:
            raise wrong_argument("plan_cleanup", "now", "must have a time zone")
        at = datetime.now(UTC) if now is None else now.astimezone(UTC)
        repository = await self._described()
        return make_plan(await self.graph(), rules, at, repository)

    async def clean_up(
        self, plan: CleanupPlan, *, on_progress: OnCleanupProgress | None = None
    ) -> CleanupReport:
        """Delete the images of a plan, and nothing else.

        The repository is read again first. An image of the plan stays if it has changed: it got
        another tag, was pushed again or pulled, an image that stays needs it now, or a rule of the
        plan keeps it now. Between this check and the deletion, a change is not noticed.

        A cleanup that was interrupted can be run again with the same plan.

        Args:
            plan: The plan, from `plan_cleanup`.
            on_progress: Receives the state after each call; it must not block.

        Raises:
            RequestValidationError: An argument is invalid, or the plan is of another repository;
                nothing was deleted.
            ECRClientError: A call failed; the error has a note with the number of images that had
                been deleted.
        """
        check_argument("clean_up", "plan", plan, CleanupPlan, "a CleanupPlan")
        repository = await self._described()
        if plan.repository_arn != repository.arn:
            raise wrong_argument(
                "clean_up", "plan", f"is of {plan.repository_arn}, not of {repository.arn}"
            )
        return await carry_out(self._calls, await self.graph(), plan, repository, on_progress)

    async def _described(self) -> Repository:
        response: DescribeRepositoriesResponse = await self._calls.call_registry(
            DESCRIBE_REPOSITORIES,
            registry_id=self._calls.registry_id,
            repository_names=[self._calls.repository_name],
        )
        found = response.repositories[0]
        return Repository(found.repository_arn, found.repository_uri)
