"""Names of domains and labels as pack.yaml allows them."""

import re
import unicodedata


def slugs(names, longest, otherwise):
    """A slug for each name: lower case, digits and hyphens, at most `longest` long, no two alike.

    A name that leaves nothing becomes `otherwise`; whatever was taken before gets a number.
    """
    found, taken = {}, set()
    for name in names:
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
        base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:longest].rstrip("-") or otherwise
        slug, number = base, 2
        while slug in taken:
            ending = f"-{number}"
            slug, number = base[: longest - len(ending)].rstrip("-") + ending, number + 1
        taken.add(slug)
        found[name] = slug
    return found
