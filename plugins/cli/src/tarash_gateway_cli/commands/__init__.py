"""The commands, one file each. A file imports what its command needs inside its functions: help loads none of it."""
