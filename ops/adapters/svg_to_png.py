"""SVG as PNG, for chats that show no SVG. With Roboto from its package: Azure's images carry no fonts."""

from functools import cache

from ops.ports.errors import RejectedError


class PictureError(RejectedError):
    """The text is no SVG that can be drawn."""


def to_png(svg: str, width: int = 1200) -> bytes:
    """The picture, so many pixels wide. Raises PictureError."""
    import resvg_py

    try:
        return bytes(
            resvg_py.svg_to_bytes(
                svg_string=svg,
                width=width,
                skip_system_fonts=True,
                font_files=list(_fonts()),
                font_family="Roboto",
                sans_serif_family="Roboto",
            )
        )
    except ValueError as error:
        raise PictureError("NoPicture", f"drawing a picture: {error}") from error


@cache
def _fonts() -> tuple[str, ...]:
    from font_roboto import font_files

    return tuple(font_files[name] for name in ("Roboto", "RobotoMedium", "RobotoBold"))
