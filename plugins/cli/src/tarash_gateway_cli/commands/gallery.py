"""`tarash gallery`: makes one page of the images and videos in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from tarash_gateway_cli.options import Json

app = App(name="gallery")


@app.default
def gallery(
    folder: Annotated[Path, Parameter(metavar="FOLDER")],
    /,
    *,
    title: Annotated[str | None, Parameter(metavar="TEXT")] = None,
    as_json: Json = False,
) -> int:
    """Makes one page of the images and videos in a folder.

    Args:
        folder: The folder; the page shows what the .json beside each file says.
        title: The title of the page; default: the name of the folder.
        as_json: Print one JSON object on stdout, errors too.
    """
    from tarash_gateway_cli.gallery import make_gallery
    from tarash_gateway_cli.output import Output

    output = Output(as_json=as_json)
    page = make_gallery(folder, title=title)
    output.path(page)
    output.note("  Open it in a browser; it works without a server.")
    output.object({"path": str(page)})
    return 0
