"""Why a link is not made or changed, in words that name the field."""

from typing import Any

from origin.problems import Conflict, Unprocessable


def taken_key(domain: str, key: str) -> Conflict:
    return Conflict(f"key: there is a link {domain}/{key} already. Choose another key.")


def taken_external_id(external_id: Any) -> Conflict:
    return Conflict(f"externalId: there is a link with the external id {external_id!r} in this workspace already.")


def foreign_domain(domain: str) -> Unprocessable:
    return Unprocessable(
        f"domain: {domain!r} is not a verified domain of this workspace. Leave it out, or add and verify it first."
    )


def loop(field: str, host: str) -> Unprocessable:
    return Unprocessable(f"{field}: {host} is a short domain of this installation, so the link would lead in a circle.")


def unknown_folder(folder_id: str) -> Unprocessable:
    return Unprocessable(f"folderId: there is no folder {folder_id} in this workspace.")


def unknown_webhook(webhook_id: str) -> Unprocessable:
    return Unprocessable(
        f"webhookIds: there is no webhook {webhook_id[:100]!r} in this workspace. Leave the list empty, or out."
    )


def below_foreign(domain: str, key: str) -> Conflict:
    return Conflict(f"key: {domain}/{key} is taken, and so is what lies below it. Choose another key or prefix.")


def crowded_below(domain: str, key: str, most: int) -> Unprocessable:
    return Unprocessable(
        f"key: {domain}/{key} carries paths on, and {most} codes can be below such a link. Choose another key or prefix."
    )


def foreign_below(domain: str, key: str) -> Conflict:
    return Conflict(
        f"redirect.forwardPath: another workspace has codes below {domain}/{key}, so this link can't carry paths on."
    )


def too_many_below(domain: str, key: str, most: int) -> Unprocessable:
    return Unprocessable(
        f"redirect.forwardPath: more than {most} codes are below {domain}/{key}, so this link can't carry paths on."
    )
