"""Where links may not lead: lists of harmful addresses, reports by visitors, and the quarantine of links."""
