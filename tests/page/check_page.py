#!/usr/bin/env python3
"""Looks at pages as text and in a real browser.

Usage: check_page.py WRITE_GOLDEN [--keep DIR]     (--keep leaves pages and screenshots there)

Without a Chromium the tests in the browser are skipped, with exit code 77 and the reason, but where CI
is set they fail: scripts/setup --lint installs one.
"""

import argparse
import base64
import hashlib
import json
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import unittest
import urllib.parse
import xml.etree.ElementTree
from html.parser import HTMLParser

import browser

PAGES = ("model", "range", "decision", "hostile", "empty")
VISIBLE = "[...document.querySelectorAll('#rows tbody tr')].filter((row) => !row.hidden)"
folder = None  # of the pages
chromium = None


def text_of(page):
    return (folder / f"{page}.html").read_text(encoding="utf-8")


def records_of(page):
    lines = (folder / f"{page}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines[1:]]


class Elements(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.elements = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    handle_startendtag = handle_starttag


class Text(unittest.TestCase):
    """What needs no browser."""

    def test_the_policy_has_the_hashes_of_the_style_and_the_script(self):
        for page in PAGES:
            html = text_of(page)
            policy = re.search('Content-Security-Policy" content="([^"]*)"', html)[1]
            for tag in ("style", "script"):
                inner = re.findall(f"<{tag}>(.*?)</{tag}>", html, re.S)
                self.assertEqual(len(inner), 1, page)
                digest = base64.b64encode(hashlib.sha256(inner[0].encode()).digest()).decode()
                self.assertIn(f"{tag}-src 'sha256-{digest}'", policy)

    def test_nothing_is_asked_of_the_network_and_no_attribute_runs(self):
        for page in PAGES:
            for tag, attributes in Elements(text_of(page)).elements:
                self.assertNotIn(tag, ("img", "link", "iframe", "object", "embed", "base"))
                for name, value in attributes.items():
                    self.assertFalse(name.startswith("on") or name in ("style", "src"), (tag, name))
                    if name == "href":
                        self.assertTrue(value.startswith("#"), value)
            self.assertNotRegex(re.search("<style>(.*?)</style>", text_of(page), re.S)[1], r"url\(|@import")

    def test_ids_are_there_once_and_marks_name_rows(self):
        for page in PAGES:
            elements = Elements(text_of(page)).elements
            ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
            self.assertEqual(len(ids), len(set(ids)), page)
            for _, attributes in elements:
                if "data-r" in attributes:
                    self.assertIn("r" + attributes["data-r"], ids)
                if attributes.get("href", "").startswith("#"):
                    self.assertIn(attributes["href"][1:], ids)

    def test_pictures_are_well_formed_and_stand_before_the_script(self):
        for page in PAGES:
            html = text_of(page)
            pictures = re.findall("<svg.*?</svg>", html[:html.index("<script>")], re.S)
            self.assertGreaterEqual(len(pictures), 1 if page == "empty" else 4)
            for picture in pictures:
                xml.etree.ElementTree.fromstring(picture)
                self.assertNotRegex(picture, r"nan|inf\b")


class InBrowser(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.browser = browser.Browser(chromium)

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()

    def setUp(self):
        self.browser.resize(1280, 900)
        self.browser.media()
        self.browser.scripts(True)

    def open(self, page, fragment=""):
        self.browser.open((folder / f"{page}.html").as_uri() + fragment)

    def cells(self, key):
        """The texts of a column in the rows that are shown, from top to bottom."""
        return self.browser.evaluate(
            f"(() => {{ const column = [...document.querySelectorAll('#rows thead th')]"
            f".findIndex((head) => head.dataset.key === {json.dumps(key)});"
            f"return {VISIBLE}.map((row) => row.cells[column].querySelector('[title]')?.title"
            f" ?? row.cells[column].textContent.trim()); }})()")

    def test_looks_fit_both_widths_without_complaints(self):
        for page in PAGES:
            for width in (1280, 390):
                for scheme in ("light", "dark"):
                    self.browser.resize(width, 900)
                    self.browser.media(scheme=scheme)
                    self.open(page)
                    self.assertEqual(self.browser.complaints(), [], (page, width))
                    self.assertLessEqual(
                        self.browser.evaluate("document.documentElement.scrollWidth"), width, page)
                    png = self.browser.screenshot()
                    (folder / f"{page}-{width}-{scheme}.png").write_bytes(png)
                    self.assertEqual(struct.unpack(">II", png[16:24]), (width, 900))
                    self.assertGreater(len(png), 5000)  # not blank

    def test_nothing_is_fetched(self):
        for page in PAGES:
            self.open(page)
            self.assertEqual([url.split("/")[-1] for url in self.browser.requests()], [f"{page}.html"])

    def test_numbers_are_those_of_the_records(self):
        for page in ("model", "range"):
            self.open(page)
            records = records_of(page)
            self.assertEqual(len(self.cells("m")), len(records))
            for key, value in (("m", lambda r: r["problem"]["m"]),
                               ("time", lambda r: r["summary"] and r["summary"]["median_s"]),
                               ("ratio", lambda r: r["vs_dense"] and r["vs_dense"]["value"])):
                for cell, record in zip(self.cells(key), records, strict=True):
                    expected = value(record)
                    if expected is None:
                        self.assertRegex(cell, "^(nan.*)?$")
                        continue
                    shown = float(re.match("[0-9.]+", cell)[0]) * (1e-6 if key == "time" else 1)
                    self.assertAlmostEqual(shown / expected, 1, delta=1e-3)

    def test_the_fragment_filters_rows_and_marks(self):
        records = records_of("model")
        for key, value, holds in (
                ("m", "256", lambda r: r["problem"]["m"] == 256),
                ("layer", "o", lambda r: r["layer"] == "o"),
                ("model", "lab/small", lambda r: r["model"] == "lab/small"),
                ("tp", "2", lambda r: r["tensor_parallel"] == 2),
                ("provider", "cpu", lambda r: r["provider"] == "cpu"),
                ("dtype", "fp8", lambda r: r["problem"]["a_type"] == "fp8"),
                ("cache", "hot", lambda r: r["cache"]["mode"] == "hot"),
                ("weights", "2:4", lambda r: r["problem"]["sparsity"] == "2:4"),
                ("verdict", "WIN", lambda r: r["vs_dense"] and r["vs_dense"]["verdict"] == "WIN"),
                ("m", "7", lambda r: False)):
            self.open("model", f"#{key}={urllib.parse.quote(value)}")
            expected = sum(bool(holds(record)) for record in records)
            self.assertEqual(self.cells(key), [value] * expected, key)
            self.assertIn(f"{expected} of {len(records)} rows",
                          self.browser.evaluate("document.querySelector('#filter output').textContent"))
            wrong = self.browser.evaluate(
                "[...document.querySelectorAll('figure [data-r]')].filter((mark) => "
                "document.getElementById('r' + mark.dataset.r).hidden !== mark.classList.contains('off')"
                ").length")
            self.assertEqual(wrong, 0)

    def test_the_fragment_sorts(self):
        for fragment, sort, down in (("ratio", "descending", True), ("-ratio", "ascending", False),
                                     ("time", "ascending", False), ("m", "ascending", False),
                                     ("-m", "descending", True)):
            self.open("model", f"#cache=cold&sort={fragment}")
            cells = self.cells(fragment.lstrip("-"))
            numbers = [float(re.match("[0-9.]+", cell)[0]) for cell in cells if cell]
            self.assertGreater(len(numbers), 3)
            self.assertEqual(numbers, sorted(numbers, reverse=down), fragment)
            self.assertEqual([bool(cell) for cell in cells],
                             sorted((bool(cell) for cell in cells), reverse=True))  # unknown comes last
            heads = self.browser.evaluate(
                "[...document.querySelectorAll('[aria-sort]')].map((head) => [head.dataset.key, "
                "head.getAttribute('aria-sort')])")
            self.assertEqual(heads, [[fragment.lstrip("-"), sort]])

    def test_menus_and_headings_write_the_fragment(self):
        self.open("model")
        self.browser.evaluate(
            "(() => { const menu = document.querySelector('select[name=m]'); menu.value = '1';"
            "menu.dispatchEvent(new Event('change')); })()")
        for expected in ("ratio", "-ratio"):
            self.browser.evaluate("document.querySelector('[data-key=ratio] button').click()")
            self.browser.evaluate("new Promise((done) => setTimeout(done, 50))")
            hash_now = self.browser.evaluate("location.hash")
            self.assertEqual(urllib.parse.parse_qs(hash_now[1:]), {"m": ["1"], "sort": [expected]})
        self.assertEqual(set(self.cells("m")), {"1"})
        # A link to a section leaves what is chosen.
        self.browser.evaluate("document.querySelector('nav a[href=\"#table\"]').click()")
        self.browser.evaluate("new Promise((done) => setTimeout(done, 50))")
        self.assertEqual(set(self.cells("m")), {"1"})

    def test_keys_tell_of_marks(self):
        self.open("model")
        self.browser.evaluate("document.querySelector('#speed-up svg').focus()")
        self.browser.call("Input.dispatchKeyEvent", type="keyDown", key="ArrowRight", code="ArrowRight")
        tip = self.browser.evaluate("document.querySelector('#tip').hidden ? '' : "
                                    "document.querySelector('#tip').textContent")
        self.assertIn("cpu_fp8_fp8_bf16_scaled_sparse_mm", tip)
        self.assertEqual(self.browser.complaints(), [])

    def test_without_scripts_all_is_there(self):
        self.browser.scripts(False)
        for page in ("model", "hostile"):
            self.open(page)
            self.assertEqual(self.browser.complaints(), [])
            root = self.browser.call("DOM.getDocument")["root"]["nodeId"]
            count = lambda selector: len(self.browser.call(
                "DOM.querySelectorAll", nodeId=root, selector=selector)["nodeIds"])
            self.assertEqual(count("#rows tbody tr"), len(records_of(page)))
            self.assertEqual(count("#filter, #tip, th button"), 0)  # no control without a use
            self.assertGreaterEqual(count("figure svg"), 4)

    def test_hostile_names_are_inert(self):
        self.open("hostile")
        self.assertEqual(self.browser.complaints(), [])
        self.assertEqual(self.browser.evaluate("document.title"), "Does 2:4 pay off here?")
        self.assertEqual(self.browser.evaluate("document.querySelectorAll('img, main script').length"), 0)
        self.assertIn("</script><script>document.title='taken'</script>", self.cells("model"))
        self.assertTrue(any(len(cell) == 10004 for cell in self.cells("model")))

    def test_prints_all_rows_and_no_controls(self):
        self.open("model")
        self.browser.media(kind="print")
        self.assertEqual(self.browser.evaluate("getComputedStyle(document.querySelector('#filter')).display"),
                         "none")
        self.assertGreater(len(base64.b64decode(self.browser.call("Page.printToPDF")["data"])), 10000)


def main():
    global folder, chromium
    parser = argparse.ArgumentParser()
    parser.add_argument("write_golden")
    parser.add_argument("--keep", type=pathlib.Path)
    arguments = parser.parse_args()
    chromium = browser.find()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or pathlib.Path(temporary)
        folder.mkdir(exist_ok=True)
        for page in PAGES:
            for ending in ("html", "jsonl"):
                if (page, ending) == ("empty", "jsonl"):
                    continue
                bytes_ = subprocess.run([arguments.write_golden, f"{page}.{ending}"],
                                        check=True, stdout=subprocess.PIPE).stdout
                (folder / f"{page}.{ending}").write_bytes(bytes_)
        loader = unittest.defaultTestLoader
        suite = loader.loadTestsFromTestCase(Text)
        if chromium:
            suite.addTests(loader.loadTestsFromTestCase(InBrowser))
        result = unittest.TextTestRunner(verbosity=2).run(suite)
    if not result.wasSuccessful():
        return 1
    if chromium:
        return 0
    print("there is no Chromium: scripts/setup --lint installs one")
    return 1 if os.environ.get("CI") else 77


if __name__ == "__main__":
    sys.exit(main())
