"""The registry's ``/v2/`` API: OCI Distribution 1.1, which docker, skopeo, crane and oras use.

Requests are translated into the operations of the ECR API wherever there is one, so both APIs have
the same state, the same rules and the same permissions:

==================================  ==============================================================
pull or check a manifest            BatchGetImage
push a manifest                     PutImage
delete a tag or a manifest          BatchDeleteImage
check a blob                        BatchCheckLayerAvailability
download a blob                     GetDownloadUrlForLayer
upload a blob                       InitiateLayerUpload, UploadLayerPart, CompleteLayerUpload
mount a blob                        InitiateLayerUpload; GetDownloadUrlForLayer for the source
list tags, repositories, referrers  ListImages, DescribeRepositories, ListImageReferrers
==================================  ==============================================================

Sources: the OCI Distribution Specification 1.1; "Private registry authentication", "Blob mounting"
and "IAM permissions for pushing an image" in the Amazon ECR User Guide. AWS does not document the
responses of its ``/v2/`` API; where users have reported deviations from the specification, they are
off by default, see `testing.RegistryBehavior`.
"""

from __future__ import annotations
