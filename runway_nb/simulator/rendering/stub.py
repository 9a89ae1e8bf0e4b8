"""A renderer that takes no time: one tiny clip for every shot, for tests that care for the API only."""

from __future__ import annotations

import base64
import zlib
from io import BytesIO
from pathlib import Path

from .render_queue import write_whole

THUMBNAILS = 3
_PACKED = (
    "eNpjYGBQSCupLMgszs9lYGBiANFAbJRYlmyYW2BiyMDArJ+bn1/GwMCQk1uWkcKAAphfMDAIdzAwMoAQAjCiqkLnOzDgBUxAFFlS"
    "lJgNZMeUZIPtZMY0DWgvA357sNobAMQGYK5KakpJMZCWSc0pLkHogJoL1st4MTclMxHIUMhNQfc70DRGB4bQI2CObkZKThFMpiwz"
    "JRVZZRiQn++RmJeSkwpSw1iTm5mXBmSIlOWCDUV2pkoKRE4mpSg1DckbPKVFOQoQNqNNcUlSDpC9obikOAVJzQJQpOEICpDHDRg8"
    "gLQHThXoQOL/fyBpBjTVmTGFgev/QwaJdCC9xkdJ+0IDKE5ABCN7pzDHAUYG9owXzsyTTmz4++MHSK9IUkkRLFAXw8wrLgEHOMx2"
    "VmiUiAD9gSwOwjJAsWQ0MVYorQGUq0JyJ0hcBYh5gVgQiIWgGGhucj7CDOZ4IJ1UmlICitCo3FQwDQKKyJEHjPCixIKCHOSA0M2E"
    "pBDVlSX5IANlUxLBmsFB6JNYlmZmpGcIRAZGQD5HWlEqKPrzcoGqQEkntaOJ6f+/fY52rGKr9SOWcdzfaJcxn9O13OT3xgKuXL6P"
    "QDWcjrNkO/T//4qNAXnDcZb2B8fJmi3iQIFYoACf4yxLG4FKoxkC0VAlQBHPGoE6n2WMrPWftSwBUOuQPw=="
)
CLIP = zlib.decompress(base64.b64decode(_PACKED))
"""A real MP4: H.264, 80x48 pixels, grey, 5 frames in 5 seconds."""


def renderer(shot_file: Path, out: Path) -> None:  # noqa: ARG001 - the clip is the same for every shot
    """Write the clip and its thumbnails. Pass it as `renderer=`."""
    for number in range(THUMBNAILS):
        write_whole(out.with_suffix(f".{number}.jpg"), _thumbnail())
    write_whole(out, CLIP)


def _thumbnail() -> bytes:
    from PIL import Image  # loads Pillow

    data = BytesIO()
    Image.new("RGB", (80, 48), (96, 112, 128)).save(data, "JPEG")
    return data.getvalue()
