"""Links to videos in saved HTML: found wherever they stand, written anew escaped, and nothing else changed."""

from __future__ import annotations

import re
from html import escape
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runway_nb.notebook.bundling.video_links import Link, NewLink, relinked, video_links


class Read(HTMLParser):
    """What a browser makes of HTML, as far as it matters here."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(reversed(attrs))))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def urls(html: str) -> list[str]:
    return [link.url for link in video_links(html)]


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ('<video src="runway_outputs/a.mp4" controls></video>', ["runway_outputs/a.mp4"]),
        ("<VIDEO\n controls SRC='a.mp4'>", ["a.mp4"]),
        ("<video src=a.mp4>", ["a.mp4"]),
        ('<video controls><source type="video/mp4" src="a.mp4"></video>', ["a.mp4"]),
        ('<a href="a&amp;b.mp4" title="x">play</a>', ["a&b.mp4"]),
        ('<a href="A.MP4#t=1">play</a>', ["A.MP4#t=1"]),
        ("<video src='../../etc/passwd'>", ["../../etc/passwd"]),
        ('<a href="page.html">no video</a><abbr href="a.mp4"><audio src="a.mp4">', []),
        (
            '<video src="data:video/mp4;base64,AAAA"><video src="https://a.invalid/a.mp4"><a href="//b.invalid/a.mp4">',
            [],
        ),
        ('<video src="C:/a.mp4"><video src="file:///a.mp4"><video src="http://[a.mp4">', []),
        ('<video title="<video src=&quot;b.mp4&quot;> src=\'c.mp4\'" src="a.mp4">', ["a.mp4"]),
        ('<video data-src="b.mp4" src="a.mp4" src="c.mp4">', ["a.mp4"]),
        ("&lt;video src=&quot;a.mp4&quot;&gt;", []),
        ("<video src>", []),
        ('<video src="">', []),
        ('<video src="a.mp4"', []),
        ('<video src="a.mp4><a href="b.mp4', []),
    ],
)
def test_links_are_found_as_browsers_find_them(html: str, found: list[str]) -> None:
    assert urls(html) == found


def test_a_link_is_taken_away_and_a_line_stands_below_the_player() -> None:
    html = '<a href="a.mp4" title="t"><img></a><video controls src="a.mp4"><a href="a.mp4">Open</a></video><p>'
    new = relinked(html, lambda link: NewLink("b.mp4", below="3 < 4") if link.is_player else NewLink("", words="a & b"))
    assert (
        re.sub("<div style=[^>]*>", "<div>", new)
        == '<a  title="t"><img></a><video controls src="b.mp4"><a >a &amp; b</a></video><div>3 &lt; 4</div><p>'
    )


ODD = st.text(st.sampled_from("ab<>\"'&=/ \n#%;\u00fc\u2028"), max_size=12)
PIECES = st.lists(
    st.one_of(
        ODD.map(escape),
        ODD.map(lambda text: f'<p title="{escape(text)}">'),
        ODD.map(lambda text: f'<video controls src="{escape(text)}">'),
        ODD.map(lambda text: f"<a class='{escape(text)}' href=\"{escape(text)}.mp4\">"),
        st.sampled_from(["</video>", "<details>", "</a>", "<video src=x.mp4 >", "<a href=y.mp4>", "<br/>"]),
    ),
    max_size=8,
).map("".join)


@given(PIECES, ODD)
@example('<video src="a.mp4">', '" onerror="alert(1)')
def test_only_the_links_change_and_each_is_the_new_one(html: str, url: str) -> None:
    before, after = Read(html), Read(relinked(html, lambda _: NewLink(f"v{url}")))
    assert after.texts == before.texts
    found = {link.url for link in video_links(html)}
    for (tag, old), (same, new) in zip(before.tags, after.tags, strict=True):
        assert tag == same
        name = "href" if tag == "a" else "src"
        is_ours = tag in ("a", "video") and (old.get(name) or "").strip() in found
        assert new == ({**old, name: f"v{url}"} if is_ours else old)


@given(st.one_of(PIECES, ODD, st.text()))
def test_nothing_changes_where_no_link_does(html: str) -> None:
    assert relinked(html, lambda _: None) == html


@given(st.one_of(PIECES, ODD.map(lambda text: f"<video {text}>")))
def test_the_same_again_finds_the_new_links(html: str) -> None:
    def number(link: Link) -> NewLink:
        return NewLink("v/new.mp4")

    once = relinked(html, number)
    assert relinked(once, number) == once


@pytest.mark.parametrize(
    "html", ["<a " * 200_000, "<video src='" * 100_001, "<a x=" * 200_000, '<video src="a.mp4' * 99_999]
)
def test_a_hostile_text_takes_no_time(html: str) -> None:
    assert len(video_links(html)) < 60_000
