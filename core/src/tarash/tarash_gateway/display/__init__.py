"""What people see: media and responses in a notebook, and the progress of a call wherever it runs.

Nothing here is imported before something is shown, and neither rich nor IPython before one of them is there to be used.
"""
