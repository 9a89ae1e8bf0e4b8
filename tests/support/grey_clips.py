"""Clips whose grey tells the time: what a page shows of them can be read from its pixels."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from PIL import Image

BLACK, WHITE = 20, 235
"""The grey of the beginning, and that of the end."""


def grey_clip(path: Path, seconds: float = 5.0, size: tuple[int, int] = (160, 96), rate: int = 24) -> Path:
    """Write a clip that goes from `BLACK` to `WHITE`, the same all over in each frame. Needs PyAV."""
    import av

    count = round(seconds * rate)
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=rate, options={"crf": "5", "preset": "ultrafast"})
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        for number in range(count):
            grey = BLACK + round((WHITE - BLACK) * number / max(count - 1, 1))
            frame = av.VideoFrame.from_image(Image.new("RGB", size, (grey,) * 3)).reformat(format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path
