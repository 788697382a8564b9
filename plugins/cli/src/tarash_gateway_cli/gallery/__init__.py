"""The gallery: one page of HTML that shows the pictures and clips of a folder, with what their sidecars remember.

`page.html` is the page, its styles and scripts lie beside it; `folder` finds the files, `sidecars` reads what is known
of them, `entries` makes one record of each for the page, and `page` puts all of it together.
"""

from tarash_gateway_cli.gallery.page import make_gallery

__all__ = ["make_gallery"]
