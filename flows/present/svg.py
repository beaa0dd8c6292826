"""Parts of drawings as text: numbers of one decimal, and words that may hold any sign."""

from markupsafe import escape


def at(*numbers: float) -> str:
    """Numbers of a drawing, with a space between them."""
    return " ".join([str(round(number, 1)) for number in numbers])


def words(text: object) -> str:
    """Text that may hold any sign, as it stands in a drawing or in an attribute."""
    return str(escape(text))
