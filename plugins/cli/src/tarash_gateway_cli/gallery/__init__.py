"""The gallery: one page of HTML that shows the images and videos of a folder, with the facts in their sidecars.

`folder` finds the files, `sidecars` reads their facts, `entries` makes a record of each file, and `page` fills in the
template `page.html` with its styles and scripts.
"""

from tarash_gateway_cli.gallery.page import make_gallery

__all__ = ["make_gallery"]
