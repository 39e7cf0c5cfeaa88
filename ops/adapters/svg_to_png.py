"""Converts SVG to PNG for chats. Uses bundled fonts, since the host images of Azure Functions have none."""

from functools import cache

from ops.ports.errors import RejectedError


class PictureError(RejectedError):
    """The text is not a valid SVG."""


def to_png(svg: str, width: int = 1200) -> bytes:
    """Renders an SVG as a PNG that is `width` pixels wide.

    Raises:
        PictureError: the text is not a valid SVG.
    """
    import resvg_py

    try:
        return bytes(
            resvg_py.svg_to_bytes(
                svg_string=svg,
                width=width,
                skip_system_fonts=True,
                font_files=[_font()],
                font_family="Roboto",
                sans_serif_family="Roboto",
            )
        )
    except ValueError as error:
        raise PictureError("NoPicture", f"rendering a picture: {error}") from error


@cache
def _font() -> str:
    """Returns the path of Roboto: one variable font with every weight."""
    from fontpkg_roboto import ROOT

    return str(ROOT / "files" / "Roboto[wdth,wght].ttf")
