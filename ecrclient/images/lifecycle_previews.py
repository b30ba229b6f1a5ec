"""``Images.preview``: what a lifecycle policy would do to the images of a repository."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from ecrclient.images.calls import RepositoryCalls

if TYPE_CHECKING:
    from ecrclient.lifecycle import LifecyclePolicy, LifecyclePreview

__all__ = ["LifecyclePreviews"]


class LifecyclePreviews:
    """Previews of lifecycle policies."""

    _calls: RepositoryCalls

    async def preview(
        self,
        policy: LifecyclePolicy | str | None = None,
        *,
        now: datetime | None = None,
        read_indexes: bool = True,
        compare_with_service: bool = False,
        max_wait: float = 300.0,
    ) -> LifecyclePreview:
        """Return what a lifecycle policy would do to the images of the repository.

        ::

            policy = LifecyclePolicy.of(keep_last(5, tags="any"))
            preview = await ecr.images("team/app").preview(policy)
            for image in preview.expiring:
                print(image.digest, image.reason)

        The policy is evaluated here, by AWS's documentation. DescribeImages is called for all
        images. If the policy would act on an image, the manifests of the indexes are read, since
        ECR does not expire an image that an index lists. ECR may record that as a pull of them.

        Args:
            policy: The policy, or its text; None: the repository's own policy.
            now: The time of the evaluation, with a time zone. None: the current time.
            read_indexes: Whether manifests of indexes may be read. If not, it is unknown which
                images they protect.
            compare_with_service: Whether to run ECR's own preview of the policy too, and to report
                the differences in ``service``. It replaces the repository's previous preview, and
                ECR evaluates it at the current time, whatever *now* is.
            max_wait: Maximum number of seconds for ECR's preview to complete.

        Raises:
            LifecyclePolicyError: The text is not a policy, or ECR would refuse the policy.
            LifecyclePolicyNotFoundException: *policy* is None, and the repository has none.
            LifecyclePolicyPreviewInProgressException: ECR's previous preview is still running.
            WaiterTimeoutError: ECR's preview did not complete within *max_wait*.
            WaiterFailureError: ECR's preview failed.
            RequestValidationError: An argument is invalid; nothing was sent.
            ECRClientError: A call failed.
        """
        # Most programs that use images do not need this.
        from ecrclient.images.policy_evaluation import PolicyEvaluation

        evaluation = PolicyEvaluation(self._calls, now=now, read_indexes=read_indexes)
        return await evaluation.run(
            policy, compare_with_service=compare_with_service, max_wait=max_wait
        )
