"""An address -> a QR code for a terminal, or for a page."""

import io

import segno

_QUIET_ZONE = 4
"""Modules around the code, as ISO/IEC 18004 wants them."""
_LIGHT_ON_DARK = "\x1b[38;5;231;48;5;16m{}\x1b[0m"
"""White blocks on black, whatever the terminal's own colours: a code of the wrong colours is not read by all phones."""


def qr_text(address: str) -> str:
    """Draw the code, two modules to a character, in colours of its own."""
    drawn = io.StringIO()
    _code(address).terminal(drawn, border=_QUIET_ZONE, compact=True)
    return "\n".join(_LIGHT_ON_DARK.format(line) for line in drawn.getvalue().splitlines())


def qr_svg(address: str) -> str:
    """Draw the code as an SVG, as large as it is given room, in colours of its own."""
    drawn = io.BytesIO()
    _code(address).save(
        drawn, kind="svg", border=_QUIET_ZONE, light="#fff", omitsize=True, xmldecl=False, svgclass="qr", lineclass=None
    )
    return drawn.getvalue().decode()


def _code(address: str) -> segno.QRCode:
    return segno.make_qr(address, error="m")
