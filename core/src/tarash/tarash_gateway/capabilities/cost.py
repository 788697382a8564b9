"""Estimates what a request may cost before it is sent: a range with its basis, or None for an unknown price."""

from __future__ import annotations

from collections.abc import Iterable

from tarash.tarash_gateway.capabilities.price import Price, as_dollars
from tarash.tarash_gateway.capabilities.rows import ModelRow, VideoModel
from tarash.tarash_gateway.capabilities.rules import DurationRule, SizeRule, parse_size
from tarash.tarash_gateway.models.request import GenerationRequest, ImageGenerationRequest, VideoGenerationRequest
from tarash.tarash_gateway.records import FrozenModel


class CostEstimate(FrozenModel):
    """What a request may cost, in US dollars."""

    low: float
    """The least."""

    high: float
    """The most; `max_cost` is held against it."""

    basis: str
    """What is counted, who says so, and the date of the last check."""

    def __str__(self) -> str:
        amount = " to ".join(map(as_dollars, sorted({self.low, self.high})))
        return f"{amount} ({self.basis})"


def estimate(request: GenerationRequest, row: ModelRow | None) -> CostEstimate | None:
    """Estimates the cost of `request` as it would go out; None where the price is not known.

    An edit is not estimated: what its input images cost is only known afterwards.
    """
    if row is None or row.price is None:
        return None
    price, source = row.price, f"{row.price.basis}, {row.price.checked_on}"
    if price.is_free:
        return CostEstimate(low=0.0, high=0.0, basis=source)
    if isinstance(request, ImageGenerationRequest):
        each = _image_price(request, row, price)
        basis = f"{request.n} x image, {source}"
        return None if each is None else CostEstimate(low=each[0] * request.n, high=each[1] * request.n, basis=basis)
    if isinstance(request, VideoGenerationRequest) and isinstance(row, VideoModel):
        sound = {"always": True, "never": False}.get(row.audio or "", request.generate_audio)
        each, lengths = price.for_second(request.size, request.resolution, audio=sound), _lengths(request, row)
        if each is None or lengths is None:
            return None
        low, high = each[0] * lengths[0] * request.n, each[1] * lengths[1] * request.n
        return CostEstimate(low=low, high=high, basis=f"seconds of video, {source}")
    return None


def _image_price(request: ImageGenerationRequest, row: ModelRow, price: Price) -> tuple[float, float] | None:
    """Returns the least and the most that one image may cost, by its quality and size or by its megapixels."""
    if request.image_list:
        return None
    each = price.for_image(request.quality, request.size, request.resolution)
    if each is not None or (request.size is None and request.resolution is not None):
        return each  # how many pixels an image of a tier has depends on its shape
    amounts = [price.for_pixels(pixels) for pixels in _pixels(request.size, row)]
    figures = [amount for amount in amounts if amount is not None]
    return (min(figures), max(figures)) if figures else None


def _pixels(size: str | None, row: ModelRow) -> Iterable[int]:
    """Returns the pixel counts that one image may have; none where they are not known."""
    words, sizes = row.word_sizes, row.sizes
    if size not in (None, "auto"):
        names: Iterable[str] = [words.get(size, size)]
    elif isinstance(sizes, SizeRule) and sizes.max_pixels is not None:
        return sizes.min_pixels, sizes.max_pixels
    else:
        names = words.values() if words or isinstance(sizes, SizeRule) else sizes or ()
    return [parsed[0] * parsed[1] for name in names if (parsed := parse_size(name))]


def _lengths(request: VideoGenerationRequest, row: VideoModel) -> tuple[float, float] | None:
    """Returns the seconds of the video at the least and at the most."""
    if request.duration_seconds is not None:
        return (request.duration_seconds,) * 2
    rule = row.durations
    if isinstance(rule, DurationRule):
        return rule.min, rule.max
    return (min(rule), max(rule)) if rule else None
