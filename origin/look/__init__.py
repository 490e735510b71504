"""Origin's few pages for people, in Nearhop's look: one frame, one stylesheet, nothing from anywhere else."""

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

# Where origin/reference.py serves what `make assets` has built.
ASSETS = "/api/v1/docs/assets/built"
POLICY = (
    "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


def pages(package: str) -> Environment:
    """The templates below `pages/` of a package, which extend page.html of this one."""
    loader = ChoiceLoader([PackageLoader(package, "pages"), PackageLoader("origin.look", "pages")])
    environment = Environment(
        loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    environment.globals["assets"] = ASSETS
    return environment
