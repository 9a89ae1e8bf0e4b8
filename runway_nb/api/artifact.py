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
    """How likely it is the video: 0 declared to be one, 1 nothing declared, 2 contradicted, 3 named like
    something else; None: declared to be something else."""

    @classmethod
    def from_wire(cls, value: Json) -> Artifact:
        """Read one item of `artifacts`."""
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
        """Return True for what has a link and is not declared to be something else."""
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
    """Return the kind that an ending stands for, or an empty text."""
    return _BY_ENDING.get(name.rstrip().rpartition(".")[2].lower(), "")


def _rank(value: Json) -> int | None:
    """Return the `Artifact.rank`. A name alone proves nothing: it may end as the name of a keyframe."""
    link = text_in(value.get("url")).partition("?")[0].partition("#")[0]
    declared = {*_declared_kinds(value), _kind_of_name(link)} - {""}
    if declared:
        return (0 if len(declared) == 1 else 2) if "video" in declared else None
    return {"video": 0, "": 1}.get(_kind_of_name(text_in(value.get("filename"))), 3)


def _declared_kinds(value: Json) -> Iterator[str]:
    """Yield the kinds that the fields of the API declare, and what the metadata show."""
    metadata = mapping_in(value.get("metadata"))
    for source in (value, metadata):
        for name in ("mediaType", "type", "mimeType", "contentType"):
            field = source.get(name)
            kind = (text_in(field) or text_in(mapping_in(field).get("name"))).strip().lower().partition("/")[0]
            yield kind if kind in _ENDINGS else ""
    yield "video" if any(number_in(metadata.get(name)) for name in ("duration", "frameRate")) else ""


def is_artifact_of(artifact: Json, task_id: str) -> bool:
    """Return False for a file that is declared to be another task's."""
    owner = text_in(artifact.get("taskId"))
    return not owner or is_same_id(owner, task_id)
