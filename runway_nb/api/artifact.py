"""The files that a task made, and which of them is the video (API facts 4.4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..redaction import short_id
from .answer_values import Json, is_same_id, mapping_in, number_in, text_in, urls_in, whole_in


@dataclass(frozen=True)
class Artifact:
    """A file that a task made (API facts 4.4). `url` is signed and expires."""

    asset_id: str
    url: str
    preview_urls: tuple[str, ...] = ()
    size: int | None = None
    """Bytes."""
    file_name: str = ""
    rank: int | None = 1
    """How likely it is the video: 0 told to be one, 1 not told, 2 contradicted, 3 named like something else; None:
    told to be something else."""

    @classmethod
    def from_wire(cls, value: Json) -> Artifact:
        """One item of `artifacts`."""
        return cls(
            asset_id=text_in(value.get("assetId")),
            url=text_in(value.get("url")),
            preview_urls=urls_in(value.get("previewUrls")),
            size=whole_in(value.get("fileSize")),
            file_name=text_in(value.get("filename")),
            rank=_rank(value),
        )

    @property
    def may_be_video(self) -> bool:
        """True for what has a link and is not told to be something else."""
        return bool(self.url) and self.rank is not None

    def __repr__(self) -> str:
        return f"<Artifact {short_id(self.asset_id)}>"


_ENDINGS = {
    "video": ("mp4", "m4v", "mov", "webm", "mkv"),
    "image": ("jpg", "jpeg", "jfif", "png", "apng", "webp", "gif", "avif", "heic", "bmp", "tif", "tiff", "svg"),
    "audio": ("mp3", "wav", "m4a", "aac", "ogg", "flac"),
    "text": ("txt", "json", "vtt", "srt", "html", "xml", "csv", "pdf", "zip"),
}
_BY_ENDING = {ending: kind for kind, endings in _ENDINGS.items() for ending in endings}


def _kind_of_name(name: str) -> str:
    """What an ending tells, or nothing."""
    return _BY_ENDING.get(name.rstrip().rpartition(".")[2].lower(), "")


def _rank(value: Json) -> int | None:
    """See `Artifact.rank`. A name alone proves nothing: it is the task's, and may end as the name of a keyframe."""
    link = text_in(value.get("url")).partition("?")[0].partition("#")[0]
    told = {*_told_kinds(value), _kind_of_name(link)} - {""}
    if told:
        return (0 if len(told) == 1 else 2) if "video" in told else None
    return {"video": 0, "": 1}.get(_kind_of_name(text_in(value.get("filename"))), 3)


def _told_kinds(value: Json) -> Iterator[str]:
    """What the fields say that the API has for it here or elsewhere, and what the metadata show."""
    metadata = mapping_in(value.get("metadata"))
    for place in (value, metadata):
        for name in ("mediaType", "type", "mimeType", "contentType"):
            said = place.get(name)
            word = (text_in(said) or text_in(mapping_in(said).get("name"))).strip().lower().partition("/")[0]
            yield word if word in _ENDINGS else ""
    yield "video" if any(number_in(metadata.get(name)) for name in ("duration", "frameRate")) else ""


def is_artifact_of(artifact: Json, task_id: str) -> bool:
    """False for a file that is told to be another task's."""
    told = text_in(artifact.get("taskId"))
    return not told or is_same_id(told, task_id)
