"""One line for a file that is no picture we read: what it is, and what to do. Judged by its first bytes."""

from __future__ import annotations

import re

from .tiff_parser import is_camera_raw

_EXPORT = "export it as PNG or JPEG"
_FRAME = "give one of its frames as PNG or JPEG, or a job"
_NO_PICTURE = "no picture that can be read"
_RAW = re.compile(
    rb"II\x2a\0.{4}CR\x02|.{6}HEAPCCDR|.{4}ftypcrx |FUJIFILMCCD-RAW|II(RO|RS|U\0)|MMOR|FOVb|\0MRM|.{8}IIII\x01\0|ARRI",
    re.DOTALL,
)
"""Canon CR2, CRW and CR3, Fujifilm, Olympus and Panasonic, Olympus, Sigma, Minolta, Phase One, Arri."""
_HEIC = re.compile(rb".{4}ftyp(heic|heix|heim|heis|hevc|hevx|mif1|msf1|avif|avis)", re.DOTALL)
_KINDS = [
    (rb"8BPS", "a Photoshop file", _EXPORT),
    (rb"%!PS|\xc5\xd0\xd3\xc6", "PostScript (EPS)", _EXPORT),
    (rb"\s*%PDF", "a PDF", "export the page as PNG"),
    (rb"\xff\x0a|\0\0\0\x0cJXL ", "a JPEG XL picture", _EXPORT),
    (rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51", "a JPEG 2000 picture", _EXPORT),
    (rb"II\xbc", "a JPEG XR picture", _EXPORT),
    (rb"\x76\x2f\x31\x01|#\?RADIANCE|#\?RGBE", "an HDR picture", _EXPORT),
    (rb"gimp xcf", "a GIMP file", _EXPORT),
    (rb"\0\0[\x01\x02]\0", "an icon", _EXPORT),
    (rb"icns", "an icon", _EXPORT),
    (rb"DDS |P[1-7fF]\s|qoif|\x01\xda|\x59\xa6\x6a\x95|BLP[12]|SDPX|XPDS|\x0a[\x02-\x05]\x01|.{4}[\x11\x12]\xaf",
     "a picture of a kind that is not taken", _EXPORT),
    (rb"\xd7\xcd\xc6\x9a|\x01\0\x09\0\0\x03|\x01\0\0\0.{36} EMF", "a drawing of Windows", _EXPORT),
    (rb"SIMPLE  =|\x89HDF|CDF[\x01\x02\x05]|GRIB|BUFR|\x93NUMPY|.{128}DICM",
     "a file of numbers", "read it with its own library and give the array"),
    (rb".{4}ftyp|.{4}(moov|mdat|wide|free)", "a video", _FRAME),
    (rb"\x1a\x45\xdf\xa3|RIFF.{4}AVI |OggS|FLV|\0\0\x01[\xba\xb3]|\x30\x26\xb2\x75", "a video", _FRAME),
    (rb"RIFF.{4}WAVE|ID3|fLaC", "sound", "give a picture"),
    (rb"PK\x03\x04|\x1f\x8b|7z\xbc\xaf|Rar!|BZh|\xfd7zXZ", "packed", "unpack it and give the picture in it"),
]  # fmt: skip
_SIGNS = [(re.compile(sign, re.DOTALL), name, cure) for sign, name, cure in _KINDS]
RAW_LINE = (
    "a camera's raw file holds no finished picture, only a small preview: develop it and export it as PNG or JPEG"
)


def is_raw(data: bytes) -> bool:
    """Return True for the raw file of a camera, also where its preview could be read as a TIFF."""
    return bool(_RAW.match(data)) or is_camera_raw(data)


def unsupported_message(data: bytes) -> str:
    """Return one line for what is no picture that can be read."""
    head = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not data:
        return "the picture is empty (0 bytes): give a picture file"
    if is_raw(data):
        return RAW_LINE
    if head.startswith((b"<!doctype html", b"<html")):
        return "this is a web page, no picture: save the picture itself, as PNG or JPEG"
    if b"<svg" in head:
        return "an SVG is no pixel picture: export it as PNG"
    if head.startswith(b"version https://git-lfs"):
        return "this is a pointer of Git LFS, no picture: fetch the file itself with git lfs pull"
    if _HEIC.match(data):
        return "a HEIC or AVIF picture cannot be read: export it as JPEG or PNG"
    for sign, name, cure in _SIGNS:
        if sign.match(data):
            return f"this is {name}, {_NO_PICTURE}: {cure}"
    return f"this is {_NO_PICTURE}: give a PNG, JPEG, WebP, GIF, BMP or TIFF file"
