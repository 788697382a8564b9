"""Batches: many prompts, a file of each, and nothing paid for twice."""

from tarash.tarash_gateway.batch.results import BatchProgress, BatchResult, CostRange, RowOutcome, SavedFile
from tarash.tarash_gateway.batch.running import run_batch, run_batch_async

__all__ = ["BatchProgress", "BatchResult", "CostRange", "RowOutcome", "SavedFile", "run_batch", "run_batch_async"]
