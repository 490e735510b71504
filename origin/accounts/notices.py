"""What an account's owner is told by letter when somebody, hopefully they, changes how one gets in: title and text.

And what helps if it was not them: a page of the dashboard, what to do there, and the words on the button.
"""

NOTICES = {
    "second_factor_on": (
        "Your second factor is on",
        "From now on, logging in to your Nearhop account takes a code of your authenticator app as well.",
    ),
    "second_factor_off": (
        "Your second factor is off",
        "The second factor of your Nearhop account was switched off: the password alone lets in.",
    ),
    "recovery_codes_renewed": (
        "You have new recovery codes",
        "New recovery codes were made for your Nearhop account. The former ones are worth nothing any more.",
    ),
    "recovery_code_used": (
        "A recovery code was used",
        "Somebody logged in to your Nearhop account with one of your recovery codes, which is used up now.",
    ),
    "passkey_added": (
        "A passkey was added",
        "A passkey was added to your Nearhop account: it lets in without the password.",
    ),
    "passkey_deleted": (
        "A passkey was deleted",
        "A passkey of your Nearhop account was deleted: nobody gets in by it any more.",
    ),
    "identity_linked": (
        "Another way into your account",
        "Somebody logged in with a provider that vouches for this address: it opens your Nearhop account from now on.",
    ),
    "identity_unlinked": (
        "A provider was unlinked",
        "A provider that opened your Nearhop account was unlinked: it opens it no more.",
    ),
    "passkey_copied": (
        "Somebody may have a copy of your passkey",
        "A passkey of your Nearhop account was used in a way that only a copy of it would be. It was not let in: delete it.",
    ),
}

NEW_PASSWORD = ("/forgot-password", "Choose a new password at once", "Choose a new password")
_DELETE_IT = (
    "/security",
    (
        "A new password alone would not keep them out: log in, delete what was added under Security, and then choose a new "
        "password there, which ends every other session. Do it at once"
    ),
    "Open the security settings",
)
# Where a new password alone leaves open what was added.
REMEDIES = {
    "passkey_added": _DELETE_IT,
    "identity_linked": _DELETE_IT,
    # Only its codes switch it off, which whoever switched it on has.
    "second_factor_on": (
        "/forgot-password",
        (
            "A new password keeps them out, but you could not log in without their codes: choose one at once, and ask whoever "
            "runs this Nearhop to switch the second factor off"
        ),
        "Choose a new password",
    ),
}
