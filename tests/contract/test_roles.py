"""What the dashboard's origin in memory says of roles is what the real one says."""

from itertools import pairwise

from dashboard import origin_fake_roles
from origin.accounts import access


def test_the_fake_knows_the_permissions_of_origin() -> None:
    assert origin_fake_roles.LEAST_ROLE == access.LEAST_ROLE
    assert all(origin_fake_roles.shown(role)["permissions"] == access.permissions_of(role) for role in access.ROLES)


def test_a_role_may_all_that_lower_ones_may() -> None:
    lists = [set(access.permissions_of(role)) for role in access.ROLES]
    assert all(lower < higher for lower, higher in pairwise(lists))
    assert access.permissions_of("nobody") == []
