"""Mail: written from templates, sent by SMTP, or kept in a local mailbox where no server is set."""
