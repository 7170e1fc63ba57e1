"""Checks report folders: report.json, ctrf.json, oscal.json and junit.xml of each."""

import argparse
import json
import pathlib
import re
import sys
import xml.etree.ElementTree as xml

import jsonschema
import junitparser
from trestle.oscal.assessment_results import Model as Oscal

LARGEST_JUNIT = 30_000_000  # GitLab
MOST_XML_OBJECTS = 250_000


def check_report(folder, schema):
    report = json.loads((folder / "report.json").read_text())
    jsonschema.Draft202012Validator(
        schema, format_checker=jsonschema.FormatChecker()).validate(report)
    ids = [each["id"] for each in report["scenarios"]]
    assert len(ids) == len(set(ids)), "a scenario is there twice"
    if report["finished"] is None:
        assert report["decision"] == "INCOMPLETE", report["decision"]
    for row in report["checklist"]:
        if report["decision"] == "READY" and row["asked"]:
            assert row["outcome"] == "passed", row["id"]
    return report


def check_ctrf(folder, schema, report):
    ctrf = json.loads((folder / "ctrf.json").read_text())
    jsonschema.Draft7Validator(schema).validate(ctrf)
    summary = ctrf["results"]["summary"]
    counted = {}
    for test in ctrf["results"]["tests"]:
        counted[test["status"]] = counted.get(test["status"], 0) + 1
    for status in ("passed", "failed", "skipped", "pending", "other"):
        assert summary[status] == counted.get(status, 0), status
    assert summary["tests"] == len(report["scenarios"])
    assert ctrf["extra"]["decision"] == report["decision"]


def check_oscal(folder, report):
    text = (folder / "oscal.json").read_text()
    results = Oscal.model_validate_json(text).assessment_results
    assert len(results.results) == 1
    findings = results.results[0].findings or []
    assert len(findings) == sum(row["asked"] for row in report["checklist"])


def check_junit(folder, report):
    path = folder / "junit.xml"
    text = path.read_bytes()
    assert len(text) < LARGEST_JUNIT, len(text)
    root = xml.fromstring(text)
    assert sum(1 for _ in root.iter()) < MOST_XML_OBJECTS
    assert root.tag == "testsuites"
    (suite,) = root.findall("testsuite")
    cases = suite.findall("testcase")
    assert len(cases) == len(report["scenarios"])
    names = {(case.get("classname"), case.get("name")) for case in cases}
    assert len(names) == len(cases), "GitLab would drop all but the first"
    for count, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        there = sum(len(case.findall(tag)) for case in cases)
        assert int(suite.get(count)) == int(root.get(count)) == there, count
    for case in cases:
        allowed = {"failure", "error", "skipped", "system-out", "system-err", "properties"}
        assert {child.tag for child in case} <= allowed
        assert re.fullmatch(r"\d+\.\d{3,6}", case.get("time")), case.get("time")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp"))
    read = junitparser.JUnitXml.fromfile(str(path))  # as others read it
    assert read.tests == len(cases)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--report-schema", required=True)
    parser.add_argument("--ctrf-schema", required=True)
    parser.add_argument("folders", nargs="+")
    options = parser.parse_args()
    report_schema = json.loads(pathlib.Path(options.report_schema).read_text())
    jsonschema.Draft202012Validator.check_schema(report_schema)
    ctrf_schema = json.loads(pathlib.Path(options.ctrf_schema).read_text())
    failed = 0
    for name in options.folders:
        folder = pathlib.Path(name)
        try:
            report = check_report(folder, report_schema)
            check_ctrf(folder, ctrf_schema, report)
            check_oscal(folder, report)
            check_junit(folder, report)
            print(f"{folder.name}: {report['decision']}, all formats are valid")
        except Exception as error:  # whatever it is, the other folders are looked at, too
            failed += 1
            print(f"{folder.name}: {type(error).__name__}: {str(error)[:500]}", file=sys.stderr)
    print(f"{len(options.folders) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
