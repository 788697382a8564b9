"""Faults that only this vendor has, by name: `MODEL@NAME` brings them about, or `server.google.meet(NAME)`.

Those of the common catalogue work here, too, where a path says which requests they are for.
"""

from __future__ import annotations

FAULTS: dict[str, str] = {
    "string_error": "400 with a text for a code",
    "int_error": "429 with a number and a status, as the models' own routes have it",
    "array_error": "403 in a list, as the front end has it",
    "unavailable": "503",
    "internal": "500, nothing was made",
    "redirect": "307 to another origin",
    "lost_answer": "it is made, and the connection closes before the answer",
    "refusal": "a job that is completed, with a text instead of a video; an image that is withheld",
    "prompt_blocked": "an image whose prompt is refused",
    "text_only": "an image's answer that holds a text",
    "no_video": "a job that is completed and counted as a video, without one",
    "failed": "a job that fails, with a list of errors",
    "out_of_budget": "a job that ends as budget_exceeded",
    "odd_status": "a job in a state that nobody knows, while it works",
    "passing_400": "400 for the first two looks at a job that runs",
    "inline_video": "a video inside the answer, whatever was asked for",
    "big_echo": "looks that give 4 MB back",
    "fewer_videos": "an operation with one video fewer than asked for",
    "all_filtered": "an operation whose videos were all withheld",
    "elsewhere": "a video whose download redirects to another origin",
    "foreign_uri": "a video at an address of another origin",
    "slow_file": "an upload that is looked at before it can be used",
    "legacy_model": "an image's answer that calls its model a legacy one",
}
"""Every fault of this face, and what it does."""
