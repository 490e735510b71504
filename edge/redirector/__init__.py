"""The redirect: plain Python that knows Cloudflare only through the runtime it is given."""
