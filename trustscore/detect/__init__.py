"""Detectors: what event logs make suspicious, written as findings that people confirm or clear."""

from trustscore.detect.counterfeit.brands import Brands, brands_schema, load_brands
from trustscore.detect.crowd import DawidSkene, dawid_skene
from trustscore.detect.findings import Cut, Finding, Found
from trustscore.detect.registry import DETECTORS, Detector
from trustscore.detect.settings import DetectSettings, load_settings, settings_schema

__all__ = [
    "DETECTORS",
    "Brands",
    "Cut",
    "DawidSkene",
    "DetectSettings",
    "Detector",
    "Finding",
    "Found",
    "brands_schema",
    "dawid_skene",
    "load_brands",
    "load_settings",
    "settings_schema",
]
