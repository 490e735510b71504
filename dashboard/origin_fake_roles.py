"""The roles of the origin in memory."""

from typing import Any

ROLES = ("viewer", "member", "admin", "owner")
# The least role for each permission, as origin has them.
LEAST_ROLE = {
    "links.read": "viewer", "links.write": "member", "analytics.read": "viewer", "conversions.read": "viewer",
    "conversions.write": "member", "safety.read": "admin", "safety.write": "admin", "domains.read": "viewer",
    "domains.write": "admin", "workspace.read": "viewer", "workspace.write": "admin", "workspace.leave": "viewer",
    "workspace.own": "owner", "members.read": "viewer", "members.write": "admin", "keys.read": "admin", "keys.write": "admin",
    "audit.read": "admin",
}  # fmt: skip


def shown(role: str) -> dict[str, Any]:
    """A role, and what it may."""
    may = [permission for permission, least in LEAST_ROLE.items() if ROLES.index(role) >= ROLES.index(least)]
    return {"role": role, "permissions": may}
