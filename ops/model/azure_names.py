"""How Azure compares ids, names and tag keys: case-insensitively, one letter with one letter."""


def azure_key(text: str) -> str:
    """Returns an id, a name or a tag key in the one spelling under which it is compared, stored and used in requests.

    Only a letter whose upper and lower case correspond to each other is changed, as in .NET's `OrdinalIgnoreCase`, which Azure
    uses. `str.casefold` would turn the resource group `rg-straße` into another one, `rg-strasse`.
    """
    return text.lower() if text.isascii() else "".join(map(_lower, text))


def _lower(letter: str) -> str:
    lower = letter.lower()
    return lower if lower.upper() == letter else letter
