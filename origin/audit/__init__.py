"""The audit log: who changed what in a workspace, from where, and what it was before and after."""
